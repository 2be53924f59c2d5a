"""Tables that people write: CSV or TSV with a header, in UTF-8 or UTF-16, whatever the spreadsheet made of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atmda.core.files import read_small
from atmda.datasets.encodings import decoded
from atmda.errors import SettingsError


@dataclass(frozen=True)
class Table:
    """Column names, and records with the line on which each ends."""

    columns: tuple[str, ...]
    records: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def too_long(self) -> tuple[int, ...]:
        """The lines with more cells than there are columns, as a label with a comma and without quotes makes them."""
        return tuple(line for line, record in self.records if any(record[len(self.columns) :]))

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each record that is not too long as a dictionary; cells that are missing at its end are empty."""
        for line, record in self.records:
            if not any(record[len(self.columns) :]):
                cells = [*record, *[""] * (len(self.columns) - len(record))]
                yield line, dict(zip(self.columns, cells, strict=False))


def read_text(path: Path, setting: str) -> str:
    """The text of a file that people wrote. Raises SettingsError, naming `setting`, where it is none."""
    try:
        content = read_small(path)
    except OSError as error:
        raise SettingsError(f"`{setting}` {path}: it cannot be read ({error.strerror}).", setting=setting) from error
    try:
        return decoded(content)
    except ValueError as error:  # UnicodeDecodeError is one
        raise SettingsError(
            f"`{setting}` {path}: it is not text in UTF-8 or UTF-16.",
            "Save it as UTF-8 and try again.",
            setting=setting,
        ) from error


def parse_table(text: str, path: Path, setting: str) -> Table:
    """`text` as a table; its first line that is not blank is the header. Raises SettingsError where it is none."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(header))
        lines = [(reader.line_num, tuple(cell.strip() for cell in record)) for record in reader]
    except csv.Error as error:
        raise SettingsError(f"`{setting}` {path}: it is not a CSV table ({error}).", setting=setting) from error
    records = [(line, cells) for line, cells in lines if any(cells)]
    if not records:
        raise SettingsError(f"`{setting}` {path}: there is nothing in it.", setting=setting)
    columns = records[0][1]
    names = [name.lower() for name in columns if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"`{setting}` {path}: two columns are called {twice!r}.", "Rename one of them.", setting=setting
        )
    return Table(columns, tuple(records[1:]))


def columns_of(header: str) -> tuple[str, ...]:
    """The names in the header line of a table."""
    return tuple(name.strip() for name in next(csv.reader([header], delimiter=delimiter_of(header)), []))


def delimiter_of(header: str) -> str:
    """What separates the columns of a header line: a tab, else the commoner of semicolon and comma."""
    if "\t" in header:
        return "\t"
    return ";" if header.count(";") > header.count(",") else ","
