"""Macro mean average precision: the metric of data with several labels a clip, as FSD50K."""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.metrics.base import Metric, Scored


def _mean_average_precision(scored: Scored) -> float:
    """The mean of average precision over the classes that have clips."""
    from sklearn.metrics import average_precision_score

    members = scored.members
    there = members.any(axis=0)
    scores = np.nan_to_num(scored.scores, neginf=np.finfo(np.float32).min)
    if not there.any():
        raise ValueError("no clip has a label")
    return float(average_precision_score(members[:, there], scores[:, there], average="macro"))


PLUGINS = (
    Metric(
        "map",
        "macro mean average precision: clips ranked by each class's score",
        _mean_average_precision,
        several_labels=True,
    ),
)
