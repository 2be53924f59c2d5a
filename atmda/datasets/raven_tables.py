"""Selection tables of Raven as annotations."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath

from atmda.datasets.annotation import SETTING, Annotation, labels_of, number_of, refuse_backwards, required
from atmda.datasets.tables import Table
from atmda.errors import SettingsError

BEGIN, END, OFFSET = "Begin Time (s)", "End Time (s)", "File Offset (s)"
LABELS = ("Label", "Annotation", "Species", "Common Name", "Species Code", "Tags", "Class", "Sound Type")
NAMES = re.compile(r"((\.Table\.\d+)?\.selections|\.labels)?\.txt$", re.IGNORECASE)  # behind a recording's name


def raven_rows(table: Table, path: Path, problems: list[str], named: str = "") -> list[Annotation]:
    """Selections; one that Raven lists once a view counts once. Times are within the file where that is told.

    `named`: the recording, where the table does not say it; "" is told by the table's own name.
    """
    label_column = next((name for name in LABELS if name in table.columns), None)
    if label_column is None:
        raise SettingsError(
            f"`{SETTING}` {path}: this selection table has no column {', '.join(LABELS[:3])} or the like.",
            "Name the column of labels Label.",
            setting=SETTING,
        )
    rows: dict[tuple[object, ...], Annotation] = {}
    for line, cell in table.rows():
        recording = cell.get("Begin Path") or cell.get("Begin File") or named or NAMES.sub("", path.name)
        try:
            start, end = _selection(cell)
        except ValueError as error:
            problems.append(f"{path.name} line {line}: {error}; the row is left out.")
            continue
        name, labels = PureWindowsPath(recording).as_posix(), labels_of(cell[label_column])
        row = Annotation(line, name, labels, start=start, end=end, table=named)
        rows.setdefault((row.recording, row.start, row.end, row.labels), row)
    return list(rows.values())


def _selection(cell: dict[str, str]) -> tuple[float, float]:
    """Start and end in seconds, from the start of the file where its offset is told. Raises ValueError."""
    start = number_of(required(cell[BEGIN], BEGIN), BEGIN)
    end = number_of(required(cell.get(END, ""), END), END)
    refuse_backwards(start, end)
    if cell.get(OFFSET):
        offset = number_of(cell[OFFSET], OFFSET)
        start, end = offset, round(offset + (end - start), 6)  # to a microsecond: the difference is not exact
    return start, end
