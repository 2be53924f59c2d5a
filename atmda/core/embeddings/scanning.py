"""Embeddings read as a stream: stretch by stretch, the columns that are asked for and no others.

A store of any size takes the memory of one stretch a thread. Checksums of pages and the number of rows are looked at as
they are read; the SHA-256 of whole files, which takes as long as all else, is for `doctor` and for what makes figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atmda.core.embeddings.contents import Contents
from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.schema import KINDS, embedding_blocks, in_kind
from atmda.core.embeddings.shards import DAMAGE, KEY, check_columns, damaged, maker_of, told_by
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.types import FloatArray
from atmda.errors import StoreError

ROWS = 2048  # of a stretch: 4 MB of embeddings of 512 numbers
BUFFER = 1 << 22  # bytes of a column that are read at once
KNOWN_MAKERS = 64


@dataclass(frozen=True)
class Piece:
    """What one thread reads of a store: the file at `path`, or of a large one the row group `group`.

    `rows`: how many it holds; None where only the file tells.
    """

    path: Path
    rows: int | None = None
    group: int | None = None


@dataclass(frozen=True)
class Stretch:
    """Rows of a piece that follow each other.

    Attributes:
        first: the place of the first of them in the piece.
        embeddings: float32 (n, d), NaN where there is none; (n, 0) where they were not asked for.
        table: their other columns, in the kinds that `KINDS` tells.
    """

    first: int
    embeddings: FloatArray
    table: pa.Table

    def __len__(self) -> int:
        return len(self.embeddings)  # a table without columns does not tell


class Rows(Protocol):
    """Embeddings on the disk, in pieces that are read by themselves."""

    @property
    def identity(self) -> dict[str, str]: ...
    @property
    def width(self) -> int: ...
    @property
    def pieces(self) -> Sequence[Piece]: ...
    @property
    def problems(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    def stretches(self, piece: Piece, columns: Sequence[str], embeddings: bool = True) -> Iterator[Stretch]:
        """The rows of `piece` in order, with those of `columns` that are there. Raises StoreError."""
        ...


def open_rows(path: Path) -> Rows:
    """The rows of a Parquet store, file or folder, of a `.npz` or a `.pt`. Raises StoreError where there are none."""
    if path.is_dir() or (path.suffix == ".parquet" and path.is_file()):
        return StoredRows.open(path)
    return HeldRows(path, read_embeddings(path, unusable=True))  # formats that are read whole


@dataclass(frozen=True)
class StoredRows:
    """Parquet files. identity: what made them, {} where it is not told. width: d of the embeddings."""

    identity: dict[str, str]
    width: int
    pieces: tuple[Piece, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    _makers: set[bytes] = field(default_factory=set)

    @classmethod
    def open(cls, path: Path) -> StoredRows:
        """Look at what is there, not at the rows. Raises StoreError."""
        contents = Contents(None, [(path, None)]) if path.is_file() else Contents.of(path)
        listed = (contents.manifest.shards or {}) if contents.manifest else {}
        pieces: list[Piece] = []
        for file, _ in contents.shards:
            known = listed.get(file.name)
            pieces += [Piece(file, known.rows)] if known else _groups(file)
        if not pieces:
            raise StoreError(f"{path}: there are no embeddings in it.", "Make them with atmda embed.")
        maker = contents.manifest or maker_of(pieces[0].path)
        told = tuple(contents.problems()), tuple(contents.notes())
        found = cls(maker.identity if maker else {}, maker.dim if maker else 0, tuple(pieces), *told)
        return found if maker else replace(found, width=_width(found, path))

    def stretches(self, piece: Piece, columns: Sequence[str], embeddings: bool = True) -> Iterator[Stretch]:
        wanted = [*columns, *(["embedding"] if embeddings else [])]
        first = 0
        try:
            # read ahead, pyarrow's default, would hold all of a row group, which others make of a million rows
            how = {"buffer_size": BUFFER, "pre_buffer": False, "page_checksum_verification": True}
            with pa.OSFile(str(piece.path)) as source, pq.ParquetFile(source, **how) as file:
                schema = file.schema_arrow
                check_columns(piece.path, schema.names)
                self._check_maker(schema, piece.path)
                names = [name for name in schema.names if name in wanted]
                groups = None if piece.group is None else [piece.group]
                # on this thread: see `shards.read_shard`
                for batch in file.iter_batches(ROWS, row_groups=groups, columns=names, use_threads=False):
                    yield _stretch(piece.path, pa.Table.from_batches([batch]), first, embeddings)
                    first += len(batch)
        except DAMAGE as error:
            raise damaged(piece.path, error) from error
        if piece.rows not in (None, first):
            raise StoreError(f"{piece.path}: it has {first} rows of {piece.rows}.", "Delete it and embed again.")

    def _check_maker(self, schema: pa.Schema, path: Path) -> None:
        """Raises StoreError where another encoder made the file at `path`. What was looked at once is not again."""
        raw = (schema.metadata or {}).get(KEY)
        if raw is None or raw in self._makers:
            return
        if told_by(schema, path)["maker"].identity != self.identity:
            raise StoreError(f"{path}: another encoder than the store names made it.", "Keep such shards apart.")
        if len(self._makers) < KNOWN_MAKERS:
            self._makers.add(raw)


@dataclass(frozen=True)
class HeldRows:
    """Embeddings that were read whole, as one piece."""

    path: Path
    held: EmbeddingTable

    @property
    def identity(self) -> dict[str, str]:
        return self.held.identity

    @property
    def width(self) -> int:
        return int(self.held.embeddings.shape[1])

    @property
    def pieces(self) -> Sequence[Piece]:
        return (Piece(self.path, len(self.held)),)

    @property
    def problems(self) -> tuple[str, ...]:
        return self.held.problems

    @property
    def notes(self) -> tuple[str, ...]:
        return self.held.notes

    def stretches(self, piece: Piece, columns: Sequence[str], embeddings: bool = True) -> Iterator[Stretch]:
        held = self.held
        known: dict[str, Any] = {
            "clip": held.clips, "label": held.labels, "labels": held.label_sets, "source": held.sources,
            "background": held.backgrounds, "start": held.starts, "end": held.ends,
            "silent": [clip in held.silent for clip in held.clips],
        }  # fmt: skip
        there = {name: known[name] for name in columns if known.get(name) is not None}
        for first in range(0, len(held), ROWS):
            part = slice(first, first + ROWS)
            arrays = {name: pa.array(values[part], KINDS[name], from_pandas=True) for name, values in there.items()}
            names = {"clip": pa.array(held.clips[part], KINDS["clip"])}  # which tells how many they are
            yield Stretch(first, held.embeddings[part], pa.table(names | arrays))


def _stretch(path: Path, table: pa.Table, first: int, embeddings: bool) -> Stretch:
    """`table` with its embeddings as an array. Raises StoreError where a column holds something else."""
    try:
        rows = np.zeros((len(table), 0), np.float32)
        if embeddings:
            (rows,) = embedding_blocks(table["embedding"])
            table = table.drop_columns(["embedding"])
        return Stretch(first, rows, in_kind(table.replace_schema_metadata()))
    except ValueError as error:  # which what Arrow raises is, too
        raise StoreError(f"{path}: {str(error).rstrip('.')}.", "Put it right, or embed again.") from error


def _groups(path: Path) -> list[Piece]:
    """The row groups of a file that no manifest tells of. Raises StoreError where it is damaged."""
    try:
        found = pq.read_metadata(path)
    except DAMAGE as error:
        raise damaged(path, error) from error
    return [Piece(path, found.row_group(group).num_rows, group) for group in range(found.num_row_groups)]


def _width(rows: StoredRows, path: Path) -> int:
    """d, by the first row that there is."""
    for piece in rows.pieces:
        for stretch in rows.stretches(piece, ()):
            if stretch.embeddings.shape[1]:
                return int(stretch.embeddings.shape[1])
    raise StoreError(f"{path}: there are no embeddings in it.", "Make them with atmda embed.")
