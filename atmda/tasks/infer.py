"""Recordings, or embeddings of them, labelled by name and adapted to their background."""

from __future__ import annotations

import numpy as np

from atmda.core.methods.labeller import Labeller, Prediction
from atmda.core.types import FloatArray
from atmda.report.result_file import ResultFile
from atmda.settings.infer import InferSettings
from atmda.tasks.classes import CLASSES, Classes
from atmda.tasks.demo import demo_settings
from atmda.tasks.nothing_usable import NothingUsableError
from atmda.tasks.observer import Observer, warn_of_one_class
from atmda.tasks.profiles import KnownBackground
from atmda.tasks.results import InferResult
from atmda.tasks.subjects import SUBJECTS, Recordings


def infer(
    settings: InferSettings,
    observer: Observer | None = None,
    *,
    recordings: Recordings | None = None,
    background: Recordings | None = None,
) -> InferResult:
    """Label what the settings name; rows go to `settings.output`, where there is one.

    Args:
        observer: told of the encoder, of what is skipped, and of progress.
        recordings, background: in place of `audio_folder` and `bg_folder`: waveforms with their rates, or paths.

    Raises:
        SettingsError: settings that do not go together, before anything is loaded.
        AtmdaError: there is no recording, or not one that can be used.
    """
    observer = observer or Observer()
    settings.check()
    settings = demo_settings(settings) if settings.demo else settings
    places = settings.workspace
    file = ResultFile(settings.output, places.new_journal, observer.warning, places.results, settings.spreadsheet_safe)
    subject = SUBJECTS[settings.subject](settings, observer, recordings)
    known = KnownBackground(settings, subject, background)
    classes = CLASSES[settings.classes_from](settings, subject, known)
    subject.meet(classes.unit)
    warn_of_one_class(classes.labels, observer)
    heard = known.scores(classes.scorer)
    profile = None if heard is None else np.asarray(heard.mean(axis=0))
    temperature = None if profile is None else settings.temperature
    observer.detail(f"{len(classes.labels)} classes by mode {classes.mode}{_loudest(classes, profile)}.")
    labeller = Labeller(
        classes.labels, classes.scorer, classes.logit_scale, profile, temperature or 0.0, settings.top_k
    )
    predictions: list[Prediction] = []
    skipped: dict[str, str] = {}
    with subject.kept(), file:
        for name, embedding, note, silent in subject.clips():
            if embedding is None:
                skipped[name] = note
                continue
            predictions.append(labeller.label(name, embedding, note, silent))
            file.add(predictions[-1].row())
        if not predictions:
            raise NothingUsableError(subject.name, skipped)
    how = (classes.mode, settings.modality, temperature)
    return InferResult(classes.labels, predictions, skipped, profile, *how, settings.output)


def _loudest(classes: Classes, profile: FloatArray | None) -> str:
    """Which classes the background sounds most like."""
    if profile is None:
        return ""
    best = (-profile).argsort(kind="stable")[:3]
    return "; the background sounds most like " + ", ".join(f"{classes.labels[c]} ({profile[c]:.3f})" for c in best)
