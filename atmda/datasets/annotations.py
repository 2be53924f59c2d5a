"""Tables that say what is heard when: CSV or TSV of file names and labels, or Raven selection tables."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from atmda.datasets.base import display_name, fold_in
from atmda.datasets.tables import Table, parse_table, read_text
from atmda.errors import SettingsError

SETTING = "annotations"
COLUMNS = ("filename", "label", "fold", "split", "start", "end", "source")
LABEL_SEPARATOR = ";"
RAVEN_BEGIN, RAVEN_END, RAVEN_OFFSET = "Begin Time (s)", "End Time (s)", "File Offset (s)"
RAVEN_LABELS = ("Label", "Annotation", "Species", "Common Name", "Species Code", "Tags", "Class", "Sound Type")
RAVEN_NAMES = re.compile(r"(\.Table\.\d+)?\.selections\.txt$|\.txt$", re.IGNORECASE)


@dataclass(frozen=True)
class Annotation:
    """One row: the recording as the table names it, and what it says of it (seconds from the recording's start)."""

    line: int
    recording: str
    labels: tuple[str, ...]
    fold: int | None = None
    split: str | None = None
    start: float | None = None
    end: float | None = None
    source: str | None = None


def read_annotations(path: Path, problems: list[str]) -> list[Annotation]:
    """The rows of a table, or of a Raven selection table; rows that cannot be used are told in `problems`."""
    table = parse_table(read_text(path, SETTING), path, SETTING)
    if table.too_long:
        problems.append(
            f"{len(table.too_long)} rows of {path.name} have more cells than there are columns, line "
            f"{table.too_long[0]} the first; they are left out (a label with a comma needs quotes)."
        )
    raven = RAVEN_BEGIN in table.columns
    rows = _raven_rows(table, path, problems) if raven else _plain_rows(table, path, problems)
    with_fold = [row for row in rows if row.fold is not None]
    if with_fold and len(with_fold) < len(rows):
        first = next(row for row in rows if row.fold is None)
        raise SettingsError(
            f"`{SETTING}` {path}: {len(rows) - len(with_fold)} rows have no fold, line {first.line} the first.",
            "Give every row a fold, or none.",
            setting=SETTING,
        )
    return rows


def _plain_rows(table: Table, path: Path, problems: list[str]) -> list[Annotation]:
    names = {name.lower(): name for name in table.columns}
    for needed in ("filename", "label"):
        if needed not in names:
            raise SettingsError(
                f"`{SETTING}` {path}: it has no column {needed!r}; there are {', '.join(table.columns)}.",
                "Columns are filename,label and fold,split,start,end,source where known.",
                setting=SETTING,
            )
    unused = [name for lower, name in names.items() if lower not in COLUMNS]
    if unused:
        problems.append(f"{path.name} has columns that are not used: {', '.join(unused)}.")
    rows = []
    for line, cells in table.rows():
        cell = {lower: cells[name] for lower, name in names.items()}
        try:
            rows.append(
                Annotation(
                    line,
                    _required(cell["filename"], "filename").replace("\\", "/"),
                    _labels(cell["label"]),
                    _fold(cell.get("fold", "")),
                    cell.get("split") or None,
                    *_times(cell.get("start", ""), cell.get("end", "")),
                    cell.get("source") or None,
                )
            )
        except ValueError as error:
            problems.append(f"{path.name} line {line}: {error}; the row is left out.")
    return rows


def _raven_rows(table: Table, path: Path, problems: list[str]) -> list[Annotation]:
    """Selections; one that Raven lists once a view counts once. Times are within the file where that is told."""
    label_column = next((name for name in RAVEN_LABELS if name in table.columns), None)
    if label_column is None:
        raise SettingsError(
            f"`{SETTING}` {path}: this selection table has no column {', '.join(RAVEN_LABELS[:3])} or the like.",
            "Name the column of labels Label.",
            setting=SETTING,
        )
    rows: dict[tuple[object, ...], Annotation] = {}
    for line, cell in table.rows():
        recording = cell.get("Begin Path") or cell.get("Begin File") or RAVEN_NAMES.sub("", path.name)
        try:
            start, end = _selection(cell)
        except ValueError as error:
            problems.append(f"{path.name} line {line}: {error}; the row is left out.")
            continue
        row = Annotation(line, PureWindowsPath(recording).as_posix(), _labels(cell[label_column]), start=start, end=end)
        rows.setdefault((row.recording, row.start, row.end, row.labels), row)
    return list(rows.values())


def _selection(cell: dict[str, str]) -> tuple[float, float]:
    """Start and end in seconds, from the start of the file where its offset is told. Raises ValueError."""
    start = _number(_required(cell[RAVEN_BEGIN], RAVEN_BEGIN), RAVEN_BEGIN)
    end = _number(_required(cell.get(RAVEN_END, ""), RAVEN_END), RAVEN_END)
    _refuse_backwards(start, end)
    if cell.get(RAVEN_OFFSET):
        offset = _number(cell[RAVEN_OFFSET], RAVEN_OFFSET)
        start, end = offset, offset + (end - start)
    return start, end


def _required(text: str, column: str) -> str:
    if not text:
        raise ValueError(f"{column} is empty")
    return text


def _labels(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(display_name(part) for part in text.split(LABEL_SEPARATOR) if part.strip()))


def _fold(text: str) -> int | None:
    """3, "3.0" as spreadsheets write it, or "fold3"."""
    if not text:
        return None
    named = fold_in(text.lower())
    number = _number(text, "fold") if named is None else float(named)
    if not number.is_integer():
        raise ValueError(f"fold {text!r} is not a whole number")
    return int(number)


def _times(start: str, end: str) -> tuple[float | None, float | None]:
    first = _number(start, "start") if start else None
    last = _number(end, "end") if end else None
    if last is not None:
        _refuse_backwards(first or 0.0, last)
    return first, last


def _refuse_backwards(start: float, end: float) -> None:
    if end <= start:
        raise ValueError(f"end {end:g} is not after start {start:g}")


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{what} {text!r} is not a number of 0 or more")
    return number
