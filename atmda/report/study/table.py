"""A table of the report: on the page in words, in its files in full."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atmda.core.files import publish
from atmda.core.text import printable
from atmda.report.formats.base import TableFormat
from atmda.report.formats.comma_separated import CSV, guarded, write_lines
from atmda.report.formats.parquet import PLUGINS as PARQUET
from atmda.report.html import data_uri
from atmda.report.study.data import Row
from atmda.report.study.latex import latex_table
from atmda.report.study.numbers import Unit, shown

#: more rows make a page slow; its CSV file has all
MOST_SHOWN = 300


@dataclass(frozen=True)
class Table:
    """Rows with a caption.

    Attributes:
        name: of its files. columns: the unit of each; `heads`: what stands above it, where that is not its name.
    """

    name: str
    caption: str
    columns: Mapping[str, Unit]
    rows: Sequence[Row]

    @property
    def heads(self) -> list[str]:
        """What stands above the columns."""
        return [f"{name.replace('_', ' ')}{', points' if unit == 'points' else ''}"
                for name, unit in self.columns.items()]  # fmt: skip

    @property
    def left_out(self) -> int:
        """How many rows are not shown."""
        return max(0, len(self.rows) - MOST_SHOWN)

    def lines(self, most: int | None = MOST_SHOWN) -> list[list[str]]:
        """The rows in words."""
        return [
            [printable(shown(row.get(name), unit)) for name, unit in self.columns.items()] for row in self.rows[:most]
        ]

    @property
    def csv_uri(self) -> str:
        """All of it as a CSV file."""
        text = io.StringIO()
        write_lines(text, list(self.columns), [guarded(row) for row in self._full()])
        return data_uri("text/csv;charset=utf-8", text.getvalue().encode("utf-8", "backslashreplace"))

    def save(self, folder: Path, latex: bool = True) -> None:
        """Write CSV, Parquet and, for print, LaTeX. Raises OSError."""
        rows = self._full()
        _write(CSV, self, [guarded(row) for row in rows], folder / f"{self.name}.csv")
        _write(PARQUET[0], self, rows, folder / f"{self.name}.parquet")
        if not latex:
            return
        words = [unit == "words" for unit in self.columns.values()]
        with publish(folder / f"{self.name}.tex") as temporary:
            text = latex_table(self.caption, self.heads, self.lines(None), words)
            temporary.write_text(text, encoding="utf-8", newline="\n")

    def _full(self) -> list[dict[str, Any]]:
        columns = {name: _alike([_plain(row.get(name)) for row in self.rows]) for name in self.columns}
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def raw(name: str, rows: Sequence[Row], caption: str = "") -> Table:
    """Rows with all of their columns, as they are."""
    columns: dict[str, Unit] = {name: "words" for row in rows for name in row}
    return Table(name, caption or name.replace("_", " "), columns, rows)


def _write(kind: TableFormat, table: Table, rows: Sequence[Row], path: Path) -> None:
    with publish(path) as temporary:
        kind.write(list(table.columns), rows, temporary)


def _alike(values: list[Any]) -> list[Any]:
    """A column's values: words where they are not all numbers or all truth values."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 or kinds == {int, float}:
        return values
    return [None if value is None else str(value) for value in values]


def _plain(value: Any) -> Any:
    """What a table can hold: lists and the like become words, and no word has bytes that UTF-8 has not."""
    if hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
