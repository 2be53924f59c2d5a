"""What a method of scoring clips against classes is to the rest of atmda.

A method is fitted on what it needs, and gives a scorer: embeddings in, scores by class out. The background's profile
is the scores of the background's own embeddings, whatever the method; adapted scores are scores minus temperature
times profile (see `adaptation`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from atmda.core.methods.prototypes import scores
from atmda.core.types import BoolArray, FloatArray, IntArray

#: what a method can need: text anchors, training clips, their labels, anchors of each class in noise, the background
#: that each clip was mixed with, and that background or others of the place
TEXT, CLIPS, LABELS, DRIFTS, BACKGROUND, SCENE = "text", "clips", "labels", "drifts", "background", "scene"
#: where an encoder's logit scale is not known, the one that CLIP and CLAP begin their training with, 1 / 0.07
USUAL_SCALE = 1 / 0.07


@dataclass(frozen=True)
class Training:
    """What a method may learn from.

    Attributes:
        n_classes: c.
        text: text anchors, float32 (c, d), one a class; None where there are none.
        X: embeddings of training clips, float32 (n, d).
        y: their classes, int (n,), or bool (n, c) where a clip may have several.
        drifts: text anchors of each class in p kinds of noise, float32 (c, p, d).
        own: embeddings of each clip's own background, float32 (n, d).
        logit_scale: what makes the encoder's scores logits; None where it is not known.
        scene: the mean embedding of the backgrounds given, float32 (d,), where a clip's own is not known.
    """

    n_classes: int
    text: FloatArray | None = None
    X: FloatArray | None = None
    y: IntArray | BoolArray | None = None
    drifts: FloatArray | None = None
    own: FloatArray | None = None
    logit_scale: float | None = None
    scene: FloatArray | None = None

    @cached_property
    def similarity(self) -> FloatArray:
        """Scores of the training clips against the text anchors, float32 (n, c), worked out once for all methods."""
        assert self.X is not None
        assert self.text is not None
        return scores(self.X, self.text)

    def take(self, rows: IntArray) -> Training:
        """The same with `rows` of the training clips alone."""
        X, own = (None if part is None else part[rows] for part in (self.X, self.own))
        return replace(self, X=X, own=own, y=None if self.y is None else self.y[rows])

    def unlabelled(self, rows: IntArray) -> Training:
        """`rows` of the clips without their labels: what a test set is to a transductive method."""
        return replace(self.take(rows), y=None)

    @property
    def scale(self) -> float:
        """The logit scale, or the usual one where it is not known."""
        return USUAL_SCALE if self.logit_scale is None else self.logit_scale


class Scorer(Protocol):
    """A fitted method."""

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        """Scores of clips X (n, d) against the classes, float32 (n, c); -inf for a class that cannot win."""


@dataclass(frozen=True)
class Prototypes:
    """The scorer of the prototype methods: X @ P.T with `P` float32 (c, d)."""

    P: FloatArray

    def scores(self, X: npt.ArrayLike) -> FloatArray:
        return scores(X, self.P)


@dataclass(frozen=True)
class Split:
    """One test set and what may be learnt from for it: row numbers `train` (k,) and `test` (m,).

    `fold` is its number, the name of an official split, or None where the data has neither.
    """

    fold: int | str | None
    train: IntArray
    test: IntArray


class Method(ABC):
    """A way to score clips against classes; a frozen dataclass, whose fields are its options.

    Attributes:
        name: as in `mode`.
        about: what it does, in a line.
        source: where it comes from.
        needs: of TEXT, CLIPS, LABELS, DRIFTS, BACKGROUND and SCENE what it cannot do without.
        adapts: whether a background's profile can be subtracted from its scores.
        transductive: whether the score of a clip depends on the other clips of its test set (see `refine`); each clip
            is then taken to be of one class.
        logit_scale: what makes its scores logits; None where that is the encoder's own.
    """

    name: str
    about: str
    source: str
    needs: frozenset[str]
    adapts: bool = True
    transductive: bool = False
    logit_scale: float | None = None

    @property
    def hears_background(self) -> bool:
        """Whether recordings of the background change what it is fitted on."""
        return not self.needs.isdisjoint((BACKGROUND, SCENE))

    @abstractmethod
    def fit(self, training: Training) -> Scorer:
        """Learn from `training`. Raises ValueError where something that the method needs is missing."""

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        """For each split the scorer fitted on its training rows, and its scores of the test rows, float32 (m, c).

        A method that can share work between splits overrides this.
        """
        assert training.X is not None
        for split in splits:
            scorer = self.fit(training.take(split.train))
            yield scorer, scorer.scores(training.X[split.test])

    def seen(self, training: Training) -> Training:
        """Clips as the method sees them: `training` itself, unless embeddings are changed first."""
        return training

    def refine(self, scores: FloatArray, test: Training) -> FloatArray:
        """What a whole test set makes of its own scores (m, c), adapted where that is asked for: float32 (m, c).

        `test`: the clips of the test set, without labels. Only a transductive method changes anything.
        """
        return scores

    def with_options(self, options: Mapping[str, Any]) -> Method:
        """The method with those of `options` that it has."""
        if not is_dataclass(self):
            return self
        known = {option.name for option in fields(self)}
        return replace(self, **{name: value for name, value in options.items() if name in known})

    def takes(self, option: str) -> bool:
        """Whether it has an option of that name."""
        return is_dataclass(self) and option in {field.name for field in fields(self)}

    def options(self) -> dict[str, Any]:
        """Its options by name."""
        return {option.name: getattr(self, option.name) for option in fields(self)} if is_dataclass(self) else {}


def require(training: Training, method: Method) -> None:
    """Raises ValueError, naming it, where `training` lacks something that `method` needs."""
    there = {
        TEXT: training.text,
        CLIPS: training.X,
        LABELS: training.y,
        DRIFTS: training.drifts,
        BACKGROUND: training.own,
        SCENE: training.scene if training.own is None else training.own,
    }
    words = {
        TEXT: "text anchors",
        CLIPS: "training embeddings X",
        LABELS: "labels y",
        DRIFTS: "text anchors of the classes in noise",
        BACKGROUND: "the background that each clip was mixed with",
        SCENE: "recordings of the background",
    }
    for need in there:
        if need in method.needs and there[need] is None:
            raise ValueError(f"mode {method.name} needs {words[need]}")
    if training.X is not None and training.y is not None and len(training.X) != len(training.y):
        raise ValueError(f"there are {len(training.y)} labels y for {len(training.X)} embeddings X")


def class_members(y: IntArray | BoolArray, n_classes: int) -> BoolArray:
    """Which clips belong to which class, bool (n, n_classes), from class indices (n,) or such a matrix itself."""
    return np.asarray(y, bool) if y.ndim == 2 else np.asarray(y)[:, None] == np.arange(n_classes)
