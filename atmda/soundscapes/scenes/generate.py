"""Long scenes from their draw to their files: one of them, which is what a worker does, and a whole set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from atmda.core.audio import open_audio
from atmda.core.untrusted import parsed_object
from atmda.errors import AudioError, StoreError
from atmda.soundscapes.contents import content_of
from atmda.soundscapes.files import txt_bytes, wav_size, write_whole
from atmda.soundscapes.jams import SetInfo
from atmda.soundscapes.manifest import checked_record, paths_of
from atmda.soundscapes.mix import SAMPLE_RATE
from atmda.soundscapes.rendering import ClipPolicy, Renderer
from atmda.soundscapes.runner import Advance, Counts, Job, run
from atmda.soundscapes.sampling import Recording
from atmda.soundscapes.scenes.drawing import SceneJob, draw_scene, plan
from atmda.soundscapes.scenes.jams import scene_jams
from atmda.soundscapes.scenes.parameters import SceneParameters
from atmda.soundscapes.scenes.records import Record, is_scene, lines_of, mix_of, scene_record
from atmda.soundscapes.scenes.table import publish_annotations
from atmda.soundscapes.streaming import render_to_file

MOST_LEFT_OUT = 100  # recordings that a scene goes without before it is given up

Places: TypeAlias = Mapping[str, Sequence[Recording]]
Clips: TypeAlias = Mapping["int | None", Mapping[str, Sequence[Recording]]]


@dataclass(frozen=True)
class SceneGeneration:
    """How a set's scenes are made, and where: what a worker is told once. clips: events by fold and class; places:
    backgrounds by kind of place; both in order of name."""

    output: Path
    info: SetInfo
    parameters: SceneParameters
    clips: Clips
    places: Places
    clip_policy: ClipPolicy = "warn"

    def make(self, job: SceneJob, renderer: Renderer) -> Record:
        """Write WAV, txt and, last, JAMS: where the JAMS is, the others are. Returns the manifest's record.

        A recording that cannot be used is left out, with a note, and the scene drawn without it. Raises AudioError
        where too many cannot, AtmdaError where none is left or clipping is refused.
        """
        left_out: dict[str, str] = {}
        while True:
            try:
                return self._made(job, renderer, left_out)
            except AudioError as error:
                if error.path in left_out or len(left_out) == MOST_LEFT_OUT:
                    raise
                left_out[error.path] = error.reason

    def _made(self, job: SceneJob, renderer: Renderer, left_out: Mapping[str, str]) -> Record:
        parameters = self.parameters
        scene = draw_scene(job, parameters, self.clips[job.fold], self.places[job.place], seconds_of, left_out)
        wav, jams, txt = (self.output / path for path in paths_of("", job.name))
        mix = mix_of(scene, parameters)
        rendered, checksum = render_to_file(renderer, mix, self.clip_policy, job.name, wav)
        notes = [f"{name} is left out: {reason}" for name, reason in left_out.items()]
        record = scene_record(job, scene, parameters, rendered, notes, checksum)
        write_whole(txt, txt_bytes(lines_of(record)))
        write_whole(jams, scene_jams(job, scene, parameters, self.info, record))
        return record


def seconds_of(recording: Recording) -> float:
    """How long a recording lasts. Raises AudioError."""
    try:
        status = recording.path.stat()
    except OSError as error:
        raise AudioError(recording.name, f"it cannot be read ({error.strerror})") from error
    return _seconds(recording.path, recording.name, status.st_size, status.st_mtime_ns)


@lru_cache(65_536)
def _seconds(path: Path, name: str, size: int, modified: int) -> float:
    return open_audio(path, name).seconds


def generate_scenes(generation: SceneGeneration, workers: int, advance: Advance) -> Counts:
    """Make every scene of the set that is not there yet, then publish the manifest and the table of annotations.

    `advance` is called with how many more are done. Raises AtmdaError where clipping is refused or a disk is full.
    """
    for below in ("", "jams", "txt"):
        (generation.output / below).mkdir(parents=True, exist_ok=True)
    workers = min(workers, generation.parameters.n_scenes)
    counts = run(_jobs(generation), generation, generation.output, workers, advance)
    publish_annotations(generation.output)
    return counts


def _jobs(generation: SceneGeneration) -> Iterator[Job]:
    parameters = generation.parameters
    folds = sorted(generation.clips, key=lambda fold: (fold is not None, fold or 0))
    sources = _Sources(generation)
    for i in range(parameters.n_scenes):
        job = plan(i, parameters, folds, generation.places)
        record = finished_record(job, generation)
        changed = record is not None and sources.changed(job, record)
        if record is not None and not changed:
            yield Job(outcome=record)
        else:
            yield Job(job, order=job.place, changed=changed, seconds=parameters.duration)


def finished_record(job: SceneJob, generation: SceneGeneration) -> Record | None:
    """The record of the scene where an earlier run wrote its three files whole, else None."""
    wav, jams, txt = (generation.output / path for path in paths_of("", job.name))
    parameters = generation.parameters
    try:
        record = checked_record(parsed_object(jams.read_bytes(), str(jams))["sandbox"]["atmda"], str(jams))
        whole = wav.stat().st_size == wav_size(int(parameters.duration * SAMPLE_RATE))
        if not whole or not is_scene(record) or txt.read_bytes() != txt_bytes(lines_of(record)):
            return None
    except (OSError, StoreError, KeyError, TypeError, AttributeError):
        return None
    made = tuple(record.get(key) for key in ("i", "fold", "scene", "parameters"))
    return record if made == (job.i, job.fold, job.place, parameters.as_dict()) else None


class _Sources:
    """The recordings of a set by role and name."""

    def __init__(self, generation: SceneGeneration) -> None:
        self._paths: dict[tuple[str, Any], dict[str, Path]] = {}
        for role, groups in (("foreground", _whole(generation.clips)), ("background", generation.places)):
            for key, recordings in groups.items():
                self._paths[role, key] = {recording.name: recording.path for recording in recordings}

    def changed(self, job: SceneJob, record: Record) -> bool:
        """Whether a recording has been replaced since `record` was made of it; False where it does not tell."""
        for key, checksum in record.get("sha256", {}).items():
            role, _, name = key.partition(" ")
            path = self._paths.get((role, job.fold if role == "foreground" else job.place), {}).get(name)
            try:
                if path is not None and content_of(path, name) != checksum:
                    return True
            except AudioError:
                continue
        return False


def _whole(clips: Clips) -> dict[int | None, list[Recording]]:
    return {fold: [clip for of_class in classes.values() for clip in of_class] for fold, classes in clips.items()}
