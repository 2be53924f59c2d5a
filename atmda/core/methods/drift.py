"""Drift-augmented scoring, after Vo et al., arXiv 2606.04844: how noise moves a class, told by text alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atmda.core.methods.base import DRIFTS, TEXT, Method, Prototypes, Training, require
from atmda.core.methods.prototypes import unit_rows, zero_shot


@dataclass(frozen=True)
class DriftAugmented(Method):
    """x . text + weight x . drift, with `drift` the unit mean of (text in noise - text) over kinds of noise.

    The kinds of noise (`prompts.NOISES`) and the weight are this project's: 0.1, "a small bonus".
    """

    weight: float = 0.1

    name = "das"
    about = "drift-augmented: zs, and a bonus for moving as the class's sentence moves in noise"
    source = "after Vo et al., arXiv 2606.04844"
    needs = frozenset({TEXT, DRIFTS})

    def fit(self, training: Training) -> Prototypes:
        """Both terms are dot products with the clip, so that their sum is one prototype a class."""
        require(training, self)
        text = zero_shot(training.text)  # type: ignore[arg-type]
        assert training.drifts is not None
        drift = unit_rows(np.mean(training.drifts.astype(np.float64) - text[:, None], axis=1))
        return Prototypes(text + np.float32(self.weight) * drift)


PLUGINS = (DriftAugmented(),)
