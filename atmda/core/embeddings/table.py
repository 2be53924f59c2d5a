"""Embeddings in memory: one row a clip, with what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from atmda.core.bounds import LENGTH
from atmda.core.types import BoolArray, FloatArray, IntArray
from atmda.errors import StoreError

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class EmbeddingTable:
    """Embeddings and what is known of each clip: the columns of `Clip`, row by row.

    Attributes:
        clips: unique names, n of them.
        embeddings: float32 (n, d).
        labels: the class of each clip; None where not every clip has exactly one.
        folds, splits, sources, backgrounds: by clip, or None where it is not known of every clip.
        identity: what made the embeddings (the encoder's identity), {} where it is not told.
        classes: class names in class-id order, where known.
        label_sets: all classes of each clip, () for one without; None where `labels` says it, or no clip has any.
        onsets, offsets, starts, ends: seconds, float64 (n,), NaN for a clip of which it is not known.
        levels: in dB below full scale, float32 (n,), NaN for a clip of which it is not known; None where of none.
        logit_scale: the encoder's; None where it is not told.
        problems: in what the store they were read from is not what it should be, in words without a full stop.
        notes: what else is worth telling, in sentences.
        silent: the clips that had no sound, as far as it is told.
    """

    clips: list[str]
    embeddings: FloatArray
    labels: list[str] | None = None
    folds: IntArray | None = None
    backgrounds: list[str] | None = None
    identity: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    label_sets: list[tuple[str, ...]] | None = None
    splits: list[str] | None = None
    sources: list[str] | None = None
    onsets: Seconds | None = None
    offsets: Seconds | None = None
    starts: Seconds | None = None
    ends: Seconds | None = None
    levels: FloatArray | None = None
    logit_scale: float | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or len(self.clips) != len(self.embeddings):
            raise StoreError(f"Embeddings of shape {self.embeddings.shape} do not fit {len(self.clips)} clips.")
        for name in _COLUMNS:
            column = getattr(self, name)
            if column is not None and len(column) != len(self.clips):
                raise StoreError(f"There are {len(column)} {name} for {len(self.clips)} clips.")

    def labels_by_clip(self) -> list[tuple[str, ...]]:
        """All classes of each clip, () for one without; [] where no clip has any."""
        if self.labels is not None:
            return [(label,) for label in self.labels]
        return self.label_sets or []

    def all_labels(self) -> set[str]:
        """Every label that some clip has."""
        if self.labels is not None:
            return set(self.labels)
        return {label for own in self.label_sets or () for label in own}

    def __len__(self) -> int:
        return len(self.clips)

    def finite(self) -> BoolArray:
        """Which embeddings can be scored, bool (n,): of finite numbers, and no longer than an embedding can be."""
        return scorable(self.embeddings)

    def labelled(self) -> BoolArray:
        """Which clips have a label, bool (n,)."""
        return np.asarray([bool(own) for own in self.labels_by_clip() or [()] * len(self)], bool)

    def take(self, rows: IntArray) -> EmbeddingTable:
        """The table of `rows` (k,) alone, in their order."""
        changed: dict[str, Any] = {"embeddings": self.embeddings[rows]}
        for name in _COLUMNS:
            column = getattr(self, name)
            if isinstance(column, np.ndarray):
                changed[name] = column[rows]
            elif column is not None:
                changed[name] = [column[row] for row in rows.tolist()]
        taken = replace(self, **changed)
        if taken.labels is None and taken.label_sets and all(len(labels) == 1 for labels in taken.label_sets):
            return replace(taken, labels=[labels[0] for labels in taken.label_sets])
        return taken


def scorable(rows: FloatArray) -> BoolArray:
    """Which of `rows` (n, d) are finite and within the bounds of an embedding's length, bool (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.einsum("nd,nd->n", rows, rows) <= LENGTH.high**2)


_WHOLE = {"embeddings", "identity", "classes", "logit_scale", "problems", "notes", "silent"}  # not by clip
_COLUMNS: Sequence[str] = [part.name for part in fields(EmbeddingTable) if part.name not in _WHOLE]
