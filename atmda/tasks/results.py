"""What tasks give back: scores, labels, folds and groups, for a notebook as for a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.detection.detection import Detection
from atmda.core.methods.labeller import Prediction
from atmda.core.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pandas

    from atmda.core.embeddings.table import EmbeddingTable
    from atmda.core.evaluation.results import GridResult


@dataclass(frozen=True)
class InferResult:
    """What came of a run.

    Attributes:
        labels: class names, c of them.
        predictions: one a recording, in order.
        skipped: recordings that could not be used, with the reason.
        profile: the background's scores, float32 (c,); None without adaptation.
        mode, modality, temperature: how they were made; temperature is None without adaptation.
        output: the file that holds the rows, None where none was asked for.
    """

    labels: tuple[str, ...]
    predictions: list[Prediction]
    skipped: dict[str, str]
    profile: FloatArray | None
    mode: str
    modality: str
    temperature: float | None
    output: str | None = None

    @property
    def scores(self) -> FloatArray:
        """Adapted scores, float32 (n, c)."""
        return np.stack([prediction.scores for prediction in self.predictions])

    @property
    def unadapted_scores(self) -> FloatArray:
        """Scores before adaptation, float32 (n, c)."""
        return np.stack([prediction.unadapted_scores for prediction in self.predictions])

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a recording, with the columns of the output file."""
        return [prediction.row() for prediction in self.predictions]

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame; needs pandas."""
        import pandas

        return pandas.DataFrame(self.rows())


@dataclass(frozen=True)
class DetectResult:
    """What was heard in long recordings.

    Attributes:
        labels: class names, c of them.
        count: detections in all. recordings, windows: how many were looked at.
        detections: those that were kept: all of them, or the first ones where there is an `output` that has them all.
        skipped: what could not be used, with the reason.
        mode, modality, temperature, background: how they were made; None without adaptation.
        output: the file, or folder, that holds them; None where none was asked for. report: the page, where it was.
    """

    labels: tuple[str, ...]
    count: int
    recordings: int
    windows: int
    detections: list[Detection]
    skipped: Mapping[str, str]
    mode: str
    modality: str
    temperature: float | None
    background: str | None = None
    output: str | None = None
    report: Path | None = None

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a detection that was kept, with the columns of the output file."""
        return [detection.row() for detection in self.detections]

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame; needs pandas."""
        import pandas

        from atmda.core.detection.detection import COLUMNS

        return pandas.DataFrame(self.rows(), columns=list(COLUMNS))


@dataclass(frozen=True)
class EmbedResult:
    """Embeddings on the disk.

    Attributes:
        output: the store, or the one file. format: "parquet", "npz" or "pt".
        clips: how many of the clips asked for have an embedding.
        skipped: those that could not be used, with the reason.
        changed: how many had been embedded before, but were not the same any more, and were embedded again.
    """

    output: Path
    format: str
    clips: int
    skipped: dict[str, str]
    changed: int = 0

    def table(self) -> EmbeddingTable:
        """The embeddings, float32 (n, d), with labels, folds and sources. Raises StoreError where they were damaged."""
        from atmda.core.embeddings.formats import read_embeddings

        return read_embeddings(self.output)

    def to_pandas(self) -> pandas.DataFrame:
        """One row a clip; needs pandas, and a Parquet store."""
        import pandas

        return pandas.read_parquet(self.output)


@dataclass(frozen=True)
class ClassifyResult:
    """A grid's cells, and the clips they are about.

    Attributes:
        table: clips with their folds, sources and embeddings.
        classes: names, c of them. y: true classes, int (n,), or bool (n, c) where clips may have several.
        cells: one for each mode, modality and temperature: accuracy by fold, scores (n, c), predicted classes (n,).
        metrics: names of the metrics that were computed, the most important first.
        made_with: what a report says of how the numbers were made.
    """

    table: EmbeddingTable
    classes: tuple[str, ...]
    y: IntArray | BoolArray
    cells: list[GridResult]
    metrics: tuple[str, ...]
    made_with: Mapping[str, object]

    @property
    def labels(self) -> list[tuple[str, ...]]:
        """The true classes of each clip."""
        if self.y.ndim == 1:
            return [(self.classes[c],) for c in self.y.tolist()]
        return [tuple(self.classes[c] for c in np.flatnonzero(row)) for row in self.y]

    @property
    def folds(self) -> IntArray | None:
        """The fold of each clip, int (n,)."""
        return self.table.folds

    @property
    def groups(self) -> list[str] | None:
        """The source recording of each clip; clips of one are not independent."""
        return self.table.sources

    def to_pandas(self) -> pandas.DataFrame:
        """One row a cell and fold, with its metrics; needs pandas."""
        import pandas

        return pandas.DataFrame(
            [
                {
                    "mode": cell.mode,
                    "modality": cell.modality,
                    "temperature": cell.temperature,
                    "fold": fold.fold,
                    "n": fold.n,
                    **fold.metrics,
                    **{f"chosen_{name}": value for name, value in fold.chosen.items()},
                }
                for cell in self.cells
                for fold in cell.folds
            ]
        )
