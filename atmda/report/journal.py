"""Rows on the disk while a long run is under way, for the case that it never ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from atmda.report.formats import Row
from atmda.report.formats.comma_separated import append_csv

SECONDS = 60.0


class Journal:
    """A CSV file of the rows so far, brought up to date once a minute; a run shorter than that leaves no trace.

    Power cuts and SIGKILL give no time to save anything, so the rows must be there before. Where the file cannot be
    written, `warn` is told once and the run goes on without.
    """

    def __init__(self, unused_path: Callable[[], Path], warn: Callable[[str], None]) -> None:
        self._unused_path = unused_path  # asked once there is something to write: free only until it is taken
        self.path = Path()
        self.written = 0
        self._warn = warn
        self._waiting: list[Row] | None = []
        self._due = time.monotonic() + SECONDS

    def add(self, row: Row) -> None:
        if self._waiting is not None:
            self._waiting.append(row)
        if time.monotonic() >= self._due:
            self.write()

    def write(self) -> None:
        """Write what has come since the last time."""
        self._due = time.monotonic() + SECONDS
        if not self._waiting:
            return
        try:
            if not self.written:
                self.path = self._unused_path()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            append_csv(self._waiting, self.path)
        except OSError as error:
            self._warn(
                f"{self.path} cannot be written ({error.strerror}): should this run be killed, its rows are lost."
            )
            self._waiting = None
            return
        self.written += len(self._waiting)
        self._waiting.clear()

    def discard(self) -> None:
        """Remove the file, once its rows stand elsewhere."""
        if self.written:
            self.path.unlink(missing_ok=True)
