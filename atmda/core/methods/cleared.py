"""Each clip less what it has in common with its own background, before anything is scored.

Adaptation by profile takes the background out of the scores; here its direction is taken out of the embeddings of
training and test clips alike, so that prototypes are free of it too:

    clear(x, b) = unit(x - strength (x . b) b / (b . b))
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from atmda.core.methods.base import BACKGROUND, Method, Training
from atmda.core.methods.prototypes import unit_rows, validate_embeddings
from atmda.core.methods.published import ZeroShot
from atmda.core.methods.unit import UNIT_SUPERVISED, UNIT_TEXT_GUIDED, Mixed
from atmda.core.methods.wrapping import Changing
from atmda.core.types import FloatArray

SOURCE = "this project"


@dataclass(frozen=True)
class Cleared(Changing):
    """`base` on clips cleared of their own backgrounds; `strength` 1 leaves nothing in the background's direction."""

    strength: float = 1.0

    def seen(self, training: Training) -> Training:
        assert training.X is not None
        assert training.own is not None
        return replace(training, X=cleared(training.X, training.own, self.strength))


def cleared(X: npt.ArrayLike, own: npt.ArrayLike, strength: float = 1.0) -> FloatArray:
    """Rows of X (n, d) less what they share with those of `own` (n, d), float32 of unit length."""
    rows, b = validate_embeddings(X, "X").astype(np.float64), unit_rows(own).astype(np.float64)
    shared = (rows * b).sum(axis=1, keepdims=True)
    return unit_rows(rows - strength * shared * b)


def _cleared(base: Method) -> Cleared:
    name = base.name.removesuffix("-unit")
    about = f"{base.name} on clips cleared of their own backgrounds"
    return Cleared(f"{name}-cleared", about, SOURCE, base.needs | {BACKGROUND}, base)


CLEARED_MIXED = _cleared(Mixed())
PLUGINS = (_cleared(ZeroShot()), _cleared(UNIT_TEXT_GUIDED), _cleared(UNIT_SUPERVISED), CLEARED_MIXED)
