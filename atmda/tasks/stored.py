"""Embeddings that a task is given: read, and what is wrong with their store said before anything is made of it."""

from __future__ import annotations

from pathlib import Path

from atmda.core.embeddings.table import EmbeddingTable
from atmda.errors import StoreError
from atmda.tasks.observer import Observer


def whole_store(path: Path, observer: Observer, *, partial: bool, unusable: bool = False) -> EmbeddingTable:
    """Embeddings that figures are made of. Raises StoreError where some are missing or altered, unless `partial`.

    `unusable`: take rows that are not numbers, too.
    """
    table = _told(path, observer, partial, unusable)
    if table.problems and not partial:
        raise StoreError(
            f"{path}: {'; '.join(table.problems)}.",
            "Run the same atmda embed with this `output` again, or take what is there with `partial`.",
        )
    return table


def any_store(path: Path, observer: Observer) -> EmbeddingTable:
    """Embeddings each of which stands for itself; what their store lacks is said. Raises StoreError."""
    return _told(path, observer, True, False)


def _told(path: Path, observer: Observer, partial: bool, unusable: bool) -> EmbeddingTable:
    from atmda.core.embeddings.formats import read_embeddings  # brings pyarrow along

    table = read_embeddings(path, unusable=unusable, partial=partial)
    for note in table.notes:
        observer.notice(f"note: {path}: {note}")
    for problem in table.problems if partial else ():
        observer.warning(f"{path}: {problem}; what is there is used.")
    return table
