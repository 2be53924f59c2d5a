"""The three methods as published (Acevedo et al., arXiv 2506.04376): zs, tgap and sv."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from atmda.core.methods.base import CLIPS, LABELS, TEXT, Method, Prototypes, Scorer, Split, Training, require
from atmda.core.methods.prototypes import (
    TOP_N,
    Share,
    class_means,
    class_sums,
    nearest,
    neighbours,
    row_means,
    supervised,
    text_guided,
    zero_shot,
)
from atmda.core.types import FloatArray

SOURCE = "Acevedo et al., arXiv 2506.04376"


class PrototypeMethod(Method):
    """A method whose scores are dot products with one prototype a class."""

    def fit(self, training: Training) -> Prototypes:
        """Its prototypes."""
        require(training, self)
        return Prototypes(self.prototypes(training))

    def prototypes(self, training: Training) -> FloatArray:
        """Float32 (c, d); NaN for a class that has none."""
        raise NotImplementedError


@dataclass(frozen=True)
class ZeroShot(PrototypeMethod):
    """`zs`: the text anchors themselves are the prototypes."""

    name = "zs"
    about = "zero-shot: the sentence of each class"
    source = SOURCE
    needs = frozenset({TEXT})

    def prototypes(self, training: Training) -> FloatArray:
        return zero_shot(training.text)  # type: ignore[arg-type]

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        """All clips are scored at once, since no fold changes the prototypes."""
        scorer = self.fit(training)
        for split in splits:
            yield scorer, training.similarity[split.test]


@dataclass(frozen=True)
class TextGuided(PrototypeMethod):
    """`tgap`: for each class the mean of the `top_n` training clips nearest its sentence.

    `top_n`: a number, or "share" (see `prototypes.neighbours`).
    """

    top_n: int | Share = TOP_N

    name = "tgap"
    about = "text-guided audio prototypes: the mean of the training clips nearest each sentence"
    source = SOURCE
    needs = frozenset({TEXT, CLIPS})

    def prototypes(self, training: Training) -> FloatArray:
        return text_guided(training.X, training.text, self.top_n)  # type: ignore[arg-type]

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        """How near each clip is to each sentence is worked out once."""
        require(training, self)
        X, similarity = training.X, training.similarity
        assert X is not None
        for split in splits:
            n = neighbours(self.top_n, len(split.train), training.n_classes)
            scorer = Prototypes(row_means(X, split.train[nearest(similarity[split.train], n)]))
            yield scorer, scorer.scores(X[split.test])


@dataclass(frozen=True)
class Supervised(PrototypeMethod):
    """`sv`: for each class the mean of its training clips."""

    name = "sv"
    about = "supervised: the mean of the training clips of each class"
    source = SOURCE
    needs = frozenset({CLIPS, LABELS})

    def prototypes(self, training: Training) -> FloatArray:
        return supervised(training.X, training.y, training.n_classes)  # type: ignore[arg-type]

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        """Sums by class are worked out once; each split takes those of the rows that it does not train on away."""
        require(training, self)
        X, y = training.X, training.y
        assert X is not None
        assert y is not None
        sums, counts = class_sums(X, y, training.n_classes)
        for split in splits:
            trained = np.zeros(len(X), bool)
            trained[split.train] = True
            left_out = np.flatnonzero(~trained)
            their_sums, their_counts = class_sums(X[left_out], y[left_out], training.n_classes)
            scorer = Prototypes(class_means(sums - their_sums, counts - their_counts))
            yield scorer, scorer.scores(X[split.test])


PLUGINS = (ZeroShot(), TextGuided(), Supervised())
