"""A few labelled recordings of one's own, from which prototypes are made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from atmda.errors import SettingsError
from atmda.settings.infer import InferSettings
from atmda.tasks.encoding import embedded, made_by, tell_problems
from atmda.tasks.observer import Observer
from atmda.tasks.stored import any_store

if TYPE_CHECKING:
    from atmda.core.embeddings.table import EmbeddingTable
    from atmda.core.encoders.base import Encoder


def labelled_examples(
    settings: InferSettings, labels: tuple[str, ...], encoder: Encoder, observer: Observer
) -> tuple[tuple[str, ...], EmbeddingTable]:
    """`labels` (else those of the examples), and the embedded examples that have just one of them.

    Raises SettingsError where there are none, StoreError where another encoder made them.
    """
    return _matched(settings, labels, _embedded_examples(settings, encoder, observer), observer)


def _embedded_examples(settings: InferSettings, encoder: Encoder, observer: Observer) -> EmbeddingTable:
    """Labelled embeddings: read from a store, or made of the recordings of a labelled folder."""
    import numpy as np

    from atmda.core.embeddings.identity import check_same, check_width
    from atmda.core.embeddings.table import EmbeddingTable
    from atmda.datasets.labelled_folder import labels_from_folders, load_annotated

    path = settings.examples
    assert path is not None
    if path.is_file() or (path.is_dir() and any(path.glob("*.parquet"))):
        table = any_store(path, observer)
        check_same(made_by(encoder, settings), table.identity, f"`model` {encoder.name}", str(path))
        check_width(encoder.dim, table.embeddings.shape[1], f"`model` {encoder.name}", f"those in {path} have")
        return table
    data = (
        labels_from_folders(path, foreign=settings.ffmpeg)
        if settings.annotations is None
        else load_annotated(path, settings.annotations, recursive=True, foreign=settings.ffmpeg)
    )
    tell_problems(data, observer)
    pairs = [
        (clip, result.embedding)
        for clip, result in embedded(encoder, data.clips, settings, observer, "Examples")
        if result.embedding is not None
    ]
    if not pairs:
        raise SettingsError(f"`examples` {path}: not one of its recordings could be used.", setting="examples")
    return EmbeddingTable(
        [clip.name for clip, _ in pairs],
        np.stack([embedding for _, embedding in pairs]),
        classes=data.labels,
        label_sets=[clip.labels for clip, _ in pairs],
    )


def _matched(
    settings: InferSettings, labels: tuple[str, ...], examples: EmbeddingTable, observer: Observer
) -> tuple[tuple[str, ...], EmbeddingTable]:
    """Labels to choose from, and the examples that have just one of them; what is left out is told."""
    import numpy as np

    from atmda.datasets.base import display_name

    found = [tuple(map(display_name, names)) for names in examples.labels_by_clip()]
    labels = labels or examples.classes or tuple(sorted({name for names in found for name in names}))
    by_name = {display_name(label): label for label in labels}
    rows = [row for row, names in enumerate(found) if len(names) == 1 and names[0] in by_name]
    if not rows:
        raise SettingsError(
            f"`examples` {settings.examples}: none of them is labelled with a class to choose from.",
            "Give a store with labels, class sub-folders, or `annotations`.",
            setting="examples",
        )
    if len(rows) < len(examples):
        observer.warning(
            f"{len(examples) - len(rows)} of {len(examples)} examples have not one of the labels; left out."
        )
    taken = examples.take(np.asarray(rows))
    own = [by_name[found[row][0]] for row in rows]
    absent = [label for label in labels if label not in set(own)]
    if absent and settings.mode != "tgap":
        observer.warning(f"{_named(absent)} without an example; never chosen.")
    return labels, _relabelled(taken, own)


def _relabelled(table: EmbeddingTable, labels: Sequence[str]) -> EmbeddingTable:
    from dataclasses import replace

    return replace(table, labels=list(labels), label_sets=None)


def _named(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:10])) + (f" and {len(labels) - 10} more" if len(labels) > 10 else "")
    return f"the label {shown} is" if len(labels) == 1 else f"{len(labels)} labels ({shown}) are"
