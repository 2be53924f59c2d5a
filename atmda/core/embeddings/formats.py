"""Embeddings on disk, whatever they are in: one way to read them, by what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from atmda.core.embeddings.npz import read_npz, read_text_anchors, write_npz
from atmda.core.embeddings.original import read_original, write_original
from atmda.core.embeddings.store import read_store
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import refuse_pipes
from atmda.errors import StoreError

__all__ = ["read_embeddings", "read_text_anchors", "write_npz", "write_original"]


def read_embeddings(path: Path, *, unusable: bool = False, partial: bool = False) -> EmbeddingTable:
    """Embeddings from a Parquet store or file, a `.npz` or an original `.pt`; nothing in them is executed.

    What a store lacks is told in the table's `problems`; `partial`: shards that are damaged are too, and left out.
    Raises StoreError where there is nothing, or something else, and, unless `unusable` rows are taken too, where an
    embedding holds values that are not numbers.
    """
    table = _read(path, partial)
    if not unusable and not (finite := table.finite()).all():
        bad = table.clips[int(finite.argmin())]
        raise StoreError(f"{path}: the embedding of {bad} holds values that are not numbers.", "Embed it again.")
    return table


def _read(path: Path, partial: bool) -> EmbeddingTable:
    if not path.exists():
        raise StoreError(f"{path}: there is no such file or folder.", "Make embeddings with atmda embed.")
    reader = READERS.get(STORE if path.is_dir() else path.suffix)
    if reader is None:
        raise StoreError(f"{path}: embeddings are a Parquet store, a .npz or a .pt file.")
    try:
        refuse_pipes(path)
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read ({error.strerror}).") from error
    try:
        return reader(path, partial)
    except StoreError as error:
        if str(path) in error.message:
            raise
        raise StoreError(f"{path}: {error.message[0].lower()}{error.message[1:]}", error.hint) from error


STORE = "folder"
#: how embeddings are read, by what they are in: a folder, or a file with this ending
READERS: Mapping[str, Callable[[Path, bool], EmbeddingTable]] = {
    STORE: lambda path, partial: read_store(path, partial=partial),
    ".parquet": lambda path, partial: read_store(path, partial=partial),
    ".npz": lambda path, partial: read_npz(path),
    ".pt": lambda path, partial: read_original(path),
    ".pth": lambda path, partial: read_original(path),
}
