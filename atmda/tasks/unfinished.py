"""Embeddings of a run of `infer` that is under way, on the disk once a minute: the next run with its output goes on.

It is the embeddings that take the time. What is made of them (labels, background, temperature) may differ then.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from atmda.core.clip import Clip
from atmda.core.embeddings.engine import Embedded
from atmda.core.interruption import uninterrupted
from atmda.core.locks import locked
from atmda.core.types import FloatArray
from atmda.errors import StoreError
from atmda.report import journal
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.embeddings.store import EmbeddingStore


class Unfinished:
    """Clips that are embedded already, and room for those that follow; a block that ends well leaves nothing.

    The folder lies hidden beside `output` and is held for one process alone. Raises FolderInUseError.
    """

    def __init__(self, output: Path, made_by: Mapping[str, str], dim: int, observer: Observer) -> None:
        self.folder = output.with_name(f".unfinished_{output.name}")
        self._made_by, self._dim, self._observer = dict(made_by), dim, observer
        self._held = ExitStack()
        self._found: dict[str, tuple[FloatArray, dict[str, object]]] = {}
        self._rows: list[tuple[Clip, FloatArray]] = []
        self._results: dict[str, Embedded] = {}
        self._due = 0.0
        self._store: EmbeddingStore | None = None

    def __enter__(self) -> Unfinished:
        self._held.enter_context(locked(self.folder))
        self._due = time.monotonic() + journal.SECONDS
        if any(self.folder.glob("*.parquet")):
            self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None or not (self._rows or any(self.folder.glob("*.parquet"))):
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                self._save()
        finally:
            self._held.close()

    def of(self, clip: Clip) -> tuple[FloatArray, str, bool] | None:
        """The embedding (d,) of a clip that has not changed since, the note of it, and whether it is silent."""
        if clip.name not in self._found:
            return None
        from atmda.core.embeddings.schema import Seen, is_stale  # brings pyarrow along

        embedding, row = self._found[clip.name]
        seen = Seen.of(row)
        return None if is_stale(clip, row) else (embedding, seen.note, seen.silent)

    def add(self, clip: Clip, result: Embedded) -> None:
        """Keep what was embedded now."""
        if result.embedding is not None:
            self._rows.append((clip, result.embedding))
            self._results[clip.name] = result
        if time.monotonic() >= self._due:
            self._save()

    def _save(self) -> None:
        from atmda.core.embeddings.schema import Seen

        self._due = time.monotonic() + journal.SECONDS
        if not self._rows:
            return
        seen = {name: Seen.in_result(result) for name, result in self._results.items()}
        try:
            with uninterrupted():
                self._opened().append(self._rows, {}, seen)
                self._rows, self._results = [], {}
        except OSError as error:
            self._observer.warning(
                f"{self.folder} cannot be written ({error.strerror}): should this run be stopped, it begins anew."
            )
            self._due = float("inf")

    def _opened(self) -> EmbeddingStore:
        from atmda.core.embeddings.store import EmbeddingStore, Manifest  # bring pyarrow along

        if self._store is None:
            self._store = EmbeddingStore.open(self.folder, Manifest(self._made_by, self._dim))
        return self._store

    def _read(self) -> None:
        from atmda.core.embeddings.schema import embedding_matrix

        try:
            for shard in self._opened().shards(embeddings=True):
                matrix = np.asarray(embedding_matrix(shard.table["embedding"]))
                rows = shard.table.drop_columns(["embedding"]).to_pylist()
                self._found |= {str(row["clip"]): (matrix[k], row) for k, row in enumerate(rows)}
        except (StoreError, ValueError) as error:
            self._observer.warning(f"What an earlier run left is not used: {error}")
            self._found, self._store = {}, None
            for path in self.folder.glob("[!.]*"):
                path.unlink()
