"""The gap between the modalities: how far embeddings of recordings lie from those of sentences, and what closes it.

Conventions: X (n, d) embeddings of recordings, T (c, d) text anchors, one a class, y (n,) class indices. A correction
moves one or both; what is measured is measured on directions, rows at unit length, as in the papers.

Adaptation is a correction too: (X - t * b) @ T.T = X @ T.T - t * (b @ T.T), with b the mean background embedding.
What is subtracted from the scores is what the background adds to the recordings' embeddings, so that the accuracy after
`adapted` is that of the adapted scores, to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from atmda.core.evaluation.counts import accuracy
from atmda.core.methods.prototypes import scores
from atmda.core.types import FloatArray, IntArray

Pair: TypeAlias = tuple[FloatArray, FloatArray]
Move: TypeAlias = Callable[[FloatArray, FloatArray], Pair]
#: clips at most that pairs are measured between, and that the modalities are told apart on
AT_MOST = 2000


@dataclass(frozen=True)
class Gap:
    """One state of the two modalities.

    Attributes:
        correction: what was done to the embeddings.
        distance: between the centroids of X and T (Liang et al., "Mind the gap", NeurIPS 2022), 0 to 2.
        alignment: mean squared distance of a recording and its own class's anchor, 0 to 4, smaller is nearer.
        uniformity_audio, uniformity_text: log of the mean of exp(-2 |u - v|**2) over pairs of one modality: 0 where
            all are one point, towards -4 the more evenly they fill the sphere (Wang, Isola, ICML 2020, alpha 2, t 2).
        separability: how well a line tells recordings from sentences: area under the ROC curve, 0.5 for not at all.
        separability_accuracy: the same line's balanced accuracy.
        accuracy: of the largest score X @ T.T, lengths as they are.
    """

    correction: str
    distance: float
    alignment: float
    uniformity_audio: float
    uniformity_text: float
    separability: float
    separability_accuracy: float
    accuracy: float


@dataclass(frozen=True)
class Correction:
    """A way to move both modalities: `fit(X, T)` learns what it needs, and gives a function of X and T."""

    name: str
    fit: Callable[[FloatArray, FloatArray], Move]


def _as_they_are(X: FloatArray, T: FloatArray) -> Pair:
    return X, T


def _unit_both(X: FloatArray, T: FloatArray) -> Pair:
    return unit(X), unit(T)


def _fit_centred(X: FloatArray, T: FloatArray) -> Move:
    means = [unit(rows).mean(axis=0, dtype=np.float64) for rows in (X, T)]
    return lambda X, T: (unit(unit(X) - means[0]), unit(unit(T) - means[1]))


NONE = Correction("none", lambda X, T: _as_they_are)
#: both at unit length
NORMALISED = Correction("normalised", lambda X, T: _unit_both)
#: each modality at unit length less its own mean, at unit length again
CENTRED = Correction("centred", _fit_centred)


def adapted(name: str, B: FloatArray, temperature: float = 0.5) -> Correction:
    """Adaptation to one scene in the space of embeddings: X less `temperature` times the mean of B (m, d)."""
    background = temperature * B.mean(axis=0, dtype=np.float64)
    return Correction(f"adapted {name}", lambda X, T: lambda X, T: (np.asarray(X - background, np.float32), T))


def measure(correction: Correction, X: FloatArray, T: FloatArray, y: IntArray, *, seed: int = 0) -> Gap:
    """The gap after a correction; of pairs and of the line `AT_MOST` clips are taken, drawn by `seed`.

    Raises ValueError where there are fewer than two recordings or classes.
    """
    if len(X) < 2 or len(T) < 2:
        raise ValueError("a gap needs two recordings and two classes at least")
    moved, anchors = correction.fit(X, T)(X, T)
    u, v = unit(moved), unit(anchors)
    rows = np.arange(len(u))
    if len(u) > AT_MOST:
        rows = np.sort(np.random.default_rng(seed).choice(len(u), AT_MOST, replace=False))
    area, balanced = separability(correction, X[rows], T)
    return Gap(
        correction=correction.name,
        distance=float(np.linalg.norm(u.mean(axis=0, dtype=np.float64) - v.mean(axis=0, dtype=np.float64))),
        alignment=float(np.square(u - v[y], dtype=np.float64).sum(axis=1).mean()),
        uniformity_audio=uniformity(u[rows]),
        uniformity_text=uniformity(v),
        separability=area,
        separability_accuracy=balanced,
        accuracy=accuracy(y, scores(moved, anchors).argmax(axis=1)),
    )


def unit(rows: npt.ArrayLike) -> FloatArray:
    """Rows (n, d) at unit length, float32; a row of zeros stays."""
    values = np.asarray(rows, np.float64)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12), np.float32)


def uniformity(u: FloatArray, t: float = 2.0) -> float:
    """log mean exp(-t |u_i - u_j|**2) over all pairs i < j of unit rows u (n, d) (Wang, Isola, ICML 2020)."""
    from sklearn.metrics.pairwise import euclidean_distances

    near = np.exp(-t * euclidean_distances(u.astype(np.float64), squared=True))
    return float(np.log((near.sum() - len(u)) / (len(u) * (len(u) - 1))))  # a row and itself are no pair


def separability(correction: Correction, X: FloatArray, T: FloatArray) -> tuple[float, float]:
    """How well a line tells corrected X from corrected T: area under the ROC curve, and balanced accuracy.

    scikit-learn's logistic regression, both sides weighted alike, on rows that neither it nor the correction was fitted
    on: five folds, or as many as the smaller side has rows. A mean that was taken over the tested rows too would turn
    the line round.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from threadpoolctl import threadpool_limits

    side, rows = np.repeat([0, 1], [len(X), len(T)]), np.concatenate([np.arange(len(X)), np.arange(len(T))])
    chances = np.zeros(len(side))
    folds = StratifiedKFold(min(5, len(X), len(T)), shuffle=True, random_state=0)
    for train, test in folds.split(side[:, None], side):
        (Xa, Ta), (Xb, Tb) = [
            (X[rows[part[side[part] == 0]]], T[rows[part[side[part] == 1]]]) for part in (train, test)
        ]
        move = correction.fit(Xa, Ta)
        model = LogisticRegression(class_weight="balanced", max_iter=1000)
        with threadpool_limits(1):  # many small products, which threads only hinder
            model.fit(np.concatenate([unit(part) for part in move(Xa, Ta)]), np.repeat([0, 1], [len(Xa), len(Ta)]))
        at = np.concatenate([test[side[test] == 0], test[side[test] == 1]])
        chances[at] = model.predict_proba(np.concatenate([unit(part) for part in move(Xb, Tb)]))[:, 1]
    return float(roc_auc_score(side, chances)), float(balanced_accuracy_score(side, chances > 0.5))


@dataclass(frozen=True)
class Step:
    """A part of the way along the gap, the distance that is left, and the accuracy there."""

    part: float
    distance: float
    accuracy: float


def along(X: FloatArray, T: FloatArray, y: IntArray, parts: npt.ArrayLike = (0, 0.25, 0.5, 0.75, 1)) -> list[Step]:
    """How accuracy moves with the gap: recordings are moved by `parts` of the way from their centroid to the text's.

    As Liang et al. do, rows are at unit length before and after. 1 brings the centroids together before the rows are at
    unit length again; a part below 0 widens the gap.
    """
    u, v = unit(X), unit(T)
    way = v.mean(axis=0, dtype=np.float64) - u.mean(axis=0, dtype=np.float64)
    steps = []
    for part in np.asarray(parts, np.float64).tolist():
        moved = unit(u + part * way)
        distance = np.linalg.norm(moved.mean(axis=0, dtype=np.float64) - v.mean(axis=0, dtype=np.float64))
        steps.append(Step(part, float(distance), accuracy(y, (moved @ v.T).argmax(axis=1))))
    return steps
