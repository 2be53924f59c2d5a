"""What is heard when in long recordings: windows labelled by name, each recording against its own background."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from atmda.core.detection.choice import Choice
from atmda.core.detection.detection import Detection
from atmda.core.detection.merging import detections
from atmda.core.detection.window import ScoredWindow
from atmda.core.time_zones import time_zone
from atmda.datasets.thresholds import read_thresholds
from atmda.report.detections import DetectionFile
from atmda.settings.infer import InferSettings
from atmda.tasks.backdrop import Backdrop, backdrop
from atmda.tasks.classes import CLASSES, Classes
from atmda.tasks.listening import new_page, watched, written
from atmda.tasks.nothing_usable import NothingUsableError
from atmda.tasks.observer import Observer, warn_of_one_class
from atmda.tasks.profiles import KnownBackground
from atmda.tasks.results import DetectResult
from atmda.tasks.scored import ScoredRecording
from atmda.tasks.subjects import Recordings
from atmda.tasks.when import When
from atmda.tasks.windows import WINDOWS

FIRST = 100  # detections that are kept for who looks at the result, where a file has them all


def detect(
    settings: InferSettings,
    observer: Observer | None = None,
    *,
    recordings: Recordings | None = None,
    background: Recordings | None = None,
    keep: int | None = None,
) -> DetectResult:
    """Label the windows of what the settings name; detections go to `settings.output`, where there is one.

    Args:
        observer: told of the encoder, of what is skipped, and of progress.
        recordings, background: in place of `audio_folder` and `bg_folder`: paths; the background may be waveforms too.
        keep: how many detections the result holds; all where there is no output, else the first ones, unless given.

    Raises:
        SettingsError: settings that do not go together, before anything is loaded.
        AtmdaError: there is no recording, or not one that can be used.
    """
    observer = observer or Observer()
    settings.check()
    refuge = settings.workspace.results
    file = DetectionFile(settings.output, settings.output_format, refuge, settings.spreadsheet_safe)
    subject = WINDOWS[settings.subject](settings, observer, recordings)
    background_given = KnownBackground(settings, subject, background)
    classes = CLASSES[settings.classes_from](settings, subject, background_given)
    subject.meet(classes.unit)
    warn_of_one_class(classes.labels, observer)
    choice = _choice(settings, classes)
    known = None
    if settings.self_background is None:
        known = background_given.scores(classes.scorer)
    kept = _Kept(keep if keep is not None else sys.maxsize if settings.output is None else FIRST)
    when = When(subject.paths(), None if settings.timezone is None else time_zone(settings.timezone), observer)
    page = new_page(settings, classes, choice, subject.name)
    with subject.rows() as rows, file:
        found = subject.recordings(rows, classes.scorer)
        for recording, back in backdrop(found, settings, classes, known, when):
            kept.recordings += 1
            kept.windows += len(recording.starts)
            path, rate = when.file(recording.name)
            file.recording(recording.name, path, recording.seconds, rate)
            windows = watched(_windows(recording, back, when), page)
            for detection in detections(windows, choice, settings.merge):
                file.add(detection)
                kept.add(detection)
                if page is not None:
                    page.add_detection(detection)
        if not kept.recordings:
            raise NothingUsableError(subject.name, subject.skipped)
    report = written(page, settings)
    adapted = None if settings.modality == "none" else settings.amount
    how = None if settings.self_background is None else str(settings.self_background)
    return DetectResult(
        classes.labels, kept.count, kept.recordings, kept.windows, kept.detections, subject.skipped,
        classes.mode, settings.modality, adapted, how, settings.output, report,
    )  # fmt: skip


def _choice(settings: InferSettings, classes: Classes) -> Choice:
    """Which labels of a window count. Raises SettingsError where `thresholds` cannot be used."""
    thresholds = {} if settings.thresholds is None else read_thresholds(settings.thresholds, classes.labels)
    top_k = None if settings.multi_label and not settings.asked("top_k") else settings.top_k
    return Choice(classes.labels, top_k, settings.least_confidence, thresholds)


def _windows(recording: ScoredRecording, back: Backdrop, when: When) -> Iterator[ScoredWindow]:
    """Each window of a recording, adapted."""
    path, recorded, site = when.path(recording.name), when.start(recording.name), when.site(recording.name)
    for place, (start, end) in enumerate(zip(recording.starts.tolist(), recording.ends.tolist(), strict=True)):
        yield ScoredWindow(
            recording.name, path, start, end,
            scores=back.scores[place],
            unadapted_scores=recording.scores[place],
            confidences=back.confidences[place],
            unadapted_confidences=back.unadapted_confidences[place],
            profile=back.profile_of(place),
            level=float(recording.levels[place]),
            silent=bool(recording.silent[place]),
            note=recording.notes[place],
            recorded=recorded,
            site=site,
        )  # fmt: skip


@dataclass
class _Kept:
    """What the result tells. `most`: detections that are held."""

    most: int

    def __post_init__(self) -> None:
        self.count = self.recordings = self.windows = 0
        self.detections: list[Detection] = []

    def add(self, detection: Detection) -> None:
        self.count += 1
        if len(self.detections) < self.most:
            self.detections.append(detection)
