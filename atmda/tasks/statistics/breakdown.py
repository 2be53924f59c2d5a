"""A classification fold by fold, class by class, group by group, and bin by bin of confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from atmda.core.evaluation.metrics import METRICS, Scored
from atmda.core.evaluation.results import GridResult
from atmda.core.evaluation.statistics.intervals import proportion_interval
from atmda.core.evaluation.statistics.reliability import reliability
from atmda.core.types import BoolArray, IntArray
from atmda.tasks.statistics.study_statistics import Row
from atmda.tasks.statistics.subject import Subject


def by_fold(subject: Subject) -> list[Row]:
    """A row a cell, test set and metric; accuracy has an interval by recording."""
    rows = []
    for cell in subject.result.cells:
        before = subject.unadapted(cell)
        parts = cell.split_of[subject.tested]
        for number, fold in enumerate(cell.folds):
            inside = np.flatnonzero(parts == number)
            for metric in subject.result.metrics:
                value, other = fold.metrics[metric], before.folds[number].metrics[metric]
                rows.append(
                    {
                        **subject.key(cell),
                        "fold": None if fold.fold is None else str(fold.fold),
                        "metric": metric,
                        **_figures(subject, cell, inside, metric, value, other),
                        "chosen_temperature": fold.chosen.get("temperature"),
                    }
                )
    return rows


def by_class(subject: Subject) -> list[Row]:
    """A row a cell and class that has clips: recall over all folds, or average precision where clips have several."""
    rows = []
    metric = "average_precision" if subject.several else "recall"
    values: dict[int, list[float]] = {}
    members = Scored(subject.y, subject.result.cells[0].unadapted[subject.tested]).members
    classes = np.flatnonzero(members.any(axis=0)).tolist()
    insides = [np.flatnonzero(members[:, c]) for c in classes]
    for cell in subject.result.cells:
        before = subject.unadapted(cell)
        for one in (before, cell):
            if id(one) not in values:
                values[id(one)] = _class_values(subject, one, members, insides, classes)
        for place, c in enumerate(classes):
            value, other = values[id(cell)][place], values[id(before)][place]
            figures = _figures(subject, cell, insides[place], metric, value, other)
            rows.append({**subject.key(cell), "label": subject.result.classes[c], "metric": metric, **figures})
    return rows


def _class_values(
    subject: Subject, cell: GridResult, members: BoolArray, insides: list[IntArray], classes: list[int]
) -> list[float]:
    if not subject.several:
        right = subject.right(cell)
        return [float(right[inside].mean()) for inside in insides]
    from sklearn.metrics import average_precision_score

    S = np.nan_to_num(cell.scores[subject.tested], neginf=np.finfo(np.float32).min)
    found = np.atleast_1d(average_precision_score(members[:, classes], S[:, classes], average=None))
    return [float(value) for value in found]


def by_group(subject: Subject, groups: Mapping[str, Sequence[str]]) -> list[Row]:
    """A row a cell, group and word in it, over all folds: the first metric of the classification."""
    metric = subject.result.metrics[0]
    rows = []
    for group, words in groups.items():
        told = np.asarray(words)[subject.tested]
        for word in np.unique(told).tolist():
            inside = np.flatnonzero(told == word)
            for cell in subject.result.cells:
                value, other = (_value(subject, one, inside, metric) for one in (cell, subject.unadapted(cell)))
                figures = _figures(subject, cell, inside, metric, value, other)
                rows.append({**subject.key(cell), "group": group, "word": word, "metric": metric, **figures})
    return rows


def _value(subject: Subject, cell: GridResult, inside: IntArray, metric: str) -> float:
    if metric == "accuracy":
        return float(subject.right(cell)[inside].mean())
    rows = subject.tested[inside]
    scales = np.unique(cell.logit_scales)
    scale = float(scales[0]) if len(scales) == 1 and not np.isnan(scales[0]) else None
    try:
        return METRICS.get(metric).compute(Scored(subject.result.y[rows], cell.scores[rows], scale))
    except ValueError:
        return float("nan")  # a group without what the metric needs


def _figures(subject: Subject, cell: GridResult, inside: IntArray, metric: str, value: float, before: float) -> Row:
    """A value of the tested clips `inside` with what it was without adaptation; None for what is not known."""
    units = subject.resampling.units[inside]
    low, high = (None, None)
    if metric in ("accuracy", "recall"):
        low, high = proportion_interval(subject.right(cell)[inside], units)
    return {
        "value": value if np.isfinite(value) else None,
        "low": low,
        "high": high,
        "n": len(inside),
        "sources": len(np.unique(units)),
        "difference": value - before if np.isfinite(value - before) else None,
    }


def reliability_rows(subject: Subject) -> list[Row]:
    """A row a cell and bin over all folds, [] where probabilities are not known or clips have several labels."""
    rows = []
    for cell in [] if subject.several else subject.result.cells:
        probabilities = cell.probabilities()
        if probabilities is None:
            continue
        confidence = probabilities[subject.tested].max(axis=1)
        found = reliability(confidence, subject.right(cell))
        for place, n in enumerate(found.n.tolist()):
            rows.append(
                {
                    **subject.key(cell),
                    "from": float(found.edges[place]),
                    "to": float(found.edges[place + 1]),
                    "n": n,
                    "confidence": float(found.confidence[place]) if n else None,
                    "accuracy": float(found.accuracy[place]) if n else None,
                    "ece": found.ece,
                }
            )
    return rows
