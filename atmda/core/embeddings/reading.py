"""A store, or any folder of Parquet files like one, as a table in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from atmda.core.embeddings.contents import Contents
from atmda.core.embeddings.schema import decibels, embedding_matrix, in_kind, known_values, label_sets, seconds
from atmda.core.embeddings.shards import ShardFile, read_shard
from atmda.core.embeddings.table import EmbeddingTable
from atmda.errors import StoreError


def read_store(folder: Path, *, partial: bool = False) -> EmbeddingTable:
    """A store, or any Parquet file or folder of them with columns `clip` and `embedding`, as one table.

    What a store lacks is told in the table's `problems`. `partial`: leave out shards that are damaged or altered, and
    say so there. Raises StoreError for those otherwise, and where there is nothing to read.
    """
    contents = Contents(None, [(folder, None)]) if folder.is_file() else Contents.of(folder)
    problems = contents.problems()
    shards: list[ShardFile] = []
    for path, expected in contents.shards:
        try:
            shards.append(_read(path, expected, contents))
        except StoreError as error:
            if not partial:
                raise
            problems.append(error.message.rstrip("."))
    if not sum(len(shard.table) for shard in shards):
        raise StoreError(f"{folder}: there are no embeddings in it.", "Make them with atmda embed.")
    manifest = contents.manifest or shards[0].maker
    try:
        tables = [in_kind(shard.table.replace_schema_metadata()) for shard in shards]
        table = pa.concat_tables(tables, promote_options="default")
        embeddings = embedding_matrix(table["embedding"])
    except ValueError as error:  # which what Arrow raises is, too
        raise StoreError(
            f"{folder}: {str(error).rstrip('.')}.", "Put it right, or embed into another `output`."
        ) from error
    folds = known_values(table, "fold")
    return EmbeddingTable(
        clips=table["clip"].to_pylist(),
        embeddings=embeddings,
        labels=known_values(table, "label"),
        folds=None if folds is None else np.asarray(folds, np.int64),
        backgrounds=known_values(table, "background"),
        identity=dict(manifest.identity) if manifest else {},
        classes=manifest.classes if manifest else (),
        label_sets=label_sets(table),
        splits=known_values(table, "split"),
        sources=known_values(table, "source"),
        onsets=seconds(table, "onset"),
        offsets=seconds(table, "offset"),
        starts=seconds(table, "start"),
        ends=seconds(table, "end"),
        levels=decibels(table, "level"),
        logit_scale=manifest.logit_scale if manifest else None,
        silent=_silent(table),
        problems=tuple(problems),
        notes=(*contents.notes(), *_without_fold(table)),
    )


def _without_fold(table: pa.Table) -> list[str]:
    """A sentence where some clips have a fold and others have none (null, or pandas' NaN): they cannot be used then."""
    none = table["fold"].null_count if "fold" in table.column_names else 0
    return [f"{none} of {len(table)} clips have no fold, so its folds are not used."] if 0 < none < len(table) else []


def _silent(table: pa.Table) -> frozenset[str]:
    """The clips that have no sound; stores of format 1 do not tell."""
    if "silent" not in table.column_names:
        return frozenset()
    pairs = zip(table["clip"].to_pylist(), table["silent"].to_pylist(), strict=True)
    return frozenset(clip for clip, silent in pairs if silent)


def _read(path: Path, expected: str | None, contents: Contents) -> ShardFile:
    shard = read_shard(path, expected=expected)
    manifest = contents.manifest
    if manifest is not None and shard.maker is not None and shard.maker.identity != manifest.identity:
        raise StoreError(
            f"{path}: another encoder than the manifest names made it.", "Embed again into another `output`."
        )
    return shard
