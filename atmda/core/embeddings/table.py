"""Embeddings in memory: one row a clip, with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from atmda.core.types import FloatArray, IntArray
from atmda.errors import StoreError


@dataclass(frozen=True)
class EmbeddingTable:
    """Embeddings and what is known of each clip.

    Attributes:
        clips: unique names, n of them.
        embeddings: float32 (n, d).
        labels, folds, backgrounds: by clip, or None where nothing is known. A fold is an int.
        identity: what made the embeddings (the encoder's identity), {} where it is not told.
        classes: class names in class-id order, where known.
    """

    clips: list[str]
    embeddings: FloatArray
    labels: list[str] | None = None
    folds: IntArray | None = None
    backgrounds: list[str] | None = None
    identity: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.embeddings.ndim != 2 or len(self.clips) != len(self.embeddings):
            raise StoreError(f"Embeddings of shape {self.embeddings.shape} do not fit {len(self.clips)} clips.")
        for name in ("labels", "folds", "backgrounds"):
            column = getattr(self, name)
            if column is not None and len(column) != len(self.clips):
                raise StoreError(f"There are {len(column)} {name} for {len(self.clips)} clips.")
        bad = ~np.isfinite(self.embeddings).all(axis=1)
        if bad.any():
            raise StoreError(f"The embedding of {self.clips[int(bad.argmax())]} holds values that are not numbers.")

    def __len__(self) -> int:
        return len(self.clips)
