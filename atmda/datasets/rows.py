"""The tables that data sets come with, read row by row: one that cannot be used is reported and the rest go on."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from atmda.core.clip import Clip
from atmda.core.files import read_small
from atmda.datasets.encodings import decoded
from atmda.errors import AtmdaError

DELIMITERS = (",", ";", "\t", "|")
#: The file may be the user's own, so that nothing which replaces it is advised.
PUT_RIGHT = "Put its first line right; or keep this file elsewhere, then fetch the data set's own."


@dataclass
class Rows:
    """A CSV file read row by row; a row that cannot be used is reported and the rest go on.

    Iterating gives (place, row) with every column of `columns` present; `place` is the file and line for a report.
    `delimiter` is what the data set itself uses; another one, and UTF-16, as a spreadsheet saves them, are read too.
    Raises AtmdaError where the file cannot be opened or lacks a column.
    """

    path: Path
    columns: tuple[str, ...]
    problems: list[str]
    delimiter: str = ","
    header: bool = True

    def __iter__(self) -> Iterator[tuple[str, dict[str, str]]]:
        text = text_of(self.path)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter(text))
        names = list(self.columns)
        if self.header:
            names = [name.strip() for name in next(self._records(reader), (0, [""]))[1]]
        absent = [name for name in self.columns if name not in names]
        if absent:
            raise AtmdaError(f"{self.path} has no column {absent[0]!r}; {_told(names)}.", PUT_RIGHT)
        for line, record in self._records(reader):
            place = f"{self.path.name} line {line}"
            if len(record) < len(names):
                self.problems.append(f"{place} has {len(record)} of {len(names)} columns; the row is left out.")
                continue
            yield place, {name: value.strip() for name, value in zip(names, record, strict=False)}

    def _delimiter(self, text: str) -> str:
        """The first with which the first line has all the columns; the data set's own where none does."""
        first = next((line for line in text.splitlines() if line.strip()), "")
        for delimiter in dict.fromkeys((self.delimiter, *DELIMITERS)):
            cells = [cell.strip() for cell in first.replace('"', "").split(delimiter)]
            if set(self.columns) <= set(cells) if self.header else len(cells) >= len(self.columns):
                return delimiter
        return self.delimiter

    def _records(self, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                line = getattr(reader, "line_num", 0)
                self.problems.append(f"{self.path.name} line {line} is not CSV ({error}); the row is left out.")
                continue
            if any(record):
                yield getattr(reader, "line_num", 0), record


def text_of(path: Path) -> str:
    """What a table holds; a few letters in another encoding cost their rows, not the table. Raises AtmdaError."""
    try:
        content = read_small(path)
    except OSError as error:
        raise AtmdaError(f"{path} cannot be read ({error.strerror}).") from error
    try:
        return decoded(content)
    except ValueError:
        return content.decode("utf-8-sig", "replace")


def _told(names: list[str]) -> str:
    """The columns that there are, as far as they can be read by a person."""
    shown = [name[:40] for name in names if name.isprintable() and name][:12]
    return f"there are {', '.join(shown)}" if shown else "there is no name in its first line"


def read_rows(rows: Rows, make: Callable[[dict[str, str]], Clip | None]) -> list[Clip]:
    """The clips that `make` builds of `rows`; a row for which it raises ValueError is reported, None is left out."""
    clips = []
    for place, row in rows:
        try:
            clip = make(row)
        except ValueError as error:
            rows.problems.append(f"{place}: {error}; the row is left out.")
            continue
        if clip is not None:
            clips.append(clip)
    return clips


def plain_name(name: str) -> str:
    """`name`, if it is the name of a file and nothing else: lists come from outside and must not lead elsewhere."""
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name or name[1:2] == ":":
        raise ValueError(f"{name!r} is not a plain file name")
    return name


def whole_number(text: str, what: str) -> int:
    """`text` as an int, also where a spreadsheet has made it "3.0"; ValueError says what was read."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not number.is_integer():
        raise ValueError(f"{what} {text!r} is not a whole number")
    return int(number)
