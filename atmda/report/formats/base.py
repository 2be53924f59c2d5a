"""What a format of tables is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]  # values by column; all rows of a table have the same columns


@dataclass(frozen=True)
class TableFormat:
    """A format by its name; `endings` of file names choose it.

    `write(columns, rows, path)` writes the whole table into a new file.
    """

    name: str
    endings: tuple[str, ...]
    write: Callable[[Sequence[str], Sequence[Row], Path], None]
