"""One classification as statistics see it: tested clips alone, each cell beside its mode without adaptation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from atmda.core.evaluation.metrics import METRICS, Scored
from atmda.core.evaluation.metrics.recall import recalls_at_k
from atmda.core.evaluation.results import FoldResult, GridResult
from atmda.core.evaluation.selection import AUTO
from atmda.core.evaluation.statistics import sampled
from atmda.core.evaluation.statistics.intervals import centred_on
from atmda.core.evaluation.statistics.resampling import Resampling
from atmda.core.types import BoolArray, FloatArray, IntArray
from atmda.tasks.results import ClassifyResult
from atmda.tasks.statistics.study_statistics import Row

#: metrics that are means over clips of right or wrong, and among how many classes the right one must be
RIGHT = {"accuracy": 1, "top3": 3, "top5": 5}


@dataclass(frozen=True)
class Subject:
    """A classification, the draws of its recordings, and what names its clips in every row."""

    result: ClassifyResult
    resampling: Resampling
    point: Mapping[str, Any]

    @cached_property
    def tested(self) -> IntArray:
        """Rows of the clips that some split tests, int (m,); the draws are of these."""
        return self.result.cells[0].tested

    @cached_property
    def y(self) -> IntArray | BoolArray:
        """Their true classes, int (m,) or bool (m, c)."""
        return self.result.y[self.tested]

    @property
    def several(self) -> bool:
        """Whether clips may have several classes."""
        return self.result.y.ndim == 2

    def key(self, cell: GridResult) -> Row:
        """The first columns of a row about a cell."""
        auto = cell.temperature == AUTO
        temperature = None if auto or cell.temperature is None else float(cell.temperature)
        return {
            **self.point,
            "mode": cell.mode,
            "modality": cell.modality,
            "temperature": temperature,
            "auto": auto,
        }

    def unadapted(self, cell: GridResult) -> GridResult:
        """The cell of the same mode without adaptation, made where the grid has none."""
        if cell.modality == "none":
            return cell
        if cell.mode in self._unadapted:
            return self._unadapted[cell.mode]
        if id(cell.unadapted) not in self._made:
            self._made[id(cell.unadapted)] = self._without(cell)
        return self._made[id(cell.unadapted)]

    @cached_property
    def _unadapted(self) -> dict[str, GridResult]:
        return {cell.mode: cell for cell in self.result.cells if cell.modality == "none"}

    @cached_property
    def _made(self) -> dict[int, GridResult]:
        """By the array of scores that they were made from, which the cells of one mode share."""
        return {}

    def _without(self, cell: GridResult) -> GridResult:
        predicted = np.full(len(cell.predicted), -1, np.int64)
        predicted[self.tested] = cell.unadapted[self.tested].argmax(axis=1)
        folds = []
        for number, fold in enumerate(cell.folds):
            rows, scale = np.flatnonzero(cell.split_of == number), float(cell.logit_scales[number])
            scored = Scored(self.result.y[rows], cell.unadapted[rows], None if np.isnan(scale) else scale)
            values = {name: METRICS.get(name).compute(scored) for name in self.result.metrics}
            folds.append(FoldResult(fold.fold, fold.n, values))
        return replace(cell, modality="none", temperature=None, profile=None, predicted=predicted, folds=tuple(folds))

    def right(self, cell: GridResult, metric: str = "accuracy") -> BoolArray:
        """Which tested clips are right by a metric of RIGHT, bool (m,)."""
        y = np.asarray(self.y, np.int64)
        if RIGHT[metric] == 1:
            return np.asarray(cell.predicted[self.tested] == y)
        S = np.nan_to_num(cell.scores[self.tested], neginf=np.finfo(np.float32).min)
        own = S[np.arange(len(y)), y][:, None]
        ahead = (own < S) | ((own == S) & (np.arange(S.shape[1]) > y[:, None]))  # of equal ones the last, as sklearn
        return np.asarray(ahead.sum(axis=1) < RIGHT[metric])

    def draws(self, cells: Sequence[GridResult], metric: str) -> list[FloatArray | None]:
        """A metric of each cell in every draw, float32 (n_samples,); None for one that is not drawn."""
        if metric in RIGHT and not self.several:
            drawn = self.resampling.mean(np.stack([self.right(cell, metric) for cell in cells], axis=1))
            return [np.ascontiguousarray(drawn[:, place]) for place in range(len(cells))]
        found = [(cell.metric(metric), self._draws(cell, metric)) for cell in cells]
        return [None if draws is None else centred_on(value, draws) for value, draws in found]

    def _draws(self, cell: GridResult, metric: str) -> FloatArray | None:
        if metric == "map":
            members = Scored(self.y, cell.unadapted[self.tested]).members
            return sampled.mean_average_precision(self.resampling, members, cell.scores[self.tested])
        if metric == "recall_at_k":
            members = Scored(self.y, cell.unadapted[self.tested]).members
            return self.resampling.mean(recalls_at_k(members, cell.scores[self.tested])[:, None])[:, 0]
        by_class = {"balanced_accuracy": sampled.balanced_accuracy, "macro_f1": sampled.macro_f1}
        if metric not in by_class or self.several:
            return None
        y, predicted = np.asarray(self.y, np.int64), cell.predicted[self.tested]
        return by_class[metric](self.resampling, y, predicted, len(self.result.classes))
