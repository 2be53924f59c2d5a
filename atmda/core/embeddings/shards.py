"""One file of a store: a Parquet table that carries what made it, and a checksum that the manifest knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from atmda.core.embeddings.manifest import Manifest, manifest_of, parse_object
from atmda.core.files import publish
from atmda.errors import StoreError

KEY = b"atmda"  # of a shard's own metadata


@dataclass(frozen=True)
class ShardFile:
    """A shard in memory.

    Attributes:
        table: its rows. sha256: of the file.
        maker: what made it, None for a file that is not atmda's.
        skipped: clips that could not be used, with the reason.
        wanted: how many clips its part of the store is to hold. replaces: the shard whose place it takes.
    """

    path: Path
    table: pa.Table
    sha256: str
    maker: Manifest | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    wanted: int = 0
    replaces: str = ""

    @property
    def clips(self) -> list[str]:
        return [str(name) for name in self.table["clip"].to_pylist()]


def shard_paths(folder: Path) -> list[Path]:
    """The Parquet files in `folder`, in order."""
    return sorted(path for path in folder.glob("*.parquet") if path.name[0] not in "._" and path.is_file())


def read_shard(path: Path, columns: Sequence[str] | None = None, expected: str | None = None) -> ShardFile:
    """The shard at `path`, or those of its columns that are asked for and there.

    `expected`: the checksum that it must have; else the checksums of its pages are looked at.
    Raises StoreError where it is damaged, altered, or no table of embeddings.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read ({error.strerror}).") from error
    found = sha256(content).hexdigest()
    if expected not in (None, found):
        raise StoreError(f"{path}: it is damaged (not the bytes that were written).", "Delete it and embed again.")
    try:
        # not pq.read_table: it imports pyarrow.dataset, and with it pandas, half a second for nothing
        with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=expected is None) as file:
            schema = file.schema_arrow
            names = schema.names
            # on this thread: Arrow's pool at times ends the process as it exits (apache/arrow 34314, 50482)
            table = file.read(None if columns is None else [n for n in columns if n in names], use_threads=False)
        told = told_by(schema, path)
    except DAMAGE as error:
        raise damaged(path, error) from error
    check_columns(path, names)
    return ShardFile(path, table, found, **told)


#: what reading a file that is damaged raises
DAMAGE = (pa.ArrowException, OSError, ValueError)


def damaged(path: Path, error: Exception) -> StoreError:
    """What to tell of a file of which `error` says that it cannot be read."""
    reason = (str(error).splitlines() or ["it is no Parquet file"])[0]
    return StoreError(f"{path}: it is damaged ({reason}).", "Delete it and embed again.")


def check_columns(path: Path, names: Iterable[str]) -> None:
    """Raises StoreError where the columns `names` are not those of embeddings."""
    if missing := {"clip", "embedding"} - set(names):
        raise StoreError(f"{path}: it has no column {', '.join(sorted(missing))}; embeddings have clip and embedding.")


def write_shard(
    path: Path, table: pa.Table, maker: Manifest, skipped: Mapping[str, str], wanted: int, replaces: str = ""
) -> str:
    """Publish a shard and return its checksum.

    wanted: how many clips its part of the store is to hold. replaces: the shard whose place it takes. Raises OSError.
    """
    told = maker.about() | {"skipped": dict(skipped), "clips": wanted, "replaces": replaces}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    content = pa.BufferOutputStream()
    # numbers of an embedding hardly repeat: a dictionary of them makes a small shard half as large again, and slow
    repeating = [name for name in table.column_names if name != "embedding"]
    table = table.replace_schema_metadata({KEY: text})
    pq.write_table(table, content, write_page_checksum=True, use_dictionary=repeating)
    data = memoryview(content.getvalue())
    with publish(path) as temporary:
        temporary.write_bytes(data)
    return sha256(data).hexdigest()


def is_shard(path: Path) -> bool:
    """Whether the Parquet file at `path` is atmda's; False also for one that is damaged."""
    try:
        return KEY in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False


def maker_of(path: Path) -> Manifest | None:
    """What the file at `path` says of what made it, None where it is not atmda's. Raises StoreError."""
    try:
        return told_by(pq.read_schema(path), path).get("maker")
    except DAMAGE as error:
        raise damaged(path, error) from error


def told_by(schema: pa.Schema, path: Path) -> dict[str, Any]:
    """What the shard at `path` says of itself, {} where it is not atmda's. Raises ValueError, NewerFormatError."""
    raw = (schema.metadata or {}).get(KEY)
    if raw is None:
        return {}
    told = parse_object(raw)
    skipped, wanted, replaces = told.get("skipped", {}), told.get("clips", 0), told.get("replaces", "")
    if not isinstance(skipped, dict) or not isinstance(wanted, int) or not isinstance(replaces, str):
        raise ValueError("what it says of itself is not what atmda writes")
    if "dim" not in told:  # the first edition left the width to the column
        kind = schema.field("embedding").type if "embedding" in schema.names else None
        told["dim"] = kind.list_size if kind is not None and pa.types.is_fixed_size_list(kind) else 1
    reasons = {str(clip): str(reason) for clip, reason in skipped.items()}
    return {"maker": manifest_of(told, path), "skipped": reasons, "wanted": wanted, "replaces": replaces}
