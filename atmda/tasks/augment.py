"""Soundscapes of events in backgrounds: drawn, mixed and listed, or rendered again from their JAMS."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from atmda.core.device import usable_cores
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.augment import AugmentSettings
from atmda.soundscapes.files import wav_size
from atmda.soundscapes.generate import Generation
from atmda.soundscapes.jams import Setting
from atmda.soundscapes.jams_reading import Finder
from atmda.soundscapes.manifest import MANIFEST, claim
from atmda.soundscapes.regenerate import Regeneration, fingerprint, jams_below, regenerate_set
from atmda.soundscapes.rendering import SAMPLE_RATE
from atmda.soundscapes.reverb import require_sox
from atmda.soundscapes.runner import Report, generate_set
from atmda.soundscapes.sampling import Recording, check_scenes
from atmda.soundscapes.scaper_engine import require_scaper
from atmda.soundscapes.sources import Source, backgrounds, foregrounds
from atmda.tasks.observer import Observer

SIDE_FILES = 6_000  # bytes of JAMS, labels and manifest for each soundscape


@dataclass(frozen=True)
class AugmentResult:
    """A set of soundscapes on the disk.

    Attributes:
        output: its folder. manifest: the list of its soundscapes.
        made, kept: how many were rendered now, and how many were whole from an earlier run.
        noted: how many carry a note in the manifest.
        scenes: how many each scene got.
        skipped: one sentence for each that cannot be made.
    """

    output: Path
    made: int
    kept: int
    noted: int
    scenes: dict[str, int]
    skipped: list[str]

    @property
    def manifest(self) -> Path:
        return self.output / MANIFEST


class NoSoundscapeError(AtmdaError):
    """Not one soundscape could be made; `result` has the reasons."""

    def __init__(self, result: AugmentResult) -> None:
        super().__init__(f"Not one soundscape could be made: {result.skipped[0]}")
        self.result = result


def augment(settings: AugmentSettings, observer: Observer | None = None) -> AugmentResult:
    """Make the set of soundscapes that the settings name, or go on with it.

    Raises:
        SettingsError: settings that do not go together, before anything is read.
        AtmdaError: no events, no backgrounds, clipping where it is refused, a full disk.
    """
    observer = observer or Observer()
    settings.check()
    if settings.engine == "scaper":
        require_scaper()
    if settings.original_reverb:
        require_sox()
    return _again(settings, observer) if settings.from_jams is not None else _draw(settings, observer)


def _draw(settings: AugmentSettings, observer: Observer) -> AugmentResult:
    parameters = settings.drawn()
    events = foregrounds(settings.fg_dataset, settings.data_dir)
    places = backgrounds(settings.bg_dataset, settings.data_dir)
    for problem in (*events.problems, *places.problems):
        observer.warning(problem)
    scenes = places.scenes()
    check_scenes(parameters, scenes)
    clips = _in_folds(events, settings.folds)
    counts = ", ".join(f"{scene} {len(recordings)}" for scene, recordings in scenes.items())
    observer.detail(f"{len(clips)} events of {events.name}; backgrounds of {places.name}: {counts}.")
    output = settings.output or settings.workspace.new_soundscapes(events.name)
    made_with = {
        "parameters": parameters.as_dict(),
        "folds": sorted({clip.fold for clip in clips if clip.fold is not None}),
        "foregrounds": {"name": events.name, "folder": events.shown_root, "recordings": events.fingerprint()},
        "backgrounds": {"name": places.name, "folder": places.shown_root, "recordings": places.fingerprint()},
        "clip_policy": settings.clip_policy,
        "engine": settings.engine,
        "original_reverb": settings.original_reverb,
    }
    total = len(clips) * parameters.n_soundscapes
    if not claim(output, made_with):
        _check_space(output, total, parameters.duration)
    setting = Setting(
        parameters,
        events.shown_root,
        places.shown_root,
        tuple(events.labels),
        tuple(scenes),
        settings.clip_policy == "scale",
        0.0 if settings.original_reverb else None,
    )
    generation = Generation(output, setting, settings.clip_policy, settings.engine)
    report = Report()
    steps = generate_set(clips, scenes, generation, report, _workers(settings, observer))
    return _run(steps, report, output, total, observer)


def _again(settings: AugmentSettings, observer: Observer) -> AugmentResult:
    folder, output, inputs = settings.from_jams, settings.output, settings.workspace.inputs
    assert folder is not None
    assert output is not None
    files = jams_below(folder)
    events = Finder(settings.fg_path or inputs / settings.fg_dataset, "fg_path")
    places = Finder(settings.bg_path or inputs / settings.bg_dataset, "bg_path")
    observer.detail(f"{len(files)} soundscapes to render again from {folder}.")
    claim(output, {"from_jams": {"soundscapes": len(files), "files": fingerprint(folder, files)}})
    report = Report()
    generation = Regeneration(output, settings.clip_policy)
    workers = _workers(settings, observer)
    steps = regenerate_set(folder, events, places, settings.fg_dataset, generation, report, workers)
    return _run(steps, report, output, len(files), observer)


def _run(steps: Iterator[int], report: Report, output: Path, total: int, observer: Observer) -> AugmentResult:
    try:
        with observer.progress("Mixing", total) as advance:
            for count in steps:
                advance(count)
    except (KeyboardInterrupt, AtmdaError):
        observer.notice(f"To go on, run the same command with `output` {output}")
        raise
    result = AugmentResult(
        output, report.made, report.kept, report.noted, dict(sorted(report.scenes.items())), report.skipped
    )
    if not result.made + result.kept:
        raise NoSoundscapeError(result)
    return result


def _in_folds(source: Source, folds: Sequence[int]) -> list[Recording]:
    there = sorted({clip.fold for clip in source.recordings if clip.fold is not None})
    strange = sorted(set(folds) - set(there))
    if strange:
        known = f"There are: {', '.join(map(str, there))}." if there else f"{source.name} has no folds."
        raise SettingsError(f"`folds`: there is no fold {strange[0]}.", known, setting="folds")
    return [clip for clip in source.recordings if not folds or clip.fold in folds]


def _check_space(output: Path, total: int, seconds: float) -> None:
    needed = total * (wav_size(int(seconds * SAMPLE_RATE)) + SIDE_FILES)
    free = shutil.disk_usage(output).free
    if needed > free:
        raise AtmdaError(
            f"{output}: {total} soundscapes need {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free.",
            "Free some, or make fewer folds at a time.",
        )


def _workers(settings: AugmentSettings, observer: Observer) -> int:
    workers = settings.num_workers or usable_cores()
    observer.detail(f"{workers} workers.")
    return workers
