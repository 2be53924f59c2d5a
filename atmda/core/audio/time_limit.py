"""Wall time that one recording may take, so that none can hold a run for hours."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from atmda.core.types import FloatArray
from atmda.errors import AudioError


class TookTooLongError(AudioError):
    """A recording took longer than it may; trying again would, too."""


class TimeLimit:
    """Counts from when it is made; `seconds` None never ends."""

    def __init__(self, name: str, seconds: float | None) -> None:
        self._name, self._seconds = name, seconds
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the end, 0 or less behind it; infinity without a limit."""
        return self._end - time.monotonic()

    def excuse(self, seconds: float) -> None:
        """Time that was spent on other recordings does not count."""
        self._end += seconds

    def check(self) -> None:
        """Raises AudioError once the time is over."""
        if self.left <= 0:
            raise TookTooLongError(self._name, f"it took longer than the {self._seconds:g} s of `max_seconds_per_file`")

    def watch(self, blocks: Iterator[FloatArray]) -> Iterator[FloatArray]:
        """`blocks`, the time looked at between them. Raises AudioError once it is over."""
        for block in blocks:
            self.check()
            yield block
