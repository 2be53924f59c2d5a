"""How far a temperature chosen on training folds is from the best in hindsight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atmda.core.evaluation.metrics import METRICS, Metric, Scored
from atmda.core.evaluation.results import GridResult
from atmda.core.evaluation.selection import AUTO, TEMPERATURES
from atmda.core.methods.adaptation import adapt
from atmda.core.types import BoolArray, IntArray


@dataclass(frozen=True)
class Hindsight:
    """What the chosen temperatures of one cell reach, and what one temperature for all folds would have reached.

    Attributes:
        chosen: the metric with each fold's own temperature; lowest, highest: of these.
        best: the best value that one of the candidates reaches on the test folds, which nobody can choose.
        best_temperature: that candidate, the nearest to the published default of equal ones.
        regret: how much better the best in hindsight is; below 0 where folds of their own are better than any one.
    """

    chosen: float
    lowest: float
    highest: float
    best: float
    best_temperature: float
    regret: float


def hindsight(cell: GridResult, y: IntArray | BoolArray, metric: str) -> Hindsight:
    """Of a cell whose temperature is "auto"; `y` (n,) or (n, c) are true classes, `metric` is one of `METRICS`.

    The candidates are those it was chosen from.

    Raises ValueError for a cell with no temperature of its own, or of a transductive method.
    """
    if cell.refined is not None:
        raise ValueError(f"{cell.mode} scores its test clips together, and would have to run at each temperature")
    if cell.temperature != AUTO or cell.profile is None:
        raise ValueError(f"the temperature of {cell.mode} {cell.modality} was not chosen on training folds")
    measure = METRICS.get(metric)
    values = [_mean_over_folds(cell, y, measure, t) for t in TEMPERATURES]
    best = int(np.argmax([measure.merit(value) for value in values]))
    chosen = np.asarray(cell.temperatures, np.float64).round(6)
    lowest, highest = float(chosen.min()), float(chosen.max())
    regret = measure.merit(values[best]) - measure.merit(cell.metric(metric))
    return Hindsight(cell.metric(metric), lowest, highest, values[best], float(TEMPERATURES[best]), regret)


def _mean_over_folds(cell: GridResult, y: IntArray | BoolArray, measure: Metric, temperature: float) -> float:
    assert cell.profile is not None
    values = []
    for number, scale in enumerate(cell.logit_scales.tolist()):
        rows = np.flatnonzero(cell.split_of == number)
        adapted = adapt(cell.unadapted[rows], cell.profile[cell.profile_of[rows]], temperature)
        values.append(measure.compute(Scored(y[rows], adapted, None if np.isnan(scale) else scale)))
    return float(np.mean(values))
