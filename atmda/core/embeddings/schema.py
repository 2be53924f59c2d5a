"""The one Arrow schema: a column for each thing that is known of a `Clip`, beside its embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from atmda.core.clip import Clip
from atmda.core.types import FloatArray

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


def as_numpy(values: pa.Array) -> FloatArray:
    """Numbers as float32 (n,), NaN where there is none; a view of Arrow's own memory where that is float32.

    Not by pyarrow's `to_numpy`, which imports pandas wherever it is installed: a third of a second.
    """
    numbers = values.cast(pa.float32())
    found = np.frombuffer(numbers.buffers()[1] or b"", np.float32)[numbers.offset : numbers.offset + len(numbers)]
    if numbers.null_count:
        return np.where(np.asarray(numbers.is_valid().to_pylist(), bool), found, np.float32(np.nan))
    return found


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
