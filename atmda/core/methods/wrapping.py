"""A method made of another one: what the wrappers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from atmda.core.methods.base import Method


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
