"""Handing units out to workers that may die: again where one died with it, in halves where that is no help.

A unit is handed out again `TRIES` times. If workers die of it still it is halved, and so are halves, down to the one
clip or window of which they die; that is handed out as often once more, and then given up and named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from atmda.core.embeddings.units import Item, Unit

TRIES = 3  # more, after the first

Result = TypeVar("Result")
Given = TypeVar("Given", covariant=True)


@dataclass(frozen=True)
class Ended(Generic[Given]):
    """What a worker made of a unit; where it died, why."""

    unit: Unit
    result: Given | None = None
    died: str = ""


class Crew(Protocol[Given]):
    """Workers, each with one unit at a time."""

    def free(self) -> int:
        """How many can be given one now."""
        ...

    def give(self, unit: Unit) -> None:
        """Give it to one that is free."""
        ...

    def ended(self) -> Sequence[Ended[Given]]:
        """Wait a moment for units to end."""
        ...


@dataclass
class Done(Generic[Result]):
    """What became of a whole unit: the results of its parts in order, and what was given up, with the reason."""

    unit: Unit
    results: list[Result]
    lost: list[tuple[Item, str]]


@dataclass
class _Open(Generic[Result]):
    """A unit that is under way, in one part or several."""

    unit: Unit
    parts: int = 1
    results: list[tuple[tuple[int, int], Result]] = field(default_factory=list)
    lost: list[tuple[Item, str]] = field(default_factory=list)

    def done(self) -> Done[Result]:
        ordered = sorted(self.results, key=lambda found: found[0])
        return Done(self.unit, [result for _, result in ordered], self.lost)


@dataclass
class _Part:
    """A unit or a part of it, how often it was handed out, and whether it was cut."""

    unit: Unit
    times: int = 0
    cut: bool = False

    @property
    def most(self) -> int:
        """Halves of what workers died of are halved at once."""
        return 1 if self.cut and self.unit.halves() else 1 + TRIES


def hand_out(units: Iterator[Unit], crew: Crew[Result]) -> Iterator[Done[Result]]:
    """Hand `units` out, one at a time to each worker, and yield each when all of it is done."""
    opened: dict[int, _Open[Result]] = {}
    given: dict[tuple[int, tuple[int, int]], _Part] = {}
    again: deque[_Part] = deque()
    exhausted = False
    while True:
        while crew.free() and (again or not exhausted):
            if again:
                part = again.popleft()
            else:
                unit = next(units, None)
                if unit is None:
                    exhausted = True
                    break
                opened[unit.number] = _Open(unit)
                part = _Part(unit)
            part.times += 1
            given[part.unit.number, part.unit.begin] = part
            crew.give(part.unit)
        if exhausted and not opened:
            return
        for ended in crew.ended():
            part, whole = given.pop((ended.unit.number, ended.unit.begin)), opened[ended.unit.number]
            if ended.result is not None:
                whole.results.append((part.unit.begin, ended.result))
                whole.parts -= 1
            elif part.times < part.most:
                again.append(part)
            elif (halves := part.unit.halves()) is not None:
                again.extend(_Part(half, cut=True) for half in halves)
                whole.parts += 1
            else:
                reason = f"the worker that read it died, {part.times} times ({ended.died})"
                whole.lost.append((part.unit.items[0], reason))
                whole.parts -= 1
            if not whole.parts:
                yield opened.pop(ended.unit.number).done()
