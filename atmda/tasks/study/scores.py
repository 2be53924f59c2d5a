"""Scores of one store by one method, with every modality and temperature of the study: `classify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from atmda.core.evaluation.kept import Kept, write_kept
from atmda.core.methods import METHODS
from atmda.core.methods.base import DRIFTS, TEXT
from atmda.report.classification import as_document
from atmda.settings.classify import ClassifySettings
from atmda.settings.loading import make_settings
from atmda.settings.study import StudySettings
from atmda.tasks.observer import Observer
from atmda.tasks.study.artifacts import Artifact, Made, Workshop, write_json
from atmda.tasks.study.parts import Embeddings

if TYPE_CHECKING:
    from atmda.tasks.results import ClassifyResult

CELLS, DOCUMENT = "cells.parquet", "results.json"


@dataclass(frozen=True, eq=False)
class Scores(Artifact):
    """What one method gives for one store.

    Attributes:
        mode: the method. settings: those of `classify` but for what is made here.
        store, background: embeddings that are made here; None where `settings` name some made elsewhere, or none.
        about: what the clips are, in the columns of a study's results.
        part: number of the set in the study, by which jobs of an array divide the work.
        together: the same for those that one call of `classify` can make.
    """

    kind: ClassVar[str] = "scores"
    mode: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    store: Embeddings | None = None
    background: Embeddings | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    part: int = 0
    together: tuple[int, bool] = (0, False)

    def make(self, workshop: Workshop, observer: Observer) -> Made:
        return make_together([self], workshop, observer)


def make_together(wanted: Sequence[Scores], workshop: Workshop, observer: Observer) -> Made:
    """Make those of `wanted`, which share all but the method, in one call. Raises AtmdaError."""
    from atmda.tasks.classify import classify

    first, run = wanted[0], workshop.settings
    given: dict[str, Any] = {**first.settings, "mode": tuple(scores.mode for scores in wanted)}
    given |= {"device": run.device, "data_dir": run.data_dir}
    if first.store is not None:
        given["embeddings"] = workshop.folder(first.store) / "store"
        assert first.store.encoder is not None
        given |= first.store.encoder.asked_for
    if first.background is not None:
        given["bg_embeddings"] = workshop.folder(first.background) / "store"
    if not any(METHODS.get(mode).takes("top_n") for mode in given["mode"]):
        given.pop("top_n", None)
    result = classify(make_settings(ClassifySettings, given), observer)
    for scores in wanted:
        _keep(workshop.folder(scores), of_mode(result, scores.mode, run))
    return Made(len(result.table))


def of_mode(result: ClassifyResult, mode: str, run: StudySettings) -> ClassifyResult:
    """The result of one method alone, as if no other had been asked for with it."""
    made_with = dict(result.made_with)
    told: Any = made_with["methods"]
    made_with |= {"methods": {mode: told[mode]}, "top_n": run.top_n}
    if DRIFTS not in METHODS.get(mode).needs:
        made_with["noises"] = []
    if TEXT not in METHODS.get(mode).needs:
        made_with |= {"templates": [], "prompts": {}, "descriptions": None}
    return replace(result, cells=[cell for cell in result.cells if cell.mode == mode], made_with=made_with)


def _keep(folder: Path, result: ClassifyResult) -> None:
    table = result.table
    write_kept(folder / CELLS, Kept(table.clips, result.classes, result.y, table.folds, table.sources, result.cells))
    document = as_document(result)
    # told by the artifacts, or by the study's file
    for place in ("embeddings", "bg_embeddings", "text_embeddings", "descriptions"):
        document.pop(place, None)
    write_json(folder / DOCUMENT, document)
