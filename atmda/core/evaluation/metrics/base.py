"""What a metric is: a name, what it says, and a function of scored clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atmda.core.methods.adaptation import probabilities
from atmda.core.methods.base import class_members
from atmda.core.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Scored:
    """Clips with their true classes and their scores.

    Attributes:
        y: class indices, int (n,), or bool (n, c) where clips may have several classes.
        scores: float32 (n, c); -inf for a class that cannot win.
        logit_scale: what makes scores logits; None where that is not known.
    """

    y: IntArray | BoolArray
    scores: FloatArray
    logit_scale: float | None = None

    @property
    def several(self) -> bool:
        """Whether clips may have several classes."""
        return self.y.ndim == 2

    @cached_property
    def predicted(self) -> IntArray:
        """The class with the largest score, int (n,); of equal ones the first."""
        return np.asarray(self.scores.argmax(axis=1), np.int64)

    @property
    def members(self) -> BoolArray:
        """Which clips belong to which class, bool (n, c)."""
        return class_members(self.y, self.scores.shape[1])

    def probabilities(self) -> FloatArray:
        """The softmax of scores times the logit scale, float32 (n, c). Raises ValueError where that is not known."""
        if self.logit_scale is None:
            raise ValueError("the encoder's logit scale is not known, so scores cannot be made probabilities")
        return probabilities(self.scores, self.logit_scale)


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: as in `metric`.
        about: what it says, in a line.
        compute: from `Scored` to a number; may raise ValueError, with the reason, where it is not defined.
        one_label, several_labels: whether it is defined where a clip has one class, where it may have several.
        lower_is_better: whether a smaller number is the better one, as of an error.
        of_probabilities: whether it needs probabilities, and so the logit scale.
    """

    name: str
    about: str
    compute: Callable[[Scored], float]
    one_label: bool = True
    several_labels: bool = False
    lower_is_better: bool = False
    of_probabilities: bool = False

    def merit(self, value: float) -> float:
        """`value` turned so that more is better."""
        return -value if self.lower_is_better else value
