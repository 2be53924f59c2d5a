"""Embeddings on disk: a folder of Parquet shards and a manifest that says what made them.

A shard is published whole or not at all, so a killed run loses at most the shard it was filling, and naming the same
folder again goes on behind the last one. Shards carry the encoder's identity too: a store never mixes two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atmda.core.clip import Clip
from atmda.core.embeddings.schema import as_arrow, embedding_matrix, known_values, label_sets, seconds
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import publish, remove_leftovers
from atmda.core.types import FloatArray
from atmda.errors import StoreError

MANIFEST = "_manifest.json"  # readers of Parquet folders pass over names that begin with an underscore
FORMAT = 1
KEY = b"atmda"  # of the shards' own metadata


@dataclass(frozen=True)
class Manifest:
    """What made a store: the encoder's identity, the data set's name and classes in class-id order, the width.

    `logit_scale` is the encoder's, None where it is not told (stores of the first edition).
    """

    identity: Mapping[str, str]
    dim: int
    dataset: str = ""
    classes: tuple[str, ...] = ()
    logit_scale: float | None = None

    def differences(self, other: Manifest) -> list[str]:
        """The fields in which two manifests differ, as `name: ours, not theirs`."""
        mine, theirs = self._flat(), other._flat()
        return [
            f"{key} is {mine.get(key, 'not told')}, not {theirs.get(key, 'told')}"
            for key in sorted(mine.keys() | theirs.keys())
            if mine.get(key) != theirs.get(key)
        ]

    def _flat(self) -> dict[str, str]:
        return {**self.identity, "dim": str(self.dim), "dataset": self.dataset, "classes": ", ".join(self.classes)}

    def to_json(self) -> str:
        content = {"format": FORMAT, "identity": dict(self.identity), "dim": self.dim}
        content |= {"dataset": self.dataset, "classes": list(self.classes), "logit_scale": self.logit_scale}
        return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Manifest:
        scale = content.get("logit_scale")
        return cls(
            content["identity"],
            content["dim"],
            content["dataset"],
            tuple(content["classes"]),
            None if scale is None else float(scale),
        )


@dataclass
class EmbeddingStore:
    """A store open for writing. `part` begins the names of its shards, so that several jobs can share a folder."""

    folder: Path
    manifest: Manifest
    part: str = "part"
    _next: int = field(default=0, init=False)

    @classmethod
    def open(cls, folder: Path, manifest: Manifest, *, part: str = "part", force: bool = False) -> EmbeddingStore:
        """Start a store, or go on with the one that is there.

        Raises StoreError where `folder` holds something else, or a store that something else made (the differing
        field is named). `force` removes the shards of a store and starts again.
        """
        store = cls(folder, manifest, part)
        found = read_manifest(folder) if folder.exists() else None
        if found is None and folder.exists() and (folder.is_file() or any(folder.iterdir())):
            raise StoreError(f"{folder}: it exists and is not a store of embeddings.", "Choose another `output`.")
        if force:
            for shard in folder.glob("*.parquet"):
                shard.unlink()
        elif found is not None and (different := found.differences(manifest)):
            raise StoreError(
                f"{folder}: it was made in another way: {'; '.join(different)}.",
                "Choose another `output`, or `force` to start again.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        if force or found is None:
            with publish(folder / MANIFEST) as path:
                path.write_text(manifest.to_json() + "\n", "utf-8")
        remove_leftovers(folder)
        numbers = [int(shard.stem.rsplit("-", 1)[1]) for shard in folder.glob(f"{part}-[0-9]*.parquet")]
        store._next = max(numbers, default=-1) + 1
        return store

    def append(
        self, rows: Sequence[tuple[Clip, FloatArray]], skipped: Mapping[str, str], silent: Sequence[str] = ()
    ) -> None:
        """Publish one shard: clips with their embeddings (d,), the clips that were skipped, with reasons, and the names
        of those that are silent."""
        path = self.folder / f"{self.part}-{self._next:05d}.parquet"
        metadata: dict[str, Any] = {"identity": dict(self.manifest.identity), "skipped": dict(skipped)}
        if silent:
            metadata["silent"] = list(silent)
        table = as_arrow([clip for clip, _ in rows], [embedding for _, embedding in rows], self.manifest.dim)
        text = json.dumps(metadata, sort_keys=True, ensure_ascii=False)
        with publish(path) as temporary:
            pq.write_table(table.replace_schema_metadata({KEY: text}), temporary, write_page_checksum=True)
        self._next += 1

    def done(self) -> tuple[set[str], dict[str, str]]:
        """Clips that have an embedding, and those that were skipped, with reasons. Raises StoreError."""
        clips: set[str] = set()
        skipped: dict[str, str] = {}
        for shard in _shards(self.folder):
            table = _read_shard(shard, ["clip"])
            clips.update(table["clip"].to_pylist())
            skipped |= _metadata(table).get("skipped", {})
        return clips, {clip: reason for clip, reason in skipped.items() if clip not in clips}

    def read(self) -> EmbeddingTable:
        """All rows. Raises StoreError."""
        return read_store(self.folder)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store; None where there is none. Raises StoreError where it is damaged."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
        if content.get("format", FORMAT) > FORMAT:
            raise StoreError(f"{path}: a newer atmda wrote this store.", "Update atmda.")
        return Manifest.from_content(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path}: it is damaged ({error}).", "Embed again with `force`.") from error


def read_store(folder: Path) -> EmbeddingTable:
    """A store, or any Parquet file or folder of them with columns `clip` and `embedding`, as one table."""
    shards = [folder] if folder.is_file() else list(_shards(folder))
    if not shards:
        raise StoreError(f"{folder}: there are no embeddings in it.", "Make them with atmda embed.")
    manifest = read_manifest(folder if folder.is_dir() else folder.parent)
    tables = [_read_shard(shard) for shard in shards]
    for shard, table in zip(shards, tables, strict=True):
        made_by = _metadata(table).get("identity")
        if manifest is not None and made_by is not None and made_by != dict(manifest.identity):
            raise StoreError(f"{shard}: another encoder than the manifest names made it.", "Embed again with `force`.")
    silent = frozenset(clip for table in tables for clip in _metadata(table).get("silent", ()))
    table = pa.concat_tables((table.replace_schema_metadata() for table in tables), promote_options="default")
    try:
        embeddings = embedding_matrix(table["embedding"])
    except ValueError as error:
        raise StoreError(f"{folder}: {error}.", "Embed again with `force`.") from error
    clips = table["clip"].to_pylist()
    if not clips:
        raise StoreError(f"{folder}: there are no embeddings in it.", "Make them with atmda embed.")
    folds = known_values(table, "fold")
    return EmbeddingTable(
        clips=clips,
        embeddings=embeddings,
        labels=known_values(table, "label"),
        folds=None if folds is None else np.asarray(folds, np.int64),
        backgrounds=known_values(table, "background"),
        silent=silent,
        identity=dict(manifest.identity) if manifest else dict(_metadata(tables[0]).get("identity", {})),
        classes=manifest.classes if manifest else (),
        label_sets=label_sets(table),
        splits=known_values(table, "split"),
        sources=known_values(table, "source"),
        onsets=seconds(table, "onset"),
        offsets=seconds(table, "offset"),
        starts=seconds(table, "start"),
        ends=seconds(table, "end"),
        logit_scale=manifest.logit_scale if manifest else None,
    )


def _shards(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.glob("*.parquet") if not path.name.startswith((".", "_"))))


def _read_shard(path: Path, columns: list[str] | None = None) -> pa.Table:
    try:
        # not pq.read_table: it imports pyarrow.dataset, and with it pandas, half a second for nothing
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise StoreError(
            f"{path}: it is damaged ({str(error).splitlines()[0]}).", "Delete it and embed again."
        ) from error
    missing = {"clip", *(columns or ["embedding"])} - set(table.column_names)
    if missing:
        raise StoreError(f"{path}: it has no column {', '.join(sorted(missing))}; embeddings have clip and embedding.")
    return table


def _metadata(table: pa.Table) -> dict[str, Any]:
    raw = (table.schema.metadata or {}).get(KEY)
    content: dict[str, Any] = json.loads(raw) if raw else {}
    return content
