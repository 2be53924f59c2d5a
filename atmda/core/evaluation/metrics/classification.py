"""Metrics of the winning class, as scikit-learn has them; accuracy by numpy (see `counts`)."""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.counts import accuracy
from atmda.core.evaluation.metrics.base import Metric, Scored


def _accuracy(scored: Scored) -> float:
    return accuracy(scored.y, scored.predicted)


def _balanced_accuracy(scored: Scored) -> float:
    """The mean over the classes that have clips of the fraction labelled right."""
    from sklearn.metrics import recall_score

    there = np.unique(scored.y)  # balanced_accuracy_score is this, but warns of classes that are only predicted
    return float(recall_score(scored.y, scored.predicted, labels=there, average="macro", zero_division=0))


def _macro_f1(scored: Scored) -> float:
    """The mean over the classes that have clips of F1."""
    from sklearn.metrics import f1_score

    return float(f1_score(scored.y, scored.predicted, labels=np.unique(scored.y), average="macro", zero_division=0))


def _top(k: int) -> Metric:
    def compute(scored: Scored) -> float:
        from sklearn.metrics import top_k_accuracy_score

        c = scored.scores.shape[1]
        if c <= k:
            raise ValueError(f"there are {c} classes: the right one is always among {k}")
        scores = np.nan_to_num(scored.scores, neginf=np.finfo(np.float32).min)
        return float(top_k_accuracy_score(scored.y, scores, k=k, labels=np.arange(c)))

    return Metric(f"top{k}", f"the fraction of clips whose class is among the {k} with the largest scores", compute)


PLUGINS = (
    Metric("accuracy", "the fraction of clips labelled right", _accuracy),
    Metric("balanced_accuracy", "the mean of the classes' recalls", _balanced_accuracy),
    Metric("macro_f1", "the mean of the classes' F1", _macro_f1),
    _top(3),
    _top(5),
)
