"""Recordings that a table lists: CSV, TSV or Parquet with a column `path`, of millions of rows where need be.

What the table says stays in Arrow's columns, and a `Clip` is made of a row when it is asked for: a million recordings
take the memory of their paths. Whether a recording is there is found out when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from atmda.core.chosen import Chosen
from atmda.core.clip import Clip
from atmda.core.part_names import part_name
from atmda.core.remote import is_remote, shown
from atmda.core.text import some_of
from atmda.core.types import IntArray
from atmda.datasets.annotation import fold_of, labels_of, number_of
from atmda.datasets.base import Dataset
from atmda.datasets.labels import merge_labels
from atmda.datasets.listing_file import SETTING, read_columns
from atmda.errors import SettingsError

COLUMNS = ("path", "label", "fold", "split", "source", "background", "start", "end")


def load_listed(table: Path) -> Dataset:
    """The recordings that `table` names in its column `path`, relative to the table where they are so.

    Columns `label` (several separated by ";"), `fold`, `split`, `source`, `background`, `start` and `end` (seconds) say
    more of them. A clip is called what the table calls its path, with `#t=<start>,<end>` where it is a part.

    Raises SettingsError where the table cannot be read, has no such column or no row that can be used.
    """
    problems: list[str] = []
    columns = read_columns(table, COLUMNS, problems)
    good = np.ones(len(columns["path"]), bool)
    known = {
        name: _Column.of(columns[name], parse, table, name, problems, good)
        for name, parse in PARSERS.items()
        if name in columns
    }
    _check_folds(known.get("fold"), table)
    labels = _merge(known["label"], problems) if "label" in known else ()
    rows = _unique(columns["path"], known, good, table, problems)
    if not len(rows):
        raise SettingsError(f"`{SETTING}` {table}: it lists no recording that can be used.", setting=SETTING)
    folds = tuple(sorted(set(known["fold"].used()) - {None})) if "fold" in known else ()
    clips = Chosen(_Listing(columns["path"], known, table.parent, labels), rows)
    return Dataset(table.stem, clips, labels, folds, tuple(problems))


class _Listing:
    """The clips of a table by row; each is made when it is asked for.

    Args:
        paths: as the table has them, Arrow strings. known: what it says of them, by column.
        folder: what relative ones are below. labels: class names in class-id order.
    """

    def __init__(self, paths: pa.Array, known: dict[str, _Column], folder: Path, labels: Sequence[str]) -> None:
        self._paths, self._known, self._folder = paths, known, folder
        self._ids = {label: number for number, label in enumerate(labels)}

    def __getitem__(self, row: int) -> Clip:
        path = self._paths[row].as_py()
        own = {name: column.at(row) for name, column in self._known.items()}
        name = _name(path, own.get("start"), own.get("end"))
        clip = Clip(Path(shown(path)), name, url=path) if is_remote(path) else Clip(self._folder / path, name)
        labels: tuple[str, ...] = own.pop("label", None) or ()
        label = labels[0] if len(labels) == 1 else None
        if own.get("start") is not None or own.get("end") is not None:
            own["source"] = own.get("source") or _name(path, None, None)
        class_id = None if label is None else self._ids[label]
        return replace(clip, label=label, labels=labels, class_id=class_id, **own)


class _Column:
    """A column of few different values: each once, and a code a row."""

    def __init__(self, values: list[Any], codes: Any) -> None:
        self.values, self._codes = values, codes

    @classmethod
    def of(
        cls, column: pa.Array, parse: Callable[[str], Any], table: Path, name: str, problems: list[str], good: Any
    ) -> _Column:
        """Each value parsed once; rows whose value cannot be are taken out of `good` and told."""
        encoded = column.dictionary_encode()
        codes: Any = np.asarray(encoded.indices.fill_null(-1))
        values: list[Any] = []
        wrong: list[str] = []
        for code, text in enumerate(encoded.dictionary.to_pylist()):
            try:
                values.append(parse(text.strip()) if text.strip() else None)
            except ValueError as error:
                values.append(None)
                rows = np.flatnonzero(codes == code)
                good[rows] = False
                wrong.append(f"{error} ({len(rows)} rows, row {rows[0] + 1} the first)")
        if wrong:
            problems.append(f"{table.name}: rows are left out, for {some_of(wrong, 5)}.")
        return cls([*values, None], codes)  # code -1 is the last, what is not known

    def at(self, row: int) -> Any:
        return self.values[self._codes[row]]

    def used(self) -> list[Any]:
        """The different values."""
        return [self.values[code] for code in np.unique(self._codes)]

    def whole(self) -> bool:
        """Whether every row has a value."""
        return None not in self.used()


PARSERS: dict[str, Callable[[str], Any]] = {
    "label": labels_of,
    "fold": fold_of,
    "split": str,
    "source": str,
    "background": str,
    "start": lambda text: number_of(text, "start"),
    "end": lambda text: number_of(text, "end"),
}


def _check_folds(fold: _Column | None, table: Path) -> None:
    if fold is not None and not fold.whole() and set(fold.used()) != {None}:
        raise SettingsError(
            f"`{SETTING}` {table}: some rows have no fold.", "Give every row a fold, or none.", setting=SETTING
        )


def _merge(column: _Column, problems: list[str]) -> tuple[str, ...]:
    """Labels that mean the same become one; gives those that stay, sorted."""
    kept, merged = merge_labels(label for labels in column.values for label in labels or ())
    if merged:
        others = [f"{other} ({label})" for label, same in merged.items() for other in same]
        problems.append(f"{len(others)} labels mean the same as another and count with it: {some_of(others, 5)}.")
    stands_for = {other: label for label, same in merged.items() for other in same}
    column.values = [
        own and tuple(dict.fromkeys(stands_for.get(label, label) for label in own)) for own in column.values
    ]
    return tuple(sorted(kept))


def _unique(paths: pa.Array, known: dict[str, _Column], good: Any, table: Path, problems: list[str]) -> IntArray:
    """The rows that can be used, sorted by the names of their clips; of rows with one name the first."""
    import pyarrow.compute as pc

    good &= np.asarray(pc.fill_null(pc.greater(pc.utf8_length(paths), 0), False))
    if lost := int((~good).sum()):
        problems.append(f"{lost} rows of {table.name} name no recording that can be used.")
    start, end = known.get("start"), known.get("end")
    names = paths
    if start or end or _any_remote(paths):
        parts = ((start.at(row) if start else None, end.at(row) if end else None) for row in range(len(paths)))
        names = pa.array([_name(path, *part) for path, part in zip(paths.to_pylist(), parts, strict=True)], pa.string())
    order: IntArray = np.asarray(pc.sort_indices(names)).astype(np.int64)
    order = order[good[order]]
    if not len(order):
        return order
    sorted_names = names.take(pa.array(order))
    same = np.asarray(pc.equal(sorted_names[1:], sorted_names[:-1]))
    if same.any():
        first = sorted_names[int(np.flatnonzero(same)[0])].as_py()
        problems.append(
            f"{int(same.sum())} rows of {table.name} list a clip again, {first} the first; the first counts."
        )
    kept: IntArray = order[np.concatenate([[True], ~same])]
    return kept


def _any_remote(paths: pa.Array) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring(paths, "://")).as_py())


def _name(path: str | None, start: float | None, end: float | None) -> str:
    return part_name(shown(path) if path and is_remote(path) else path or "", start, end)
