"""The statistics of one classification: its cells, and what adaptation changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np

from atmda.core.evaluation.results import GridResult
from atmda.core.evaluation.statistics.hindsight import hindsight
from atmda.core.evaluation.statistics.intervals import accuracy_interval, percentile_interval
from atmda.core.evaluation.statistics.invariance import NOTE, cannot_change
from atmda.core.evaluation.statistics.paired import bootstrap_p, compare, normal_p
from atmda.core.evaluation.statistics.power import needed
from atmda.core.evaluation.statistics.resampling import SAMPLES, Resampling
from atmda.core.types import FloatArray
from atmda.tasks.results import ClassifyResult
from atmda.tasks.statistics.breakdown import by_class, by_fold, by_group, reliability_rows
from atmda.tasks.statistics.many import corrected
from atmda.tasks.statistics.study_statistics import Row, StudyStatistics
from atmda.tasks.statistics.subject import RIGHT, Subject

GAIN = 0.02
#: what is None in a row of gains where it cannot be told
TOLD = ("low", "high", "p", "p_holm", "test", "p_mcnemar", "p_bootstrap", "gained", "lost", "cohen_h", "odds_ratio",
        "design_effect", "clips_needed", "sources_needed")  # fmt: skip
BY_CLIP = "The recordings that clips were cut from are not known: each clip is taken as one."


def analyse(
    result: ClassifyResult,
    *,
    point: Mapping[str, Any] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    n_samples: int = SAMPLES,
    seed: int = 0,
) -> StudyStatistics:
    """Intervals, tests and breakdowns of every cell.

    Args:
        point: what names this set of clips in every row, as in {"dataset": "esc50", "scene": "park", "snr": 6.0}.
        groups: by name a word for each clip (n,), as in {"scene": [...]}: figures are given for each word.
        n_samples: draws of recordings; of macro mAP there are 200 at most. seed: what they are made from.

    Raises ValueError where nothing is tested.
    """
    tested = result.cells[0].tested
    names = result.table.clips if result.groups is None else result.groups
    sources = [names[row] for row in tested.tolist()]
    resampling = _resampling(tuple(sources), result.cells[0].split_of[tested].tobytes(), n_samples, seed)
    subject = Subject(result, resampling, dict(point or {}))
    pairs = [(subject.unadapted(cell), cell) for cell in result.cells]
    cells, cell_draws, gains, gain_draws = [], [], [], []
    for metric in result.metrics:
        drawn = _drawn(subject, pairs, metric)
        for before, cell in pairs:
            draws = drawn[id(cell)]
            cells.append(_cell(subject, cell, metric, draws))
            cell_draws.append(draws)
            if cell.modality != "none":
                draws = _difference(drawn[id(before)], draws)
                gains.append(_gain(subject, before, cell, metric, draws))
                gain_draws.append(draws)
    return StudyStatistics(
        cells=cells,
        gains=corrected(gains),
        by_fold=by_fold(subject),
        by_class=by_class(subject),
        by_group=by_group(subject, groups or {}),
        reliability=reliability_rows(subject),
        hindsight=_hindsight(subject),
        cell_draws=cell_draws,
        gain_draws=gain_draws,
        notes=_notes(result, gains),
    )


@lru_cache(maxsize=1)
def _resampling(sources: tuple[str, ...], folds: bytes, n_samples: int, seed: int) -> Resampling:
    """Kept for the next set of the same clips: a grid has many, one scene after the other."""
    return Resampling(sources, np.frombuffer(folds, np.int64), n_samples=n_samples, seed=seed)


def _drawn(
    subject: Subject, pairs: Sequence[tuple[GridResult, GridResult]], metric: str
) -> dict[int, FloatArray | None]:
    """The draws of every cell of `pairs`, by its identity; what cannot change is drawn once."""
    cells = {id(cell): cell for pair in pairs for cell in pair}
    same = {id(cell): id(before) for before, cell in pairs if _cannot_change(before, cell, metric)}
    others = [cell for cell in cells.values() if id(cell) not in same]
    drawn = dict(zip(map(id, others), subject.draws(others, metric), strict=True))
    return drawn | {cell: drawn[before] for cell, before in same.items()}


def _cannot_change(before: GridResult, cell: GridResult, metric: str) -> bool:
    """Whether nothing but a shift of all clips lies between the two: options may have been chosen for each."""
    return cannot_change(cell, metric) and before.unadapted is cell.unadapted


def _notes(result: ClassifyResult, gains: list[Row]) -> tuple[str, ...]:
    unchanged = any(row["cannot_change"] for row in gains)
    return (*((BY_CLIP,) if result.groups is None else ()), *((NOTE,) if unchanged else ()))


def _cell(subject: Subject, cell: GridResult, metric: str, draws: FloatArray | None) -> Row:
    low_high: tuple[float, float] = (float("nan"), float("nan"))
    if draws is not None and metric in RIGHT:
        low_high = accuracy_interval(draws, subject.right(cell, metric), subject.resampling.units)
    elif draws is not None:
        low_high = percentile_interval(draws)
    return {
        **subject.key(cell),
        "metric": metric,
        "value": known(cell.metric(metric)),
        "low": known(low_high[0]),
        "high": known(low_high[1]),
        "n": len(subject.tested),
        "sources": subject.resampling.n_sources,
    }


def _difference(before: FloatArray | None, after: FloatArray | None) -> FloatArray | None:
    return None if before is None or after is None else np.asarray(after - before, np.float32)


def _gain(subject: Subject, before: GridResult, cell: GridResult, metric: str, draws: FloatArray | None) -> Row:
    same = _cannot_change(before, cell, metric)
    row = {
        **subject.key(cell),
        "metric": metric,
        "before": known(before.metric(metric)),
        "after": known(cell.metric(metric)),
        "difference": known(cell.metric(metric) - before.metric(metric)),
        **dict.fromkeys(TOLD),
        "n": len(subject.tested),
        "sources": subject.resampling.n_sources,
        "cannot_change": same,
    }
    if draws is None:
        return row
    if metric in RIGHT:
        return row | _by_clip(subject, before, cell, metric, draws)
    row["low"], row["high"] = percentile_interval(draws)
    if not same:
        row |= {"p": normal_p(row["difference"], draws), "p_bootstrap": bootstrap_p(draws), "test": "bootstrap, normal"}
    return row


def _by_clip(subject: Subject, before: GridResult, cell: GridResult, metric: str, draws: FloatArray) -> Row:
    """What can be told of a metric that is right or wrong clip by clip."""
    resampling = subject.resampling
    found = compare(subject.right(before, metric), subject.right(cell, metric), resampling, draws)
    more = needed(
        found.n_discordant / found.n,
        gain=GAIN,
        design_effect=found.design_effect,
        clips_a_source=found.n / resampling.n_sources,
    )
    told = {name: value for name, value in asdict(found).items() if name not in ("n", "difference")}
    return {**told, "test": "sign-flip, exact", "clips_needed": more.clips, "sources_needed": more.sources}


def _hindsight(subject: Subject) -> list[Row]:
    metric = subject.result.metrics[0]
    rows = []
    for cell in subject.result.cells:
        if subject.key(cell)["auto"] and cell.refined is None:  # a transductive method would have to run again
            found = hindsight(cell, subject.result.y, metric)
            rows.append({**subject.key(cell), "metric": metric, **asdict(found)})
    return rows


def known(value: float) -> float | None:
    """A number that JSON can have."""
    return float(value) if np.isfinite(value) else None
