"""The one Arrow schema: a column for each thing that is known of a `Clip`, beside its embedding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from atmda.core.clip import Clip
from atmda.core.embeddings.folds import fold_numbers
from atmda.core.fingerprint import Fingerprint
from atmda.core.remote import fits
from atmda.core.types import FloatArray

if TYPE_CHECKING:
    from atmda.core.embeddings.engine import Embedded

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


#: column -> its type; what was found when the recording was read
SEEN: Mapping[str, pa.DataType] = {
    "note": pa.string(),
    "silent": pa.bool_(),
    "level": pa.float32(),
    "size": pa.int64(),
    "modified": pa.int64(),
    "sha256": pa.string(),
}
#: column -> its type, of all that are not the embedding
KINDS = {**{name: kind for name, (kind, _) in COLUMNS.items()}, **SEEN}
FILE = ("size", "modified", "sha256")  # the columns that hold a fingerprint


@dataclass(frozen=True)
class Seen:
    """What was found when a clip was embedded.

    Attributes:
        note: what is to be told of it. silent: whether there is no sound in it.
        fingerprint: of its file. level: in dB below full scale, -inf for digital silence; None where it is not known.
    """

    note: str = ""
    silent: bool = False
    fingerprint: Fingerprint | None = None
    level: float | None = None

    @classmethod
    def in_result(cls, result: Embedded) -> Seen:
        """What the engine found."""
        return cls("; ".join(result.notes), result.silent, result.fingerprint, result.level)

    def values(self) -> dict[str, Any]:
        """As the columns `SEEN` hold it."""
        found = vars(self.fingerprint) if self.fingerprint else {}
        known = {"note": self.note or None, "silent": self.silent, "level": self.level}
        return known | {name: found.get(name) for name in FILE}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Seen:
        """What `values` gave, read back; stores of format 1 tell nothing."""
        found = [values.get(name) for name in FILE]
        fingerprint = None if None in found else Fingerprint(*found)  # type: ignore[arg-type]
        return cls(values.get("note") or "", bool(values.get("silent")), fingerprint, values.get("level"))


def as_arrow(
    clips: Sequence[Clip], embeddings: Sequence[FloatArray], dim: int, seen: Mapping[str, Seen] | None = None
) -> pa.Table:
    """`clips` and their `embeddings`, float32 (dim,) each, as one table; `embedding` is the second column.

    `seen`: by the clip's name, where something is known.
    """
    values = np.concatenate(list(embeddings)) if len(embeddings) else np.zeros(0, np.float32)
    known = [known_of(clip) for clip in clips]
    columns = {name: pa.array([own[name] for own in known], kind) for name, (kind, _) in COLUMNS.items()}
    found = [((seen or {}).get(clip.name) or Seen()).values() for clip in clips]
    columns |= {name: pa.array([own[name] for own in found], kind) for name, kind in SEEN.items()}
    embedding = pa.FixedSizeListArray.from_arrays(pa.array(values, pa.float32()), dim)
    return pa.table({"clip": columns.pop("clip"), "embedding": embedding, **columns})


def known_of(clip: Clip) -> dict[str, Any]:
    """What is known of a clip, as the columns hold it and Arrow gives it back."""
    return {name: _stored(getattr(clip, attribute)) for name, (_, attribute) in COLUMNS.items()}


def is_stale(clip: Clip, values: Mapping[str, Any]) -> bool:
    """Whether a clip, or its file, is not what it was when the row `values` was stored.

    Where the row tells nothing of the file, or the file is gone, the row is taken as it is.
    """
    return not (says_the_same(clip, values) and is_as_seen(clip, values))


def says_the_same(clip: Clip, values: Mapping[str, Any]) -> bool:
    """Whether what is known of a clip is what the row `values` says of it, as far as it says anything."""
    return all(name not in values or value == values[name] for name, value in known_of(clip).items())


def is_as_seen(clip: Clip, values: Mapping[str, Any]) -> bool:
    """Whether a clip's file, or object, is the one that the row `values` tells of; so it counts where it is gone."""
    fingerprint = Seen.of(values).fingerprint
    if fingerprint is None:
        return True
    try:
        return fits(clip.url, fingerprint) if clip.url else fingerprint.fits(clip.path)
    except OSError:
        return True


def _stored(value: Any) -> Any:
    """What is not known is null; so are the labels of a clip with less than two, which `label` tells sooner."""
    if isinstance(value, tuple):
        return list(value) if len(value) > 1 else None
    return None if value == "" else value


def in_kind(table: pa.Table) -> pa.Table:
    """`table`, whatever wrote it, with the columns of `KINDS` that it has in the kinds that they are to be of.

    Raises ValueError for a column that cannot be, and where a clip has no name.
    """
    for name, kind in KINDS.items():
        if name in table.column_names and table[name].type != kind:
            try:
                column = _whole(table[name]) if name == "fold" else table[name].cast(kind)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise ValueError(f"its column {name} does not hold {kind}") from error
            table = table.set_column(table.column_names.index(name), name, column)
    if "clip" in table.column_names and table["clip"].null_count:
        raise ValueError("its column clip does not name every clip")
    return table


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Folds as int32, nulls as they are. Raises ValueError for what is no whole number, which it names."""
    values = column.to_pylist()
    rows = [row for row, value in enumerate(values) if value is not None]
    try:
        numbers = fold_numbers([values[row] for row in rows], [f"row {row + 1}" for row in rows])
    except ValueError as error:
        raise ValueError(f"its column fold does not hold whole numbers: {error}") from error
    found: list[int | None] = [None] * len(values)
    for row, number in zip(rows, numbers.tolist(), strict=True):
        found[row] = number
    return pa.chunked_array([pa.array(found, KINDS["fold"])])


def embedding_matrix(column: pa.ChunkedArray) -> FloatArray:
    """A column of lists as float32 (n, d), d 0 where there is no row; a row, or a number in one, that is null is NaN.

    Raises ValueError where it holds something else, or rows are not all of one width.
    """
    blocks = list(embedding_blocks(column))
    return np.concatenate(blocks) if blocks else np.zeros((0, 0), np.float32)


def embedding_blocks(column: pa.ChunkedArray) -> Iterator[FloatArray]:
    """`embedding_matrix` chunk by chunk, float32 (m, d), views of Arrow's own memory where nothing is null."""
    kind = column.type
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not listed or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        raise ValueError("its column embedding does not hold lists of numbers")
    width = next((len(row) for row in column if row.is_valid), 0)
    if not width and len(column):
        raise ValueError("its embeddings hold no numbers")
    if kind != pa.list_(pa.float32(), width):  # a store of another program; casting loads Arrow's compute kernels
        try:
            column = column.cast(pa.list_(pa.float32(), width), safe=False)
        except pa.ArrowInvalid as error:
            raise ValueError("its embeddings are not all of one width") from error
    for chunk in column.chunks:
        numbers = _numbers(chunk.values[chunk.offset * width :][: len(chunk) * width], np.float32)
        yield _nan_for_null(chunk, numbers.reshape(len(chunk), width))


def _numbers(values: pa.Array, dtype: type[np.floating[Any]]) -> Any:
    """`values` as (n,) of `dtype`, which they are stored in; NaN for a null.

    A view of Arrow's own memory: pyarrow's `to_numpy` imports pandas wherever it is installed, a third of a second.
    """
    buffer = values.buffers()[1]
    found = np.frombuffer(b"" if buffer is None else buffer, dtype)[values.offset : values.offset + len(values)]
    return _nan_for_null(values, found)


def _nan_for_null(values: pa.Array, numbers: Any) -> Any:
    """`numbers` (n,) or (n, d) with NaN in the rows that are null in `values` (n,)."""
    if not values.null_count:
        return numbers
    filled = numbers.copy()
    filled[np.asarray(values.is_null().to_pylist(), bool)] = np.nan
    return filled


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
    return _known_numbers(table, name, np.float64)


def decibels(table: pa.Table, name: str) -> Any:
    """A column of levels, float32 (n,), NaN where it is not known; None where it is known of no clip."""
    return _known_numbers(table, name, np.float32)


def _known_numbers(table: pa.Table, name: str, dtype: type[np.floating[Any]]) -> Any:
    if name not in table.column_names or table[name].null_count == len(table):
        return None
    return np.concatenate([_numbers(chunk, dtype) for chunk in table[name].chunks])
