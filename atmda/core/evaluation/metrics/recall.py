"""Recall at k: of the labels that a clip has, how many are among as many of the best scored classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atmda.core.evaluation.metrics.base import Metric, Scored
from atmda.core.types import BoolArray, FloatArray


def recalls_at_k(members: BoolArray, scores: FloatArray) -> npt.NDArray[np.float64]:
    """Of each clip |true classes among its k best| / k, where k is the number of its true classes, float64 (n,).

    `members` bool (n, c), `scores` float32 (n, c); NaN for a clip without a label. With as many guesses as answers,
    recall is precision too (R-precision, Manning, Raghavan, Schuetze, "Introduction to information retrieval", 2008,
    8.4). Of equal scores the first class counts, and a class that cannot win is never found. scikit-learn has recall
    at one k for all clips alone.
    """
    k = members.sum(axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    among = np.arange(members.shape[1]) < k[:, None]
    found = np.take_along_axis(members & ~np.isneginf(scores), order, axis=1) & among
    shares: npt.NDArray[np.float64] = np.divide(found.sum(axis=1), k, out=np.full(len(k), np.nan), where=k > 0)
    return shares


def _recall_at_k(scored: Scored) -> float:
    """The mean of `recalls_at_k` over the clips that have a label."""
    found = recalls_at_k(scored.members, scored.scores)
    if np.isnan(found).all():
        raise ValueError("no clip has a label")
    return float(np.nanmean(found))


PLUGINS = (
    Metric(
        "recall_at_k",
        "of a clip's k labels the fraction that is among its k best scored classes",
        _recall_at_k,
        several_labels=True,
    ),
)
