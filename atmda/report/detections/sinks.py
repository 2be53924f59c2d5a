"""Files that detections are written into, as they come: none is kept in memory, and a file is there whole or not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol, TextIO

from atmda.core.detection.detection import COLUMNS, Detection
from atmda.core.escaped_names import escaped
from atmda.core.files import TEMPORARY, publish, put_in_place
from atmda.core.text import printable
from atmda.report.formats.base import Add, LabelFormat, Placed, Row, TableFormat
from atmda.report.formats.comma_separated import adding, guarded

_NUMBERS = {"start": float, "end": float, "confidence": float, "score": float, "mean_confidence": float,
            "windows": int, "unadapted_confidence": float}  # fmt: skip
#: types of the columns of a table of detections
TYPES: dict[str, type] = {name: _NUMBERS.get(name, str) for name in COLUMNS}


@dataclass(frozen=True)
class Source:
    """A recording: its name, where it lies as text, its length in seconds, its rate in Hz where that is known."""

    name: str
    path: str
    seconds: float
    sample_rate: float | None


class Sink(Protocol):
    """What detections go into. Everything raises OSError where it cannot be written.

    `recording` comes before the detections in it. `finish` publishes what is whole, `abandon` leaves nothing half.
    """

    def open(self) -> None: ...
    def recording(self, source: Source) -> None: ...
    def add(self, detection: Detection) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


class Beside:
    """A file that is written beside `path` and takes its place at the end.

    Attributes:
        temporary: the file meanwhile; it stays there where it could not take its place, until it is abandoned.
        complete: whether all is in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.complete = False
        self.temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
        self._open = ExitStack()

    def enter(self, opened: AbstractContextManager[Add]) -> Add:
        """Open a format's table for as long as the file is written."""
        return self._open.enter_context(opened)

    def text(self) -> TextIO:
        """Open the file as text."""
        return self._open.enter_context(self.temporary.open("w", encoding="utf-8", newline=""))

    def finish(self) -> None:
        self._open.close()
        self.complete = True
        put_in_place(self.temporary, self.path)

    def abandon(self) -> None:
        with suppress(OSError):
            self._open.close()
        with suppress(OSError):
            self.temporary.unlink(missing_ok=True)


class TableSink:
    """A table with a row a detection."""

    def __init__(self, form: TableFormat, path: Path, spreadsheet_safe: bool) -> None:
        self.file = Beside(path)
        self._format = form
        self._guard: Callable[[Row], Row] = guarded if spreadsheet_safe else dict

    def open(self) -> None:
        self._add = self.file.enter(self._format.open(TYPES, self.file.temporary))

    def recording(self, source: Source) -> None:
        """Nothing is written of a recording in which nothing was found."""

    def add(self, detection: Detection) -> None:
        self._add(self._guard(detection.row()))

    def finish(self) -> None:
        self.file.finish()

    def abandon(self) -> None:
        self.file.abandon()


class StdoutSink:
    """CSV on stdout, after each recording all that was found in it; a terminal is shown escapes as such."""

    def __init__(self, spreadsheet_safe: bool) -> None:
        self._guard: Callable[[Row], Row] = guarded if spreadsheet_safe else dict

    def open(self) -> None:
        self._shown = sys.stdout.isatty()
        self._add = adding(sys.stdout, COLUMNS)

    def recording(self, source: Source) -> None:
        sys.stdout.flush()

    def add(self, detection: Detection) -> None:
        row = self._guard(detection.row())
        if self._shown:
            row = {name: printable(value) if isinstance(value, str) else value for name, value in row.items()}
        self._add(row)

    def finish(self) -> None:
        sys.stdout.flush()

    def abandon(self) -> None:
        """What was printed stays."""


class JoinedTrack:
    """Labels of all recordings on one time line, as of files that are opened as a sequence, one behind the other.

    A recording begins where all before it end, also those in which nothing was found.
    """

    def __init__(self, form: LabelFormat, path: Path) -> None:
        self.file = Beside(path)
        self._format = form
        self._number = 0
        self._begins = 0.0
        self._ends = Fraction(0)  # a sum of floats would drift over years

    def open(self) -> None:
        self._text = self.file.text()
        self._text.write(self._format.header)

    def recording(self, source: Source) -> None:
        self._source = source
        self._begins = float(self._ends)
        self._ends += Fraction(source.seconds)

    def add(self, detection: Detection) -> None:
        self._number += 1
        self._text.write(self._format.line(placed(detection, self._source, self._number, self._begins)))

    def finish(self) -> None:
        self.file.finish()

    def abandon(self) -> None:
        self.file.abandon()


class TrackEach:
    """A file of labels for each recording, published when the next one begins; empty where nothing was found."""

    def __init__(self, form: LabelFormat, folder: Path) -> None:
        self._format = form
        self._folder = folder
        self._under_way: ExitStack | None = None

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def recording(self, source: Source) -> None:
        self.finish()
        name = escaped(source.name)
        path = self._folder / name.with_name(name.name + self._format.endings[0])
        with ExitStack() as stack:
            temporary = stack.enter_context(publish(path))
            self._text = stack.enter_context(temporary.open("w", encoding="utf-8", newline=""))
            self._under_way = stack.pop_all()
        self._source, self._number = source, 0
        self._text.write(self._format.header)

    def add(self, detection: Detection) -> None:
        self._number += 1
        self._text.write(self._format.line(placed(detection, self._source, self._number, 0.0)))

    def finish(self) -> None:
        stack, self._under_way = self._under_way, None
        if stack is not None:
            stack.close()

    def abandon(self) -> None:
        stack, self._under_way = self._under_way, None
        if stack is not None:
            reason = InterruptedError()
            with suppress(OSError):
                stack.__exit__(type(reason), reason, None)


def placed(detection: Detection, source: Source, number: int, begins: float) -> Placed:
    """A detection on a time line on which its recording begins at `begins` seconds."""
    return Placed(
        number,
        begins + detection.start,
        begins + detection.end,
        detection.start,
        detection.label,
        detection.confidence,
        source.path,
        source.sample_rate,
    )
