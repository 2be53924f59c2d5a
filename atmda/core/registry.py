"""What there is of one kind (data sets, encoders, methods, metrics, formats), found rather than listed.

A module that is put into the kind's package is found by its `PLUGINS`, a tuple of objects that have a `name`. Another
package adds its own through an entry point in the group of that name, which leads to such an object or to a tuple.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import ModuleInfo, iter_modules
from typing import Any, Generic, Protocol, TypeVar

from atmda.errors import SettingsError


class Named(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str: ...


Item = TypeVar("Item", bound=Named)


class Registry(Generic[Item]):
    """All objects of one kind by name, looked for when first asked.

    Other packages are asked only for a name that is not built in, or for all there are: reading what they declare
    takes longer than most of what a command imports.

    Args:
        kind: what one is called in messages, as "encoder".
        package: the package whose modules are looked through; `atmda.` and its last part is the entry points' group.
        order: names in the order in which they are to be listed; others follow, sorted.
    """

    def __init__(self, kind: str, package: str, order: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.group = f"atmda.{package.rpartition('.')[2]}"
        self._package = package
        self._order = order
        self._own: dict[str, Item] | None = None
        self._others: dict[str, Item] | None = None

    def __iter__(self) -> Iterator[Item]:
        return iter(self._all().values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def built_in(self) -> list[Item]:
        """Those of this package, in the order of listing."""
        if self._own is None:
            self._own = self._ordered({item.name: item for item in self._declared()})
        return list(self._own.values())

    def names(self) -> list[str]:
        """Names of all there are, in the order of listing."""
        return list(self._all())

    def find(self, name: str) -> Item | None:
        """The one called `name`, or None."""
        self.built_in()
        assert self._own is not None
        return self._own.get(name) or self._all().get(name)

    def get(self, name: str) -> Item:
        """The one called `name`. Raises SettingsError with the nearest known name."""
        found = self.find(name)
        if found is None:
            near = get_close_matches(name, self.names(), n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(self.names())}."
            raise SettingsError(f"There is no {self.kind} {name!r}.", hint)
        return found

    def add(self, item: Item) -> Callable[[], None]:
        """Add `item` by hand, as a notebook or a test does; call what is returned to take it out again."""
        self.built_in()
        assert self._own is not None
        before, self._own = self._own, {**self._own, item.name: item}

        def undo() -> None:
            self._own = before

        return undo

    def _all(self) -> dict[str, Item]:
        own = {item.name: item for item in self.built_in()}
        if self._others is None:
            self._others = {item.name: item for item in self._from_elsewhere()}
        return self._ordered({**self._others, **own})

    def _ordered(self, items: dict[str, Item]) -> dict[str, Item]:
        ranks = {name: rank for rank, name in enumerate(self._order)}
        return dict(sorted(items.items(), key=lambda pair: (ranks.get(pair[0], len(ranks)), pair[0])))

    def _declared(self) -> Iterator[Item]:
        package = import_module(self._package)
        for module in sorted(iter_modules(package.__path__), key=lambda module: module.name):
            if _declares(module):
                yield from getattr(import_module(f"{self._package}.{module.name}"), "PLUGINS", ())

    def _from_elsewhere(self) -> Iterator[Item]:
        for entry in _entry_points(tuple(sys.path)).select(group=self.group):
            try:
                loaded: Any = entry.load()
                items = loaded if isinstance(loaded, tuple) else (loaded,)
                named = [item for item in items if isinstance(item.name, str)]
            except Exception as error:  # someone else's code raises what it will; ours must go on
                logging.getLogger("atmda").warning(
                    f"The {self.kind} {entry.name} of another package cannot be used ({type(error).__name__}: {error})."
                )
                continue
            yield from named


@cache
def _entry_points(places: tuple[str, ...]) -> Any:
    """What all packages in `places`, Python's path, declare: read once for all registries."""
    return entry_points()


def _declares(module: ModuleInfo) -> bool:
    """Whether a module's source speaks of PLUGINS at all: helpers beside it, which may import much, are left alone."""
    spec = module.module_finder.find_spec(module.name, None)
    loader: Any = spec.loader if spec else None
    try:
        source = loader.get_source(loader.name)
    except (AttributeError, ImportError):
        return True
    return source is None or "PLUGINS" in source
