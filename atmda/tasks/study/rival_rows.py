"""Methods beside the paper's, each over all sets of clips of a study together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.evaluation.statistics.correction import holm
from atmda.core.evaluation.statistics.intervals import percentile_interval
from atmda.core.evaluation.statistics.paired import compare
from atmda.core.evaluation.statistics.resampling import Resampling
from atmda.core.methods.adaptation import TEMPERATURE
from atmda.core.types import BoolArray, IntArray

if TYPE_CHECKING:
    from atmda.core.evaluation.results import GridResult
    from atmda.tasks.results import ClassifyResult
    from atmda.tasks.study.result import Cell

#: methods of the paper; rivals are set beside the last that is there
PUBLISHED = ("zs", "tgap", "sv")


def rival_rows(sets: Sequence[tuple[Cell, ClassifyResult]]) -> list[dict[str, Any]]:
    """Methods beside the paper's over all sets, at a temperature a modality; [] where there is none."""
    modes = list(dict.fromkeys(found.cells[0].mode for _, found in sets))
    reference = next((mode for mode in reversed(PUBLISHED) if mode in modes), None)
    if reference is None or set(modes) <= set(PUBLISHED) or any(found.y.ndim == 2 for _, found in sets):
        return []
    rows: list[dict[str, Any]] = []
    for modality, temperature in _common(sets):
        right = {mode: _right(sets, mode, modality, temperature) for mode in modes}
        if right[reference] is None:
            continue
        before, sources, folds = right[reference]  # type: ignore[misc]
        resampling = Resampling(sources, folds)
        for mode in modes:
            found = right[mode]
            if found is None or found[1] != sources:
                continue
            drawn = resampling.mean(found[0][:, None])[:, 0]
            low, high = percentile_interval(drawn)
            row = {"method": mode, "modality": modality, "metric": "accuracy", "value": float(found[0].mean())}
            row |= {"low": low, "high": high, "p": None, "p_holm": None}
            if mode != reference:
                pair = compare(before, found[0], resampling)
                row |= {"difference": pair.difference, "difference_low": pair.low, "difference_high": pair.high}
                row["p"] = pair.p
            rows.append(row)
    tested = [row for row in rows if row["p"] is not None]
    for row, p in zip(tested, holm([row["p"] for row in tested]).tolist() if tested else [], strict=True):
        row["p_holm"] = p
    return rows


def _common(sets: Sequence[tuple[Cell, ClassifyResult]]) -> list[tuple[str, Any]]:
    """Modalities, each with the temperature nearest the published one."""
    cells = [cell for _, found in sets for cell in found.cells]
    found: dict[str, Any] = {}
    for cell in cells:
        t = cell.temperature
        if cell.modality not in found or _far(t) < _far(found[cell.modality]):
            found[cell.modality] = t
    return list(found.items())


def _far(temperature: Any) -> float:
    return abs(temperature - TEMPERATURE) if isinstance(temperature, float) else float("inf")


def _right(
    sets: Sequence[tuple[Cell, ClassifyResult]], mode: str, modality: str, temperature: Any
) -> tuple[BoolArray, list[str], IntArray] | None:
    """Which clips of all sets a method has right, their sources and test sets; None where it is not in every set."""
    right: list[BoolArray] = []
    sources: list[str] = []
    folds: list[IntArray] = []
    for _, found in sets:
        for cell in found.cells:
            if (cell.mode, cell.modality, cell.temperature) == (mode, modality, temperature):
                rows = cell.tested
                right.append(cell.predicted[rows] == found.y[rows])
                names = found.table.clips if found.groups is None else found.groups
                sources += [names[row] for row in rows.tolist()]
                folds.append(_numbered(cell, len(folds)))
    return (np.concatenate(right), sources, np.concatenate(folds)) if right else None


def _numbered(cell: GridResult, place: int) -> IntArray:
    """The test set of each tested clip, no number of which another set of clips has."""
    return np.asarray(cell.split_of[cell.tested] + 10_000 * place)
