"""The report of a study, from the scores that were kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from atmda.core.methods.adaptation import TEMPERATURE
from atmda.report.study.confusion import confusion_of
from atmda.report.study.provenance import provenance
from atmda.tasks.observer import Observer
from atmda.tasks.statistics.analysis import analyse
from atmda.tasks.statistics.many import joined
from atmda.tasks.statistics.reported import GapRows, study_data
from atmda.tasks.study.gaps import add_gaps
from atmda.tasks.study.rival_rows import rival_rows

if TYPE_CHECKING:
    from atmda.report.study.data import Confusion, StudyData
    from atmda.tasks.results import ClassifyResult
    from atmda.tasks.study.artifacts import Workshop
    from atmda.tasks.study.result import Cell, StudyResult
    from atmda.tasks.study.scores import Scores

#: cells of which it is shown what classes are taken for
CONFUSIONS = 4
PACKAGES = ("atmda", "numpy", "scipy", "scikit-learn", "soxr", "soundfile", "pyarrow", "torch")


def report_data(
    result: StudyResult, everything: Sequence[Scores], workshop: Workshop | None, observer: Observer
) -> StudyData | None:
    """What the report shows; None where there are no scores, only what came of them.

    `everything`: the study's scores, whose embeddings the gap between the modalities is measured on.
    """
    firsts = {cell.artifact: cell for cell in reversed(result.cells) if cell.file is not None}
    if not firsts:
        return None
    with observer.progress("Statistics", len(firsts)) as advance:
        parts, sets = [], []
        for cell in reversed(firsts.values()):
            sets.append((cell, cell.classified()))
            parts.append(analyse(sets[-1][1], point=cell.about))
            advance(1)
    gap = GapRows()
    if workshop is not None:
        add_gaps(gap, everything, workshop, observer)
    clips = {cell.about.get("set"): len(found.table.clips) for cell, found in sets}
    facts = {"Sets": str(len(clips)), "Clips": f"{sum(clips.values()):,}", "Cells": str(len(result.cells))}
    return study_data(
        result.name,
        joined(parts),
        metric=sets[0][1].metrics[0],
        facts=facts,
        confusion=list(_confusions(sets)),
        rivals=rival_rows(sets),
        made_of=provenance(result.encoders, result.prompts, result.artifacts, result.config, _versions()),
        **vars(gap),
    )


def _confusions(sets: Sequence[tuple[Cell, ClassifyResult]]) -> Iterator[Confusion]:
    """Of sets in noise, at the temperature nearest the published one, as many as can be looked at."""
    noisy = [pair for pair in sets if pair[0].about.get("scene")] or list(sets)
    count = 0
    for cell, found in noisy:
        for modality in ("audio", "text"):
            near = [c for c in found.cells if c.modality.split()[0] == modality and isinstance(c.temperature, float)]
            if not near or count == CONFUSIONS or found.y.ndim == 2:
                continue
            one = min(near, key=lambda c: abs(float(c.temperature or 0.0) - TEMPERATURE))
            shown = confusion_of(f"{cell.about.get('set')}, {one.mode}", found, one)
            if shown is not None:
                count += 1
                yield shown


def _versions() -> dict[str, str]:
    """Of what computed the numbers, as far as it is installed."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
