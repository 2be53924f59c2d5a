"""From values to places in a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` lie between `start` and `end`, in units of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, about: int = 6) -> list[float]:
        """Round values within it, at most `about` and one more: 1, 2 or 5 times a power of 10 apart."""
        least = (self.high - self.low) / about
        power = 10.0 ** floor(log10(least))
        step = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= least * (1 - 1e-9))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(number * step, 12) for number in range(first, last + 1)]


def fitted(values: Iterable[float], start: float, end: float, margin: float = 0.06) -> Scale:
    """A scale that all of `values` lie on, with some room at both ends."""
    found = list(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    room = (high - low) * margin or max(abs(high) * 0.1, 0.01)
    return Scale(low - room, high + room, start, end)
