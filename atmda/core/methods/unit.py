"""Prototypes of unit length, and prototypes that are part sentence, part recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from atmda.core.methods.base import CLIPS, LABELS, TEXT, Prototypes, Scorer, Split, Training
from atmda.core.methods.prototypes import scores, supervised, unit_rows
from atmda.core.methods.published import PrototypeMethod, Supervised, TextGuided
from atmda.core.methods.wrapping import Wrapping
from atmda.core.types import FloatArray

SOURCE = "normalised means, as in Snell et al., arXiv 1703.05175, with cosines"


@dataclass(frozen=True)
class Unit(Wrapping, PrototypeMethod):
    """`base` with its prototypes brought to unit length: a class of scattered clips has no smaller scores for it."""

    base: PrototypeMethod

    def prototypes(self, training: Training) -> FloatArray:
        return unit_rows(self.base.prototypes(training))

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        """`base` shares what it can between splits."""
        assert training.X is not None
        for split, (scorer, _) in zip(splits, self.base.cross_fit(training, splits), strict=True):
            assert isinstance(scorer, Prototypes)
            P = unit_rows(scorer.P)
            yield Prototypes(P), scores(training.X[split.test], P)


@dataclass(frozen=True)
class Mixed(PrototypeMethod):
    """Between a class's sentence and the mean of its clips: unit(w unit(text) + (1 - w) unit(mean)).

    `text_weight`: w. A class without a training clip has its sentence alone.
    """

    text_weight: float = 0.5

    name = "mixed"
    about = "between the sentence of each class and the mean of its training clips, each of unit length"
    source = "this project"
    needs = frozenset({TEXT, CLIPS, LABELS})

    def prototypes(self, training: Training) -> FloatArray:
        text = unit_rows(training.text)  # type: ignore[arg-type]
        means = unit_rows(supervised(training.X, training.y, training.n_classes))  # type: ignore[arg-type]
        w = np.float32(self.text_weight)
        return unit_rows(w * text + (1 - w) * np.nan_to_num(means))


UNIT_TEXT_GUIDED = Unit(
    "tgap-unit",
    "tgap with prototypes of unit length",
    SOURCE,
    frozenset({TEXT, CLIPS}),
    TextGuided(),
)
UNIT_SUPERVISED = Unit("sv-unit", "sv with prototypes of unit length", SOURCE, frozenset({CLIPS, LABELS}), Supervised())
PLUGINS = (UNIT_TEXT_GUIDED, UNIT_SUPERVISED, Mixed())
