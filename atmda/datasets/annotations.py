"""What is heard when: tables of file names and labels, Raven's selection tables and Audacity's label tracks.

A table of detections, as `infer` writes it with windows, is such a table too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from atmda.core.detection.detection import COLUMNS as DETECTION_COLUMNS
from atmda.core.escaped_names import unescaped
from atmda.datasets.annotation import SETTING, Annotation, fold_of, labels_of, required, times_of
from atmda.datasets.audacity_tracks import is_track, track_rows
from atmda.datasets.raven_tables import BEGIN, NAMES, raven_rows
from atmda.datasets.tables import Table, parse_table, read_text
from atmda.errors import SettingsError

__all__ = ["Annotation", "read_annotations"]

COLUMNS = ("filename", "label", "fold", "split", "start", "end", "source")
OWN = {"filename", "start", "end", "label", "confidence", "score"}  # columns by which a table of detections is known
OF_SCENES = ("snr", "background")  # what `augment` adds for people, and detection does not need


def read_annotations(path: Path, problems: list[str]) -> list[Annotation]:
    """The rows of a table, or of all selection tables and label tracks (`.txt`) in a folder, one a recording.

    Rows that cannot be used are told in `problems`. Raises SettingsError where the table, or each of a folder, is none.
    """
    rows = _folder_rows(path, problems) if path.is_dir() else _rows(path, problems)
    with_fold = [row for row in rows if row.fold is not None]
    if with_fold and len(with_fold) < len(rows):
        first = next(row for row in rows if row.fold is None)
        raise SettingsError(
            f"`{SETTING}` {path}: {len(rows) - len(with_fold)} rows have no fold, line {first.line} the first.",
            "Give every row a fold, or none.",
            setting=SETTING,
        )
    return rows


def _folder_rows(folder: Path, problems: list[str]) -> list[Annotation]:
    """Of each table; where it does not say which recording it is of, its own path below `folder` does."""
    rows: list[Annotation] = []
    used = 0
    for path in _tables(folder):
        name = path.relative_to(folder).as_posix()
        try:
            rows += _rows(path, problems, NAMES.sub("", unescaped(name)))
        except SettingsError as error:
            problems.append(f"{name} is left out: {error.message}")
            continue
        used += 1
    if not used:
        raise SettingsError(
            f"`{SETTING}` {folder}: there is no table of selections or labels (.txt) that can be read.",
            " ".join(problems[:1]),
            setting=SETTING,
        )
    return rows


def _tables(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files) if name.lower().endswith(".txt") and name[0] != ".")


def _rows(path: Path, problems: list[str], named: str = "") -> list[Annotation]:
    """The rows of one table; `named` is its recording, where it does not say it itself."""
    text = read_text(path, SETTING)
    if is_track(text) or (not text.strip() and path.name.lower().endswith(".txt")):
        return track_rows(text, path.name, named or NAMES.sub("", path.name), problems)
    table = parse_table(text, path, SETTING)
    if table.too_long:
        problems.append(
            f"{len(table.too_long)} rows of {path.name} have more cells than there are columns, line "
            f"{table.too_long[0]} the first; they are left out (a label with a comma needs quotes)."
        )
    raven = BEGIN in table.columns
    return raven_rows(table, path, problems, named) if raven else _plain_rows(table, path, problems)


def _plain_rows(table: Table, path: Path, problems: list[str]) -> list[Annotation]:
    names = {name.lower(): name for name in table.columns}
    for needed in ("filename", "label"):
        if needed not in names:
            raise SettingsError(
                f"`{SETTING}` {path}: it has no column {needed!r}; there are {', '.join(table.columns)}.",
                "Columns are filename,label and fold,split,start,end,source where known.",
                setting=SETTING,
            )
    own = DETECTION_COLUMNS if set(names) >= OWN else OF_SCENES
    unused = [name for lower, name in names.items() if lower not in (*COLUMNS, *own)]
    if unused:
        problems.append(f"{path.name} has columns that are not used: {', '.join(unused)}.")
    rows = []
    for line, cells in table.rows():
        cell = {lower: cells[name] for lower, name in names.items()}
        try:
            rows.append(
                Annotation(
                    line,
                    required(cell["filename"], "filename").replace("\\", "/"),
                    labels_of(cell["label"]),
                    fold_of(cell.get("fold", "")),
                    cell.get("split") or None,
                    *times_of(cell.get("start", ""), cell.get("end", "")),
                    cell.get("source") or None,
                )
            )
        except ValueError as error:
            problems.append(f"{path.name} line {line}: {error}; the row is left out.")
    return rows
