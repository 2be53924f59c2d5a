"""Scores and predicted classes of a grid's cells in one Parquet file, from which the cells are put together again.

A row a clip: its name, classes, fold and source recording; `predicted i`, the class that cell i gives it (-1 where it
was not tested); `scores i` and `profile i`, vectors over the classes that several cells may share. What a cell is
stands in the file's metadata, under `atmda`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from atmda.core.evaluation.results import FoldResult, GridResult
from atmda.core.files import publish
from atmda.core.types import BoolArray, FloatArray, IntArray
from atmda.core.untrusted import parsed_object
from atmda.errors import StoreError

KEY, FORMAT = b"atmda", 1
_VECTORS = ("unadapted", "profile")


@dataclass(frozen=True)
class Kept:
    """Cells and the clips they are about.

    Attributes:
        clips: names, n of them. classes: names, c of them.
        y: true classes, int (n,), or bool (n, c) where clips may have several.
        folds: int (n,), or None. sources: the recording that each clip was cut from, or None; clips of one are not
            independent.
        cells: as `run_grid` gave them.
    """

    clips: list[str]
    classes: tuple[str, ...]
    y: IntArray | BoolArray
    folds: IntArray | None
    sources: list[str] | None
    cells: list[GridResult]


class _Vectors:
    """Vectors by clip, each array kept once however many cells have it."""

    def __init__(self) -> None:
        self.columns: dict[str, FloatArray] = {}
        self._names: dict[tuple[int, ...], str] = {}

    def name(self, what: str, rows: FloatArray, of: IntArray | None = None) -> str:
        """The column of `rows`, or of the rows that `of` (n,) says, NaN for -1."""
        key = (id(rows),) if of is None else (id(rows), id(of))
        if key not in self._names:
            self._names[key] = name = f"{what} {sum(column.startswith(what) for column in self.columns)}"
            self.columns[name] = rows if of is None else np.where(of[:, None] < 0, np.nan, rows[of])
        return self._names[key]


def write_kept(path: Path, kept: Kept) -> None:
    """Publish the file. Raises OSError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    vectors = _Vectors()
    cells = [_told(number, cell, vectors) for number, cell in enumerate(kept.cells)]
    split_of = kept.cells[0].split_of if kept.cells else np.full(len(kept.clips), -1)
    columns: dict[str, Any] = {
        "clip": pa.array(kept.clips, pa.string()),
        "classes": pa.array(_classes(kept.y), pa.list_(pa.int32())),
        "fold": pa.array([None] * len(kept.clips) if kept.folds is None else kept.folds, pa.int64()),
        "source": pa.array([None] * len(kept.clips) if kept.sources is None else kept.sources, pa.string()),
        "split": pa.array(split_of, pa.int32()),
    }
    columns |= {f"predicted {n}": pa.array(cell.predicted, pa.int32()) for n, cell in enumerate(kept.cells)}
    for name, rows in vectors.columns.items():
        flat = pa.array(np.ascontiguousarray(rows, np.float32).reshape(-1))
        columns[name] = pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])
    about = {"format": FORMAT, "classes": list(kept.classes), "several": kept.y.ndim == 2, "cells": cells}
    table = pa.table(columns).replace_schema_metadata({KEY: json.dumps(about, ensure_ascii=False)})
    with publish(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _told(number: int, cell: GridResult, vectors: _Vectors) -> dict[str, Any]:
    profile = None if cell.profile is None else vectors.name("profile", cell.profile, cell.profile_of)
    return {
        "mode": cell.mode,
        "modality": cell.modality,
        "temperature": cell.temperature,
        "folds": [vars(fold) | {"metrics": dict(fold.metrics), "chosen": dict(fold.chosen)} for fold in cell.folds],
        "temperatures": cell.temperatures.tolist(),
        "logit_scales": cell.logit_scales.tolist(),
        "scores": vectors.name("scores", cell.unadapted),
        "profile": profile,
        "more": {name: vectors.name(name, rows) for name, rows in _more(cell)},
        "predicted": f"predicted {number}",
    }


def _more(cell: GridResult) -> list[tuple[str, FloatArray]]:
    """What else a cell has by clip and class, under its field's name."""
    others = [(field.name, getattr(cell, field.name)) for field in fields(cell) if field.name not in _VECTORS]
    return [(name, rows) for name, rows in others if isinstance(rows, np.ndarray) and rows.ndim == 2]


def _classes(y: IntArray | BoolArray) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in y] if y.ndim == 2 else [[int(c)] for c in y]


def read_kept(path: Path) -> Kept:
    """The cells in a file of `write_kept`. Raises StoreError where there is none, or something else."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        about = parsed_object((table.schema.metadata or {}).get(KEY, b""), f"{path}: what it says of its cells")
        return _kept(table, about)
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path} does not hold the cells of a grid ({error}).", "Remove its folder.") from error


def _kept(table: Any, about: dict[str, Any]) -> Kept:
    if about["format"] != FORMAT:
        raise ValueError(f"its format is {about['format']!r}")
    classes, clips = tuple(about["classes"]), table["clip"].to_pylist()
    lists = [field.name for field in table.schema if str(field.type).startswith("fixed_size_list")]
    arrays = {name: _vectors(table[name]) for name in lists}
    own = table["classes"].to_pylist()
    if about["several"]:
        y: Any = np.zeros((len(clips), len(classes)), bool)
        for row, members in enumerate(own):
            y[row, members] = True
    else:
        y = np.asarray([members[0] for members in own], np.int64)
    split_of, everything = table["split"].to_numpy().astype(np.int64), np.arange(len(clips))
    folds = table["fold"].to_numpy().astype(np.int64) if not table["fold"].null_count else None
    sources = table["source"].to_pylist() if not table["source"].null_count else None
    cells = [
        GridResult(
            cell["mode"],
            cell["modality"],
            cell["temperature"],
            tuple(FoldResult(**fold) for fold in cell["folds"]),
            arrays[cell["scores"]],
            None if cell["profile"] is None else arrays[cell["profile"]],
            everything if cell["profile"] else split_of,
            split_of,
            np.asarray(cell["temperatures"], np.float32),
            np.asarray(cell["logit_scales"], np.float32),
            table[cell["predicted"]].to_numpy().astype(np.int64),
            **{name: arrays[column] for name, column in cell["more"].items()},
        )
        for cell in about["cells"]
    ]
    return Kept(clips, classes, y, folds, sources, cells)


def _vectors(column: Any) -> FloatArray:
    whole = column.combine_chunks()
    size = whole.type.list_size
    return np.asarray(whole.values.to_numpy(zero_copy_only=False), np.float32).reshape(-1, size)
