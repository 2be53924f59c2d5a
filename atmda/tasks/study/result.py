"""What a study gives: cells with their metrics fold by fold, and where the scores lie that they were computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

    from atmda.core.evaluation.kept import Kept
    from atmda.tasks.results import ClassifyResult
    from atmda.tasks.study.estimate import Estimate

#: columns of a study's table, in order, with their types
COLUMNS: Mapping[str, type] = {
    "dataset": str,
    "set": str,
    "scene": str,
    "snr": float,
    "seed": int,
    "encoder": str,
    "templates": str,
    "mode": str,
    "modality": str,
    "temperature": float,
    "auto": bool,
    "metric": str,
    "fold": str,
    "value": float,
    "n": int,
    "artifact": str,
}
NOT_METRICS = ("fold", "n", "chosen")  # in what a fold says
ABOUT = ("dataset", "set", "scene", "snr", "seed", "encoder", "templates")


@dataclass(frozen=True)
class Cell:
    """One cell of a study.

    Attributes:
        about: dataset, set, scene, snr, seed, encoder and templates; None where it has none.
        content: mode, modality, temperature, the means of the metrics, interval, recall by class and folds, as
            `classify --json` gives them.
        artifact: name of the folder of its scores; "" for results that were read from elsewhere.
        file: the Parquet file with its scores, of which it is the cell number `place`; None where there is none.
    """

    about: Mapping[str, Any]
    content: Mapping[str, Any]
    artifact: str = ""
    file: Path | None = None
    place: int = 0

    def kept(self) -> Kept:
        """Its scores, with all other cells of the same store and method. Raises StoreError."""
        from atmda.core.evaluation.kept import read_kept
        from atmda.errors import StoreError

        if self.file is None:
            raise StoreError("These results hold no scores, only what came of them.")
        return read_kept(self.file)

    def classified(self) -> ClassifyResult:
        """This cell, and all others of its store and method, as `classify` gave them, but without embeddings.

        `atmda.tasks.statistics.analysis.analyse` takes it. Raises StoreError.
        """
        import numpy as np

        from atmda.core.embeddings.table import EmbeddingTable
        from atmda.tasks.results import ClassifyResult

        kept = self.kept()
        nothing = np.zeros((len(kept.clips), 0), np.float32)
        table = EmbeddingTable(kept.clips, nothing, folds=kept.folds, sources=kept.sources)
        metrics = tuple(name for name in self.content["folds"][0] if name not in NOT_METRICS)
        return ClassifyResult(table, kept.classes, kept.y, kept.cells, metrics, dict(self.about))

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each metric and fold, with the columns of `COLUMNS`."""
        content, auto = self.content, self.content["temperature"] == "auto"
        own = {name: self.about.get(name) for name in ABOUT}
        own |= {"mode": content["mode"], "modality": content["modality"]}
        for fold in content["folds"]:
            temperature = fold.get("chosen", {}).get("temperature") if auto else content["temperature"]
            shared = own | {"temperature": None if temperature is None else float(temperature), "auto": auto}
            for metric, value in fold.items():
                if metric not in NOT_METRICS:
                    number = None if fold["fold"] is None else str(fold["fold"])
                    told = {"metric": metric, "fold": number, "value": value, "n": fold["n"]}
                    yield shared | told | {"artifact": self.artifact or None}

    def document(self) -> dict[str, Any]:
        """As `results.json` holds it."""
        return {**self.about, **self.content, "artifact": self.artifact or None}


@dataclass(frozen=True)
class StudyResult:
    """A study's cells, and what came of the artifacts they rest on.

    Attributes:
        name: of the study. output: the folder that holds its results; None where nothing was written.
        cells: one for each set, encoder, ensemble of sentences, mode, modality and temperature that is there.
        artifacts: by folder name what made each: kind, title, settings, what was skipped.
        failed: what could not be made, by title, with the reason. left: titles of what is still to be made.
        made: how many artifacts this run made. skipped: how many recordings were left out on the way.
        estimates: what a dry run says of each artifact that is missing.
        config: the study's settings, as plain values. encoders: identities by title. prompts: sentences by class.
        report: the page that shows it all; None where there are no scores.
    """

    name: str
    output: Path | None
    cells: list[Cell]
    artifacts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    made: int = 0
    skipped: int = 0
    estimates: list[Estimate] = field(default_factory=list)
    config: Mapping[str, Any] = field(default_factory=dict)
    encoders: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prompts: Mapping[str, Any] = field(default_factory=dict)
    report: Path | None = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """One dictionary a cell, metric and fold, with the columns of results.parquet."""
        for cell in self.cells:
            yield from cell.rows()

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame; needs pandas."""
        import pandas

        return pandas.DataFrame(list(self.rows()), columns=list(COLUMNS))
