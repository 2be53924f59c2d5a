"""How long recordings are cut into windows: where each begins and ends, in exact arithmetic.

Window k begins at k * hop. The last one ends with the recording: where the windows so far leave a rest, one more of
full length reaches back from the end. A recording shorter than a window is one window. Times are fractions of a second,
as the decimals that a user writes and whole samples of any rate are exact so, on the last of a million windows too.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from atmda.errors import SettingsError

#: from its first frame to the one behind its last, in seconds
Span: TypeAlias = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Cut:
    """Windows of `window` seconds, one every `hop` seconds."""

    window: Fraction
    hop: Fraction

    @classmethod
    def of(cls, window: float, hop: float | None = None) -> Cut:
        """As a user gives it, in seconds; `hop` is `window` unless given. Raises SettingsError for 0 or less."""
        for name, value in (("window", window), ("hop", hop)):
            if value is not None and not 0 < value < float("inf"):
                raise SettingsError(f"`{name}` {value:g}: it is a number of seconds, more than 0.", setting=name)
        return cls(Fraction(str(window)), Fraction(str(window if hop is None else hop)))

    @property
    def identity(self) -> dict[str, str]:
        """What decides which windows there are."""
        return {"window": f"{float(self.window):g} s", "hop": f"{float(self.hop):g} s"}

    def count(self, frames: int, sample_rate: int) -> int:
        """How many windows there are in a recording of `frames` samples at `sample_rate` Hz; 1 at least."""
        seconds = Fraction(frames, sample_rate)
        if seconds <= self.window:
            return 1
        whole = int((seconds - self.window) // self.hop) + 1
        rest = (whole - 1) * self.hop + self.window < seconds and whole * self.hop < seconds
        return whole + rest

    def span(self, number: int, frames: int, sample_rate: int) -> Span:
        """Start and end of the window of that `number`, in seconds."""
        seconds = Fraction(frames, sample_rate)
        start = number * self.hop
        if start + self.window <= seconds:
            return start, start + self.window
        return max(Fraction(0), seconds - self.window), seconds
