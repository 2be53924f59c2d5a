"""CSV, in UTF-8 with a line feed at the end of a line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from atmda.report.formats.base import Add, Columns, Row, TableFormat

RUN = ("=", "+", "-", "@", "\t", "\r")  # how cells begin that a spreadsheet runs


@contextmanager
def open_csv(columns: Columns, path: Path) -> Iterator[Add]:
    with path.open("w", encoding="utf-8", newline="") as file:
        yield adding(file, list(columns))


def append_csv(rows: Sequence[Row], path: Path) -> None:
    """Add rows to a file, with its header where it is new."""
    with path.open("a", encoding="utf-8", newline="") as file:
        write_lines(file, list(rows[0]), rows, header=file.tell() == 0)


def write_lines(file: TextIO, columns: Sequence[str], rows: Sequence[Row], header: bool = True) -> None:
    add = adding(file, columns, header)
    for row in rows:
        add(row)


def adding(file: TextIO, columns: Sequence[str], header: bool = True) -> Add:
    """What writes rows to `file`, one by one; the header is written at once."""
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    # before Python 3.13 a carriage return alone is not put in quotes, and read back as the end of a line
    quoting = csv.DictWriter(file, columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
    if header:
        writer.writeheader()

    def add(row: Row) -> None:
        cells = {name: _cell(value) for name, value in row.items()}
        risky = any("\r" in value for value in cells.values() if isinstance(value, str))
        (quoting if risky else writer).writerow(cells)

    return add


def guarded(row: Row) -> Row:
    """A row whose words no spreadsheet takes for a formula: an apostrophe stands before =, +, -, @, tab and return."""
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(RUN) else value for name, value in row.items()
    }


def _cell(value: Any) -> Any:
    """Truth values as JSON and most programs write them."""
    return str(value).lower() if isinstance(value, bool) else value


CSV = TableFormat("csv", (".csv",), open_csv)
PLUGINS = (CSV,)
