"""Sound events mixed into backgrounds: a set of soundscapes, drawn from distributions or rendered again from JAMS."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from atmda.core.device import usable_cores
from atmda.core.locks import locked
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.augment import AugmentSettings
from atmda.soundscapes.files import wav_size
from atmda.soundscapes.finder import Finder
from atmda.soundscapes.generate import Generation, generate_set
from atmda.soundscapes.jams import SetInfo
from atmda.soundscapes.manifest import begin_or_resume
from atmda.soundscapes.mix import SAMPLE_RATE
from atmda.soundscapes.parameters import Parameters
from atmda.soundscapes.regenerate import Regeneration, fingerprint, jams_below, regenerate_set
from atmda.soundscapes.reverb import require_sox
from atmda.soundscapes.runner import Advance, Counts
from atmda.soundscapes.sampling import Recording, check_scenes
from atmda.soundscapes.scaper_engine import require_scaper
from atmda.soundscapes.scenes.generate import SceneGeneration, generate_scenes
from atmda.soundscapes.scenes.parameters import SceneParameters
from atmda.soundscapes.sources import Source, backgrounds, by_label, foregrounds
from atmda.tasks.augment_result import AugmentResult, made_in
from atmda.tasks.observer import Observer

SIDE_FILES = 6_000  # bytes of JAMS, labels and manifest for each soundscape

Scenes: TypeAlias = Mapping[str, Sequence[Recording]]


def augment(settings: AugmentSettings, observer: Observer | None = None) -> AugmentResult:
    """Make the set of soundscapes that the settings name in `settings.output`, or go on with what is there.

    Args:
        observer: told of the sources, of what is skipped, and of progress.

    Raises:
        SettingsError: settings that do not go together, or with the sources, before anything is written.
        AtmdaError: there is no such data set, folder or program; a folder that was made otherwise; clipping where it
            is refused; a full disk.
    """
    observer = observer or Observer()
    settings.check()
    if settings.engine == "scaper":
        require_scaper()
    if settings.original_reverb:
        require_sox()
    if settings.from_jams is not None:
        return _regenerate(settings, settings.from_jams, observer)
    long = settings.long_scenes()
    return _generate(settings, observer) if long is None else _generate_scenes(settings, long, observer)


def _generate(settings: AugmentSettings, observer: Observer) -> AugmentResult:
    """Soundscapes drawn from the settings' distributions."""
    parameters, workers = settings.drawn(), settings.num_workers or usable_cores()
    front, back, clips, scenes = _material(settings, parameters, observer)
    total = len(clips) * parameters.n_soundscapes
    output = settings.output or settings.workspace.new_soundscapes(front.name)
    observer.writes_to(output)
    labels = tuple(front.labels), tuple(scenes)
    reverb = 0.0 if settings.original_reverb else None
    info = SetInfo(parameters, front.shown_root, back.shown_root, *labels, settings.clip_policy == "scale", reverb)
    generation = Generation(output, info, settings.clip_policy, settings.engine)
    with locked(output):
        if not begin_or_resume(output, _made_with(settings, front, clips, back)):
            _check_space(output, total, parameters.duration)
        return made_in(output, total, observer, partial(generate_set, clips, scenes, generation, workers))


def _generate_scenes(settings: AugmentSettings, parameters: SceneParameters, observer: Observer) -> AugmentResult:
    """Long scenes of many events each, and the table of these."""
    drawn, workers = parameters.drawn, settings.num_workers or usable_cores()
    front, back, clips, scenes = _material(settings, drawn, observer)
    output = settings.output or settings.workspace.new_soundscapes(f"{front.name}-scenes")
    observer.writes_to(output)
    labels = tuple(front.labels), tuple(scenes)
    info = SetInfo(drawn, front.shown_root, back.shown_root, *labels, settings.clip_policy == "scale")
    by_fold = {fold: by_label([clip for clip in clips if clip.fold == fold]) for fold in {clip.fold for clip in clips}}
    generation = SceneGeneration(output, info, parameters, by_fold, scenes, settings.clip_policy)
    made_with = {**_made_with(settings, front, clips, back), "n_scenes": parameters.n_scenes}
    with locked(output):
        if not begin_or_resume(output, {**made_with, "parameters": parameters.as_dict()}):
            _check_space(output, parameters.n_scenes, parameters.duration)
        return made_in(output, parameters.n_scenes, observer, partial(generate_scenes, generation, workers))


def _regenerate(settings: AugmentSettings, folder: Path, observer: Observer) -> AugmentResult:
    """Soundscapes rendered again from the JAMS files in `folder`."""
    output = settings.output
    assert output is not None
    files = jams_below(folder)
    fronts = Finder(settings.fg_path or settings.workspace.dataset(settings.fg_dataset), "fg_path")
    backs = Finder(settings.bg_path or settings.workspace.dataset(settings.bg_dataset), "bg_path")
    workers = settings.num_workers or usable_cores()
    observer.detail(f"{folder}: {len(files)} JAMS files.")
    observer.detail(f"Workers: {workers}.")
    generation = Regeneration(output, settings.clip_policy)

    def work(advance: Advance) -> Counts:
        return regenerate_set(folder, fronts, backs, settings.fg_dataset, generation, workers, advance)

    with locked(output):
        begin_or_resume(output, {"from_jams": {"soundscapes": len(files), "files": fingerprint(folder, files)}})
        return made_in(output, len(files), observer, work)


def _material(
    settings: AugmentSettings, parameters: Parameters, observer: Observer
) -> tuple[Source, Source, list[Recording], Scenes]:
    """Events and backgrounds, and of them the clips of the folds and the recordings by scene; the observer is told.

    Raises AtmdaError, SettingsError where one of them lacks what is asked for.
    """
    workspace = settings.workspace
    front, back = foregrounds(settings.fg_dataset, workspace), backgrounds(settings.bg_dataset, workspace)
    for problem in (*front.problems, *back.problems):
        observer.warning(problem)
    scenes = back.scenes()
    check_scenes(parameters, scenes)
    clips = _in_folds(front, settings.folds)
    folds = {clip.fold for clip in clips if clip.fold is not None}
    classes = len({clip.label for clip in clips})
    observer.detail(f"{front.name}: {len(clips)} events, {classes} classes, {len(folds)} folds.")
    by_scene = ", ".join(f"{scene} {len(recordings)}" for scene, recordings in scenes.items())
    observer.detail(f"{back.name}: {len(back.recordings)} backgrounds: {by_scene}.")
    observer.detail(f"Workers: {settings.num_workers or usable_cores()}.")
    return front, back, clips, scenes


def _made_with(
    settings: AugmentSettings, front: Source, clips: Sequence[Recording], back: Source
) -> Mapping[str, object]:
    """What the whole set is made with, as settings.json holds it; a set goes on with the same alone."""
    return {
        "parameters": settings.drawn().as_dict(),
        "folds": sorted({clip.fold for clip in clips if clip.fold is not None}),
        "foregrounds": {"name": front.name, "folder": front.shown_root, "recordings": front.fingerprint()},
        "backgrounds": {"name": back.name, "folder": back.shown_root, "recordings": back.fingerprint()},
        "clip_policy": settings.clip_policy,
        "engine": settings.engine,
        "original_reverb": settings.original_reverb,
    }


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
