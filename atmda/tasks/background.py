"""Recordings of the background, as embeddings: each clip's own where it is known, else all of them."""

from __future__ import annotations

from pathlib import PurePosixPath

from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.identity import check_same, check_width
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.methods.backgrounds import Backgrounds
from atmda.errors import StoreError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.evaluation import Evaluated
from atmda.tasks.observer import Observer


def audio_background(settings: ClassifySettings, data: Evaluated, observer: Observer) -> Backgrounds:
    """What `bg_embeddings` holds. Raises StoreError where it was embedded in another way than the clips."""
    path = settings.bg_embeddings
    assert path is not None
    found = read_embeddings(path)
    check_same(data.table.identity, found.identity, str(settings.embeddings), str(path))
    check_width(data.width, found.embeddings.shape[1], str(settings.embeddings), f"those in {path} have")
    rows = _own_rows(str(path), data.table, found)
    whose = "its own background" if rows else f"the mean of {len(found)} backgrounds"
    observer.notice(f"Background profile of each clip: {whose}.")
    return Backgrounds(own=found.embeddings[rows]) if rows else Backgrounds(audio=found.embeddings)


def _own_rows(path: str, table: EmbeddingTable, backgrounds: EmbeddingTable) -> list[int]:
    """For every clip the row of the recording it was mixed from, found by file name; [] where none of them is there.

    Raises StoreError where some are there and some are not: a mixture of the two profiles would mean nothing.
    """
    rows = {PurePosixPath(clip).name: row for row, clip in enumerate(backgrounds.clips)}
    wanted = [PurePosixPath(background).name for background in table.backgrounds or ()]
    if not any(name in rows for name in wanted):
        return []
    for clip, name in zip(table.clips, wanted, strict=True):
        if name not in rows:
            raise StoreError(
                f"{path}: it has no embedding of {name}, which {clip} was mixed from.",
                "Embed the whole background data set.",
            )
    return [rows[name] for name in wanted]
