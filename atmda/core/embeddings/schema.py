"""The one Arrow schema: a column for each thing that is known of a `Clip`, beside its embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from atmda.core.clip import Clip
from atmda.core.types import BoolArray, FloatArray

#: column -> its type and the attribute of `Clip` that it holds; `clip` is the name, the path is not stored
COLUMNS: Mapping[str, tuple[pa.DataType, str]] = {
    "clip": (pa.string(), "name"),
    "label": (pa.string(), "label"),
    "labels": (pa.list_(pa.string()), "labels"),
    "fold": (pa.int32(), "fold"),
    "split": (pa.string(), "split"),
    "source": (pa.string(), "source"),
    "background": (pa.string(), "background"),
    "onset": (pa.float64(), "onset"),
    "offset": (pa.float64(), "offset"),
    "start": (pa.float64(), "start"),
    "end": (pa.float64(), "end"),
}


def as_arrow(clips: Sequence[Clip], embeddings: Sequence[FloatArray], dim: int) -> pa.Table:
    """`clips` and their `embeddings`, float32 (dim,) each, as one table; `embedding` is the second column."""
    values = np.concatenate(list(embeddings)) if len(embeddings) else np.zeros(0, np.float32)
    columns = {
        name: pa.array([_stored(getattr(clip, attribute)) for clip in clips], kind)
        for name, (kind, attribute) in COLUMNS.items()
    }
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(values, pa.float32()), dim)
    return pa.table({"clip": columns.pop("clip"), "embedding": embedding, **columns})


def _stored(value: Any) -> Any:
    """What is not known is null; so are the labels of a clip with less than two, which `label` tells sooner."""
    if isinstance(value, tuple):
        return value if len(value) > 1 else None
    return None if value == "" else value


def embedding_matrix(column: pa.ChunkedArray) -> FloatArray:
    """A column of lists as float32 (n, d); a row that is null, or holds a null, has NaN. Raises ValueError where
    rows are not all of one width.

    Read from Arrow's own memory: pyarrow's `to_numpy` and `flatten` import pandas and its compute kernels, a third of
    a second, and pass over null rows, so that those after them would belong to other clips.
    """
    parts = [_matrix(chunk) for chunk in column.chunks if len(chunk)]
    if len({part.shape[1] for part in parts}) > 1:
        raise ValueError("its embeddings are not all of one width")
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def _matrix(chunk: pa.Array) -> FloatArray:
    n = len(chunk)
    valid = _valid(chunk)
    if pa.types.is_fixed_size_list(chunk.type):
        width = chunk.type.list_size
        found = _numbers(chunk.values, chunk.offset * width, n * width).reshape(n, width)
        return found if valid.all() else np.where(valid[:, None], found, np.float32(np.nan))
    if not pa.types.is_list(chunk.type) and not pa.types.is_large_list(chunk.type):
        raise ValueError("its column embedding does not hold lists of numbers")
    bounds = np.asarray(chunk.offsets.to_pylist(), np.int64)
    widths = np.diff(bounds)[valid]
    if len(np.unique(widths)) > 1:
        raise ValueError("its embeddings are not all of one width")
    width = int(widths[0]) if len(widths) else 0
    found = np.full((n, width), np.nan, np.float32)
    values = _numbers(chunk.values, 0, len(chunk.values))
    found[valid] = values[(bounds[:-1][valid])[:, None] + np.arange(width)]
    return found


def _numbers(values: pa.Array, first: int, length: int) -> FloatArray:
    """`length` numbers from `first` on, float32, NaN for a null."""
    if not pa.types.is_floating(values.type) and not pa.types.is_integer(values.type):
        raise ValueError("its column embedding does not hold lists of numbers")
    part = values[first : first + length]
    if part.type != pa.float32():
        part = part.cast(pa.float32())
    buffer = part.buffers()[1]
    found = np.frombuffer(buffer if buffer is not None else b"", np.float32)[part.offset : part.offset + length]
    return np.where(_valid(part), found, np.float32(np.nan)) if part.null_count else found


def _valid(values: pa.Array) -> BoolArray:
    if not values.null_count:
        return np.ones(len(values), bool)
    return np.asarray(values.is_valid().to_pylist(), bool)


def known_values(table: pa.Table, name: str) -> list[Any] | None:
    """A column as a list; None where it is absent or does not tell of every clip."""
    if name not in table.column_names or table[name].null_count:
        return None
    return list(table[name].to_pylist())


def label_sets(table: pa.Table) -> list[tuple[str, ...]] | None:
    """All classes of each clip, () for one without; None where each has one, or none has any.

    Older stores have `label` alone.
    """
    if "label" in table.column_names and not table["label"].null_count:
        return None  # one class each, which is what `label` says
    several = table["labels"].to_pylist() if "labels" in table.column_names else [None] * len(table)
    one = table["label"].to_pylist() if "label" in table.column_names else [None] * len(table)
    found = [
        tuple(many) if many else (() if label is None else (label,)) for many, label in zip(several, one, strict=True)
    ]
    return found if any(found) else None


def seconds(table: pa.Table, name: str) -> Any:
    """A column of times, float64 (n,), NaN where it is not known; None where it is known of no clip."""
    if name not in table.column_names or table[name].null_count == len(table):
        return None
    return np.asarray(table[name].cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
