"""CSV, in UTF-8 with a line feed at the end of a line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from atmda.report.formats.base import Row, TableFormat


def write_csv(columns: Sequence[str], rows: Sequence[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_lines(file, columns, rows)


def append_csv(rows: Sequence[Row], path: Path) -> None:
    """Add rows to a file, with its header where it is new."""
    with path.open("a", encoding="utf-8", newline="") as file:
        write_lines(file, list(rows[0]), rows, header=file.tell() == 0)


def write_lines(file: TextIO, columns: Sequence[str], rows: Sequence[Row], header: bool = True) -> None:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    """Truth values as JSON and most programs write them."""
    return str(value).lower() if isinstance(value, bool) else value


PLUGINS = (TableFormat("csv", (".csv",), write_csv),)
