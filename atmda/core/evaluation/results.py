"""What a grid gives: metrics fold by fold, and the scores they were computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from atmda.core.methods.adaptation import probabilities
from atmda.core.types import FloatArray, IntArray

Auto = Literal["auto"]


@dataclass(frozen=True)
class FoldResult:
    """Metrics by name on one test set of n clips, and what was `chosen` for it on its training clips."""

    fold: int | str | None
    n: int
    metrics: Mapping[str, float]
    chosen: Mapping[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """NaN where it was not asked for."""
        return self.metrics.get("accuracy", float("nan"))


@dataclass(frozen=True)
class GridResult:
    """One cell of the grid.

    Attributes:
        mode, modality: names. temperature: None where nothing is subtracted, "auto" where each fold has its own.
        folds: metrics fold by fold.
        unadapted: scores of the mode, float32 (n, c); rows that no split tests are NaN.
        profile: background profiles, float32 (k, c); None where nothing is subtracted. profile_of: the row of it
            that belongs to each clip, int (n,).
        split_of: number of the split that tests each clip, int (n,); -1 for none.
        predicted: the class of every clip, int (n,); -1 where no split tests it.
        temperatures, logit_scales: by split, float (folds,); a scale of NaN is not known.
        refined: adapted scores as a transductive method's test sets refined them, float32 (n, c); None for others.
    """

    mode: str
    modality: str
    temperature: float | Auto | None
    folds: tuple[FoldResult, ...]
    unadapted: FloatArray
    profile: FloatArray | None
    profile_of: IntArray
    split_of: IntArray
    temperatures: FloatArray
    logit_scales: FloatArray
    predicted: IntArray
    refined: FloatArray | None = None

    @property
    def accuracy(self) -> float:
        """The mean of the folds' accuracies."""
        return self.metric("accuracy")

    def metric(self, name: str) -> float:
        """The mean of a metric over the folds."""
        return float(np.mean([fold.metrics.get(name, float("nan")) for fold in self.folds]))

    @property
    def tested(self) -> IntArray:
        """Rows of the clips that a split tests."""
        return np.flatnonzero(self.split_of >= 0)

    @property
    def scores(self) -> FloatArray:
        """Adapted scores, float32 (n, c), refined where the method is transductive."""
        if self.refined is not None:
            return self.refined
        if self.profile is None:
            return self.unadapted
        subtracted = self.temperatures[self.split_of][:, None] * self.profile[self.profile_of]
        return np.asarray(self.unadapted - subtracted, np.float32)

    def probabilities(self) -> FloatArray | None:
        """The softmax of scores times logit scales, float32 (n, c); None where the scale is not known."""
        if np.isnan(self.logit_scales).any():
            return None
        scaled = self.scores * self.logit_scales[self.split_of][:, None]
        found = np.full(scaled.shape, np.nan, np.float32)
        found[self.tested] = probabilities(scaled[self.tested])
        return found
