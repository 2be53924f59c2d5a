"""Recall at k: of the labels that a clip has, how many are among as many of the best scored classes."""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.metrics.base import Metric, Scored


def _recall_at_k(scored: Scored) -> float:
    """The mean over clips of |true classes among the k best| / k, where k is the number of the clip's true classes.

    With as many guesses as answers, recall is precision too (R-precision, Manning, Raghavan, Schuetze, "Introduction
    to information retrieval", 2008, 8.4). Of equal scores the first class counts, and a class that cannot win is never
    found. Clips without a label are not tested. scikit-learn has recall at one k for all clips alone.
    """
    members = scored.members
    k = members.sum(axis=1)
    if not k.any():
        raise ValueError("no clip has a label")
    order = np.argsort(-scored.scores, axis=1, kind="stable")
    among = np.arange(members.shape[1]) < k[:, None]
    found = np.take_along_axis(members & ~np.isneginf(scored.scores), order, axis=1) & among
    labelled = k > 0
    return float((found.sum(axis=1)[labelled] / k[labelled]).mean())


PLUGINS = (
    Metric(
        "recall_at_k",
        "of a clip's k labels the fraction that is among its k best scored classes",
        _recall_at_k,
        several_labels=True,
    ),
)
