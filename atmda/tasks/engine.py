"""What fills a store: the threads of this process, or workers on many machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmda.core.embeddings.store import EmbeddingStore

if TYPE_CHECKING:
    from atmda.datasets import Dataset
    from atmda.tasks.results import EmbedResult


@dataclass(frozen=True)
class Engine:
    """An engine that has its encoder.

    Attributes:
        identity, dim, logit_scale: the encoder's.
        fill: embeds those clips of a data set, or windows of them, that a store lacks.
    """

    identity: Mapping[str, str]
    dim: int
    logit_scale: float | None
    fill: Callable[[Dataset, EmbeddingStore], EmbedResult]
