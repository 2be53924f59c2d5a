"""Soundscapes from their draw to their files: one of them, which is what a worker does, and a whole set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from atmda.core.audio import open_audio
from atmda.core.untrusted import parsed_object
from atmda.errors import AudioError, StoreError
from atmda.soundscapes.contents import content_of
from atmda.soundscapes.files import txt_bytes, wav_bytes, wav_size, write_whole
from atmda.soundscapes.jams import SetInfo, jams_bytes
from atmda.soundscapes.manifest import checked_record, paths_of, record_of
from atmda.soundscapes.mix import SAMPLE_RATE, Event, Mix
from atmda.soundscapes.rendering import ClipPolicy, Renderer
from atmda.soundscapes.reverb import reverberate
from atmda.soundscapes.runner import JOBS_A_WORKER, Advance, Counts, Job, run
from atmda.soundscapes.sampling import Recording, Soundscape, draw_soundscape
from atmda.soundscapes.scaper_engine import render_with_scaper

Engine = Literal["atmda", "scaper"]


def mix_of(soundscape: Soundscape, info: SetInfo) -> Mix:
    """The mix that `soundscape` stands for."""
    front, back, parameters = soundscape.foreground, soundscape.background, info.parameters
    times = (soundscape.source_time, soundscape.event_time, soundscape.event_duration)
    return Mix(
        parameters.duration,
        (
            Event("background", back.path, 0.0, 0.0, parameters.duration, 0.0, back.name),
            Event("foreground", front.path, *times, soundscape.snr, front.name),
        ),
        parameters.ref_db,
    )


@dataclass(frozen=True)
class Generation:
    """How a set's soundscapes are made, and where: what a worker is told once."""

    output: Path
    info: SetInfo
    clip_policy: ClipPolicy = "warn"
    engine: Engine = "atmda"

    def make(self, job: Soundscape, renderer: Renderer) -> dict[str, Any]:
        """Write WAV, txt and, last, JAMS: where the JAMS is, the others are. Returns the manifest's record.

        Raises AudioError for a source that cannot be used, AtmdaError where clipping is refused.
        """
        info, mix = self.info, mix_of(job, self.info)
        if self.engine == "scaper":
            rendered = render_with_scaper(job, info, mix, self.clip_policy)
        else:
            rendered = renderer.render(mix, self.clip_policy, job.name)
            if info.reverb is not None:
                rendered.samples = reverberate(rendered.samples, SAMPLE_RATE, info.reverb)
        wav, jams, txt = (self.output / path for path in paths_of(job.folder, job.name))
        content = wav_bytes(rendered.samples, SAMPLE_RATE)
        checksums = {**contents_of(job), "file": sha256(content).hexdigest()}
        record = record_of(job, info, rendered) | {"sha256": checksums}
        write_whole(wav, content)
        write_whole(txt, txt_bytes([(record["onset"], record["offset"], record["label"])]))
        write_whole(jams, jams_bytes(job, info, rendered.scale, record))
        return record


def contents_of(soundscape: Soundscape) -> dict[str, str]:
    """SHA-256 of the two recordings that a soundscape is mixed from. Raises AudioError where one cannot be read."""
    sources = {"foreground": soundscape.foreground, "background": soundscape.background}
    return {role: content_of(source.path, source.name) for role, source in sources.items()}


def is_stale(soundscape: Soundscape, record: Mapping[str, Any]) -> bool:
    """Whether a recording has been replaced since `record` was made of it; False where the record does not tell."""
    try:
        return "sha256" in record and not contents_of(soundscape).items() <= record["sha256"].items()
    except AudioError:
        return False


def finished_record(soundscape: Soundscape, generation: Generation) -> dict[str, Any] | None:
    """The record of `soundscape` where an earlier run wrote its three files whole, else None."""
    wav, jams, txt = (generation.output / path for path in paths_of(soundscape.folder, soundscape.name))
    frames = int(generation.info.parameters.duration * SAMPLE_RATE)
    try:
        if wav.stat().st_size != wav_size(frames) or txt.stat().st_size == 0:
            return None
        content = parsed_object(jams.read_bytes(), str(jams))["sandbox"]["atmda"]
        record = checked_record(content, str(jams))
    except (OSError, StoreError, KeyError, TypeError, AttributeError):
        return None
    drawn = (soundscape.snr, soundscape.event_time, soundscape.foreground.name, soundscape.background.name)
    same = drawn == tuple(record.get(key) for key in ("snr", "onset", "foreground", "background"))
    return record if same else None


def generate_set(
    clips: Sequence[Recording],
    scenes: Mapping[str, Sequence[Recording]],
    generation: Generation,
    workers: int,
    advance: Advance,
) -> Counts:
    """Make every soundscape of `clips` that is not there yet, then publish the manifest.

    `scenes`: background recordings by scene; those asked for are there (see `check_scenes`). `advance` is called with
    how many more are done. Raises AtmdaError where clipping is refused or a disk is full.
    """
    folders = sorted({"" if clip.fold is None else f"fold{clip.fold}" for clip in clips})
    for folder in folders:
        for below in ("", "jams", "txt"):
            (generation.output / folder / below).mkdir(parents=True, exist_ok=True)
    total = len(clips) * generation.info.parameters.n_soundscapes
    jobs = _jobs(clips, scenes, generation)
    return run(jobs, generation, generation.output, min(workers, -(-total // JOBS_A_WORKER)), advance)


def _jobs(
    clips: Sequence[Recording], scenes: Mapping[str, Sequence[Recording]], generation: Generation
) -> Iterator[Job]:
    parameters = generation.info.parameters
    for clip in clips:
        try:
            seconds = open_audio(clip.path, clip.name).seconds
        except AudioError as error:
            yield Job(outcome=str(error))
            continue
        for i in range(parameters.n_soundscapes):
            soundscape = draw_soundscape(clip, seconds, i, parameters, scenes)
            record = finished_record(soundscape, generation)
            changed = record is not None and is_stale(soundscape, record)
            if record is not None and not changed:
                yield Job(outcome=record)
            else:
                yield Job(soundscape, order=soundscape.background.name, changed=changed)
