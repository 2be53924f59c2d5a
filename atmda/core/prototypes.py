"""Class prototypes, one row a class.

Conventions: X (n, d) float32 clip embeddings, P (c, d) float32 prototypes, T (c, d) float32 text anchors, y (n,) int
class indices. The three kinds are those of Acevedo et al., arXiv 2506.04376, and are taken as they come: a mean is a
plain mean, not normalised again. A class without a single training clip has a prototype of NaN, which never wins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atmda.core.audio import FloatArray

IntArray = npt.NDArray[np.int64]
TOP_N = 35


def zero_shot(text: npt.ArrayLike) -> FloatArray:
    """`zs`: the text anchors themselves, float32 (c, d)."""
    return validate_embeddings(text, "text")


def text_guided(X: npt.ArrayLike, text: npt.ArrayLike, top_n: int = TOP_N) -> FloatArray:
    """`tgap`: for each class the mean of the `top_n` clips of X (unlabelled) nearest its text anchor, float32 (c, d).

    All clips where there are fewer than `top_n`. Raises ValueError where X has no rows or widths differ.
    """
    X, text = validate_embeddings(X, "X"), validate_embeddings(text, "text")
    _same_width(X, text)
    if top_n < 1 or not len(X):
        raise ValueError("text-guided prototypes need at least one training embedding and top_n of 1 or more")
    similarity = X @ text.T
    if top_n < len(X):
        nearest = np.sort(np.argpartition(-similarity, top_n - 1, axis=0)[:top_n], axis=0)
    else:
        nearest = np.tile(np.arange(len(X))[:, None], (1, len(text)))
    return np.stack([X[rows].mean(axis=0, dtype=np.float64) for rows in nearest.T]).astype(np.float32)


def supervised(X: npt.ArrayLike, y: npt.ArrayLike, n_classes: int) -> FloatArray:
    """`sv`: for each class the mean of its clips, float32 (n_classes, d). Raises ValueError where y does not fit."""
    X, labels = validate_embeddings(X, "X"), np.asarray(y, np.int64)
    if labels.shape != (len(X),):
        raise ValueError(f"y has shape {labels.shape}; X has {len(X)} rows")
    if len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
        raise ValueError(f"y holds classes outside 0 to {n_classes - 1}")
    P = np.full((n_classes, X.shape[1]), np.nan, np.float32)
    for c in np.unique(labels):
        P[c] = X[labels == c].mean(axis=0, dtype=np.float64)
    return P


def scores(X: npt.ArrayLike, P: npt.ArrayLike) -> FloatArray:
    """X @ P.T, float32 (n, c); -inf for classes whose prototype is NaN."""
    X, P = validate_embeddings(X, "X"), np.asarray(P, np.float32)
    _same_width(X, P)
    S: FloatArray = X @ np.nan_to_num(P, nan=0.0).T
    S[:, np.isnan(P).any(axis=1)] = -np.inf
    return S


def validate_embeddings(X: npt.ArrayLike, name: str) -> FloatArray:
    """`X` as float32 (n, d). Raises ValueError where it has another shape."""
    array = np.asarray(X, np.float32)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; embeddings are (n, d)")
    return array


def _same_width(X: FloatArray, P: FloatArray) -> None:
    if P.ndim != 2 or X.shape[1] != P.shape[1]:
        raise ValueError(f"embeddings of width {X.shape[1]} do not meet prototypes of shape {P.shape}")
