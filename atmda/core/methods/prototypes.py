"""Class prototypes, one row a class.

Conventions: X (n, d) float32 clip embeddings, P (c, d) float32 prototypes, T (c, d) float32 text anchors, y (n,) int
class indices, or bool (n, c) where a clip may have several classes. The three kinds are those of Acevedo et al., arXiv
2506.04376, and are taken as they come: a mean is a plain mean, not normalised again. A class without a single training
clip has a prototype of NaN, which never wins.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from atmda.core.types import FloatArray, IntArray

TOP_N = 35
Share = Literal["share"]
#: as many clips a class as would be its own if all classes had equally many
SHARE: Share = "share"


def zero_shot(text: npt.ArrayLike) -> FloatArray:
    """`zs`: the text anchors themselves, float32 (c, d)."""
    return validate_embeddings(text, "text")


def text_guided(X: npt.ArrayLike, text: npt.ArrayLike, top_n: int | Share = TOP_N) -> FloatArray:
    """`tgap`: for each class the mean of the `top_n` clips of X (unlabelled) nearest its text anchor, float32 (c, d).

    `top_n`: see `neighbours`; all clips where there are fewer. Raises ValueError where X has no rows or widths differ.
    """
    X, text = validate_embeddings(X, "X"), validate_embeddings(text, "text")
    return row_means(X, nearest(scores(X, text), neighbours(top_n, len(X), len(text))))


def neighbours(top_n: int | Share, n_clips: int, n_classes: int) -> int:
    """Clips a class in `tgap`: `top_n` itself, or of "share" min(35, n_clips / n_classes), rounded down, 1 at least.

    Where a class has fewer clips than are taken for it, the rest of its prototype is made of other classes' clips.
    """
    return max(1, min(TOP_N, n_clips // n_classes)) if top_n == SHARE else top_n


def nearest(similarity: npt.ArrayLike, top_n: int = TOP_N) -> IntArray:
    """For each class the rows of its `top_n` largest values in `similarity` (n, c), ascending: (c, min(top_n, n))."""
    farness = -np.asarray(similarity, np.float32).T
    if farness.ndim != 2 or top_n < 1 or not farness.shape[1]:
        raise ValueError("text-guided prototypes need at least one training embedding and top_n of 1 or more")
    within = min(top_n, farness.shape[1])
    rows: IntArray = np.sort(np.argpartition(farness, within - 1, axis=1)[:, :within], axis=1)
    return rows


def row_means(X: FloatArray, rows: IntArray) -> FloatArray:
    """The mean of the rows of X (n, d) that each line of `rows` (c, k) names, float32 (c, d)."""
    return np.stack([mean_row(X[line]) for line in rows])


def mean_row(X: FloatArray) -> FloatArray:
    """The mean of the rows of X (n, d), float32 (d,), summed in float64."""
    return np.asarray(X.mean(axis=0, dtype=np.float64), np.float32)


def supervised(X: npt.ArrayLike, y: npt.ArrayLike, n_classes: int) -> FloatArray:
    """`sv`: for each class the mean of its clips, float32 (n_classes, d). Raises ValueError where y does not fit."""
    return class_means(*class_sums(X, y, n_classes))


def class_sums(X: npt.ArrayLike, y: npt.ArrayLike, n_classes: int) -> tuple[npt.NDArray[np.float64], IntArray]:
    """Sums (n_classes, d) float64 and counts (n_classes,) by class: those of folds add up and can be taken away.

    `y` holds a class index a clip, int (n,), or, where a clip may have several, bool (n, n_classes).
    """
    X, labels = validate_embeddings(X, "X"), np.asarray(y)
    if labels.ndim == 2:
        return _sums_of_several(X, labels, n_classes)
    labels = labels.astype(np.int64)
    if labels.shape != (len(X),):
        raise ValueError(f"y has shape {labels.shape}; X has {len(X)} rows")
    if len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
        raise ValueError(f"y holds classes outside 0 to {n_classes - 1}")
    sums = np.zeros((n_classes, X.shape[1]))
    for c in np.unique(labels):
        sums[c] = X[labels == c].sum(axis=0, dtype=np.float64)
    return sums, np.bincount(labels, minlength=n_classes).astype(np.int64)


def _sums_of_several(
    X: FloatArray, members: npt.NDArray[np.generic], n_classes: int
) -> tuple[npt.NDArray[np.float64], IntArray]:
    if members.shape != (len(X), n_classes):
        raise ValueError(f"y has shape {members.shape}; X has {len(X)} rows and there are {n_classes} classes")
    inside = members.astype(bool)
    sums = np.stack([X[inside[:, c]].sum(axis=0, dtype=np.float64) for c in range(n_classes)])
    return sums, inside.sum(axis=0).astype(np.int64)


def class_means(sums: npt.NDArray[np.float64], counts: IntArray) -> FloatArray:
    """sums / counts, float32 (c, d); NaN for classes without a clip."""
    means = np.full(sums.shape, np.nan, np.float32)
    there = counts > 0
    means[there] = sums[there] / counts[there, None]
    return means


def scores(X: npt.ArrayLike, P: npt.ArrayLike) -> FloatArray:
    """X @ P.T, float32 (n, c); -inf for classes whose prototype is NaN."""
    X, P = validate_embeddings(X, "X"), np.asarray(P, np.float32)
    _same_width(X, P)
    S: FloatArray = X @ np.nan_to_num(P, nan=0.0).T
    S[:, np.isnan(P).any(axis=1)] = -np.inf
    return S


def unit_rows(rows: npt.ArrayLike) -> FloatArray:
    """Each row divided by its length, float32; rows of zeros, and of NaN, stay as they are."""
    array = np.asarray(rows, np.float64)
    lengths = np.linalg.norm(array, axis=-1, keepdims=True)
    unit: FloatArray = (array / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return unit


def validate_embeddings(X: npt.ArrayLike, name: str) -> FloatArray:
    """`X` as float32 (n, d). Raises ValueError where it has another shape."""
    array = np.asarray(X, np.float32)
    if array.ndim != 2:
        raise ValueError(f"{name} has shape {array.shape}; embeddings are (n, d)")
    return array


def _same_width(X: FloatArray, P: FloatArray) -> None:
    if P.ndim != 2 or X.shape[1] != P.shape[1]:
        raise ValueError(f"embeddings of width {X.shape[1]} do not meet prototypes of shape {P.shape}")
