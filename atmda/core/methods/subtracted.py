"""Each clip less its background, in the embeddings and before prototypes are made, so that these lose it too:

    subtracted(x, b) = x - temperature b

`b` is the embedding of the clip's own background where that is known, else the mean over those given of the place.
With prototypes that no clip makes it is the published adaptation: (x - T b) @ p = x @ p - T (b @ p), of which b @ p is
the profile (Acevedo et al., arXiv 2506.04376). With prototypes of clips, theirs are those of cleaner clips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from atmda.core.methods.adaptation import TEMPERATURE
from atmda.core.methods.base import SCENE, Method, Training
from atmda.core.methods.prototypes import validate_embeddings
from atmda.core.methods.published import ZeroShot
from atmda.core.methods.unit import UNIT_SUPERVISED, UNIT_TEXT_GUIDED, Mixed
from atmda.core.methods.wrapping import Changing
from atmda.core.types import FloatArray

SOURCE = "this project; of sentences alone it is Acevedo et al., arXiv 2506.04376"


@dataclass(frozen=True)
class Subtracted(Changing):
    """`base` on clips less `temperature` times their backgrounds."""

    temperature: float = TEMPERATURE

    def seen(self, training: Training) -> Training:
        if training.X is None:  # sentences alone
            return training
        b = training.scene if training.own is None else training.own
        assert b is not None
        return replace(training, X=subtracted(training.X, b, self.temperature))


def subtracted(X: npt.ArrayLike, b: npt.ArrayLike, temperature: float = TEMPERATURE) -> FloatArray:
    """Rows of X (n, d) less `temperature` times b, (d,) or row by row (n, d): float32 (n, d)."""
    rows: FloatArray = validate_embeddings(X, "X") - np.float32(temperature) * np.asarray(b, np.float32)
    return rows


def _subtracted(base: Method) -> Subtracted:
    name = base.name.removesuffix("-unit")
    about = f"{base.name} on clips less half their background"
    return Subtracted(f"{name}-subtracted", about, SOURCE, base.needs | {SCENE}, base)


PLUGINS = (_subtracted(ZeroShot()), _subtracted(UNIT_TEXT_GUIDED), _subtracted(UNIT_SUPERVISED), _subtracted(Mixed()))
