"""A method made of another one: what the wrappers share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from atmda.core.methods.base import Method, Scorer, Split, Training, require
from atmda.core.types import FloatArray


@dataclass(frozen=True)
class Wrapping(Method):
    """A method that changes what `base` is fitted on, or what it gives; the options of `base` are its own too."""

    name: str
    about: str
    source: str
    needs: frozenset[str]
    base: Method

    def with_options(self, options: Mapping[str, Any]) -> Method:
        own = {name: value for name, value in options.items() if name in self._own()}
        return replace(self, base=self.base.with_options(options), **own)

    def takes(self, option: str) -> bool:
        return option in self._own() or self.base.takes(option)

    def options(self) -> dict[str, Any]:
        return {**self.base.options(), **{name: getattr(self, name) for name in self._own()}}

    def _own(self) -> set[str]:
        """Options that `base` has not."""
        return {option.name for option in fields(self)} - {option.name for option in fields(Wrapping)}


@dataclass(frozen=True)
class Changing(Wrapping):
    """`base` on clips that are changed by their backgrounds first, in training and test alike (see `seen`)."""

    adapts = False  # what could be subtracted from the scores has been taken from the clips

    def fit(self, training: Training) -> Scorer:
        """The scorer takes clips as `seen` makes them."""
        require(training, self)
        return self.base.fit(self.seen(training))

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        require(training, self)
        return self.base.cross_fit(self.seen(training), splits)
