"""What a format of results is: of a table, or of labels on a time line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]  # values by column; all rows of a table have the same columns
Columns: TypeAlias = Mapping[str, type]  # str, int, float or bool by column, in order
Add: TypeAlias = Callable[[Row], None]
#: what the values of a column may be; the first that all of them are is its type
TYPES = (bool, int, float)
#: what controls, what ends a line, and what UTF-8 cannot hold
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True)
class TableFormat:
    """A format by its name; `endings` of file names choose it.

    `open(columns, path)` opens a new file for as long as its block lasts and gives a function that takes rows, one by
    one: there may be millions, so that none is to be kept.
    """

    name: str
    endings: tuple[str, ...]
    open: Callable[[Columns, Path], AbstractContextManager[Add]]

    def write(self, columns: Sequence[str], rows: Sequence[Row], path: Path) -> None:
        """Write rows that are all there; a column's type is that of its values, text where there is none."""
        with self.open({name: _type_of(row[name] for row in rows) for name in columns}, path) as add:
            for row in rows:
                add(row)


@dataclass(frozen=True)
class Placed:
    """One label on a time line.

    Attributes:
        number: from 1 in its file.
        start, end: seconds from the start of the time line: the recording, or of several joined the first one.
        file_start: seconds from the start of its own recording.
        label, confidence: what is heard, and how surely.
        path: where its recording lies, as text.
        sample_rate: of the recording, in Hz; None where that is not known.
    """

    number: int
    start: float
    end: float
    file_start: float
    label: str
    confidence: float
    path: str
    sample_rate: float | None


@dataclass(frozen=True)
class LabelFormat:
    """A format of labels on a time line, a file a recording or one for all; `endings` of file names choose it.

    Its files are UTF-8: `header`, then `line(placed)` for each label. `endings[0]` is what a recording's file ends in.
    """

    name: str
    endings: tuple[str, ...]
    header: str
    line: Callable[[Placed], str]


def one_line(text: str) -> str:
    """`text` for a cell that ends at a tab or at the end of the line: each run of such characters is a space."""
    return text if text.isprintable() else _BREAKS.sub(" ", text)


def _type_of(values: Iterable[Any]) -> type:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 and kinds <= set(TYPES) else str
