"""Which labels of a window are heard in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from atmda.core.detection.window import ScoredWindow
from atmda.core.types import FloatArray, IntArray


@dataclass(frozen=True)
class Choice:
    """What a label needs to be a detection.

    Attributes:
        labels: class names, c of them.
        top_k: at most so many labels a window, the surest ones; None for all that are sure enough.
        min_confidence: what a label's confidence must reach, for those that have no threshold of their own.
        thresholds: what it must reach, by label. Raises ValueError for one that is none of `labels`.

    >>> Choice(("dog", "siren"), top_k=None, min_confidence=0.5, thresholds={"siren": 0.9}).minimum.tolist()
    [0.5, 0.8999999761581421]
    """

    labels: tuple[str, ...]
    top_k: int | None = 1
    min_confidence: float = 0.0
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [label for label in self.thresholds if label not in self.labels]
        if unknown:
            raise ValueError(f"there is a threshold for {unknown[0]!r}, which is no label")
        # float32 as confidences are: a confidence of 0.7 reaches 0.7
        minimum = [self.thresholds.get(label, self.min_confidence) for label in self.labels]
        object.__setattr__(self, "_minimum", np.asarray(minimum, np.float32))

    @property
    def minimum(self) -> FloatArray:
        """What the confidence of each class must reach, float32 (c,)."""
        minimum: FloatArray = self._minimum  # type: ignore[attr-defined]
        return minimum

    def chosen(self, window: ScoredWindow) -> list[int]:
        """Classes that are heard in `window`, the surest first; [] where it is silent.

        A class that cannot win, as one without a prototype, whose score is -inf, is never among them.
        """
        if window.silent:
            return []
        fit = (window.confidences >= self.minimum) & np.isfinite(window.scores)
        return [int(c) for c in surest_first(window.confidences, window.scores) if fit[c]][: self.top_k]


def surest_first(confidences: FloatArray, scores: FloatArray) -> IntArray:
    """Classes by confidence; of equal ones, as 1 and 1 where a softmax or sigmoid is full, by score; else in order."""
    return np.lexsort((-scores, -confidences))
