"""Whole sets of soundscapes: planned in order, rendered background by background, listed in order.

The plan is cut into windows, so that a set of any size takes the same memory. Within a window soundscapes that share a
background are rendered together, so that it is decoded, resampled and measured once. What a set holds follows from its
plan alone: workers, the order they finish in and earlier runs that were cut short leave no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from atmda.core.audio import open_audio
from atmda.core.files import publish
from atmda.errors import AudioError
from atmda.soundscapes.files import sweep
from atmda.soundscapes.generate import Generation, finished_record
from atmda.soundscapes.manifest import MANIFEST, line_of
from atmda.soundscapes.parameters import Parameters
from atmda.soundscapes.sampling import Recording, check_scenes, draw_soundscape
from atmda.soundscapes.workers import Batch, Generator, Outcome, Submit, worker_pool

WINDOW = 2048
FIRST_WINDOW = 256
CHUNK = 16


@dataclass
class Report:
    """made: rendered now. kept: whole from an earlier run. skipped: one sentence for each that cannot be made.
    noted: how many carry a note. scenes: how many each scene got."""

    made: int = 0
    kept: int = 0
    skipped: list[str] = field(default_factory=list)
    noted: int = 0
    scenes: dict[str, int] = field(default_factory=dict)


@dataclass
class Job:
    """Something to make, or why it cannot be, or what an earlier run made of it."""

    what: Any = None
    outcome: Outcome | None = None
    order: str = ""


def generate_set(
    clips: Sequence[Recording],
    scenes: Mapping[str, Sequence[Recording]],
    generation: Generation,
    report: Report,
    workers: int = 1,
) -> Iterator[int]:
    """Make every soundscape of `clips` that is not there yet, then publish the manifest.

    `scenes`: background recordings by scene. Yields how many more are done, and fills `report`.
    Raises SettingsError where a scene asked for is missing, AtmdaError where clipping is refused or a disk is full.
    """
    check_scenes(generation.setting.parameters, scenes)
    folders = sorted({"" if clip.fold is None else f"fold{clip.fold}" for clip in clips})
    for folder in folders:
        for below in ("", "jams", "txt"):
            (generation.output / folder / below).mkdir(parents=True, exist_ok=True)
    total = len(clips) * generation.setting.parameters.n_soundscapes
    jobs = _plan(clips, generation.setting.parameters, scenes, generation)
    yield from run(jobs, generation, generation.output, report, min(workers, -(-total // 8)))


def run(jobs: Iterable[Job], generator: Generator, output: Path, report: Report, workers: int) -> Iterator[int]:
    """Do `jobs`, then publish the manifest of their records, in their order, in `output`; yields how many more."""
    sweep(output)
    with (
        publish(output / MANIFEST) as part,
        part.open("w", encoding="utf-8", newline="\n") as manifest,
        worker_pool(generator, workers) as start,
    ):
        for window in _windows(iter(jobs), start):
            yield from window.finish()
            for job in window.jobs:
                _list(job, manifest, report)


def _list(job: Job, manifest: TextIO, report: Report) -> None:
    assert job.outcome is not None
    if isinstance(job.outcome, str):
        report.skipped.append(job.outcome)
        return
    manifest.write(line_of(job.outcome))
    report.made += job.what is not None
    report.kept += job.what is None
    report.noted += bool(job.outcome.get("notes"))
    scene = str(job.outcome.get("scene"))
    report.scenes[scene] = report.scenes.get(scene, 0) + 1


@dataclass
class Window:
    """Some jobs in their order, and the chunks of them that workers have been given."""

    jobs: list[Job]
    begun: list[tuple[list[Job], Batch]]

    def finish(self) -> Iterator[int]:
        """Wait for all outcomes; yields how many more there are."""
        yield len(self.jobs) - sum(len(chunk) for chunk, _ in self.begun)
        for chunk, batch in self.begun:
            for job, outcome in zip(chunk, batch(), strict=True):
                job.outcome = outcome
            yield len(chunk)


def _windows(jobs: Iterator[Job], start: Submit) -> Iterator[Window]:
    """`jobs` in windows, begun. While one is rendered the next is planned, so that no worker waits."""
    before: Window | None = None
    size = FIRST_WINDOW  # small, so that workers are soon given something
    while window := list(islice(jobs, size)):
        size = WINDOW
        open_jobs = sorted((job for job in window if job.outcome is None), key=lambda job: job.order)
        chunks = [open_jobs[k : k + CHUNK] for k in range(0, len(open_jobs), CHUNK)]
        begun = [(chunk, start([job.what for job in chunk])) for chunk in chunks]
        if before:
            yield before
        before = Window(window, begun)
    if before:
        yield before


def _plan(
    clips: Sequence[Recording],
    parameters: Parameters,
    scenes: Mapping[str, Sequence[Recording]],
    generation: Generation,
) -> Iterator[Job]:
    for clip in clips:
        try:
            seconds = open_audio(clip.path, clip.name).seconds
        except AudioError as error:
            yield Job(outcome=str(error))
            continue
        for i in range(parameters.n_soundscapes):
            soundscape = draw_soundscape(clip, seconds, i, parameters, scenes)
            record = finished_record(soundscape, generation)
            if record is not None:
                yield Job(outcome=record)
            else:
                yield Job(soundscape, order=soundscape.background.name)
