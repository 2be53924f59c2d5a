"""The gap between recordings and sentences in a study's embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.embeddings.store import read_store
from atmda.core.evaluation.gap import CENTRED, NORMALISED, adapted
from atmda.core.methods.adaptation import TEMPERATURE
from atmda.errors import AtmdaError
from atmda.tasks.observer import Observer
from atmda.tasks.statistics.reported import GapRows

if TYPE_CHECKING:
    from atmda.tasks.study.artifacts import Workshop
    from atmda.tasks.study.scores import Scores


def add_gaps(gap: GapRows, everything: Sequence[Scores], workshop: Workshop, observer: Observer) -> None:
    """The gap of each data set and encoder, in its first set of clips, as it is and after each correction."""
    seen: set[tuple[Any, Any]] = set()
    for scores in everything:
        place = {name: scores.about.get(name) for name in ("dataset", "encoder", "set")}
        key = (place["dataset"], place["encoder"])
        if key in seen or scores.mode != "zs" or scores.store is None or not workshop.is_done(scores):
            continue
        seen.add(key)
        try:
            _add_gap(gap, place, scores, workshop, observer)
        except (AtmdaError, ValueError) as error:
            observer.notice(f"note: the gap of {place['set']} is not measured: {error}")


def _add_gap(gap: GapRows, place: Mapping[str, Any], scores: Scores, workshop: Workshop, observer: Observer) -> None:
    from atmda.settings.classify import ClassifySettings
    from atmda.settings.loading import make_settings
    from atmda.tasks.encoding import open_encoder, text_anchors

    assert scores.store is not None and scores.store.encoder is not None
    table = read_store(workshop.folder(scores.store) / "store")
    if table.labels is None or None in table.labels:
        raise ValueError("its clips have several labels, or none")
    run = workshop.settings
    given = {**scores.store.encoder.asked_for, "device": run.device, "data_dir": run.data_dir}
    encoder = open_encoder(make_settings(ClassifySettings, given), Observer())
    classes = table.classes or tuple(sorted(set(table.labels)))
    templates, descriptions = tuple(scores.settings.get("templates") or ()), scores.settings.get("descriptions")
    T = text_anchors(encoder, classes, templates, Observer(), descriptions)
    y = np.asarray([classes.index(label) for label in table.labels])
    corrections = [NORMALISED, CENTRED]
    if scores.background is not None:
        backgrounds = read_store(workshop.folder(scores.background) / "store")
        corrections.append(adapted("to the backgrounds", backgrounds.embeddings, TEMPERATURE))
    gap.add(place, corrections, table.embeddings, T, y)
