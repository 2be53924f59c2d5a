"""Whole sets of soundscapes: planned in order, rendered background by background, listed in order.

The plan is cut into windows, so that a set of any size takes the same memory. Within a window soundscapes that share a
background are rendered together, so that it is decoded, resampled and measured once. What a set holds follows from its
plan alone: workers, the order they finish in and earlier runs that were cut short leave no trace.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from atmda.core.audio import open_audio
from atmda.errors import AudioError
from atmda.soundscapes.crew import Batch, Crew, Maker, Outcome, crew
from atmda.soundscapes.files import PART, sweep
from atmda.soundscapes.making import Making, finished
from atmda.soundscapes.manifest import MANIFEST, line_of
from atmda.soundscapes.parameters import Parameters
from atmda.soundscapes.specification import Recording, Soundscape, draw_soundscape

WINDOW = 2048
CHUNK = 32

Progress: TypeAlias = Callable[[int], None]


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


def make_set(
    clips: Sequence[Recording],
    scenes: Mapping[str, Sequence[Recording]],
    making: Making,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Make every soundscape of `clips` that is not there yet, then publish the manifest.

    `scenes`: background recordings by scene. `progress` is told how many more are done.
    Raises SettingsError where a scene asked for is missing, AtmdaError where clipping is refused or a disk is full.
    """
    folders = sorted({"" if clip.fold is None else f"fold{clip.fold}" for clip in clips})
    for folder in folders:
        for below in ("", "jams", "txt"):
            (making.output / folder / below).mkdir(parents=True, exist_ok=True)
    jobs = _plan(clips, making.setting.parameters, scenes, making)
    return run(jobs, making, making.output, min(workers, -(-len(clips) // 8)), progress)


def run(jobs: Iterable[Job], maker: Maker, output: Path, workers: int, progress: Progress | None) -> Report:
    """Do `jobs`, then publish the manifest of their records, in their order, in `output`."""
    sweep(output)
    report = Report()
    part = output / f".{MANIFEST}.{os.getpid()}{PART}"
    with part.open("w", encoding="utf-8") as manifest, crew(maker, workers) as start:
        for job in _finished_in_order(iter(jobs), start, progress or (lambda count: None)):
            assert job.outcome is not None
            if isinstance(job.outcome, str):
                report.skipped.append(job.outcome)
                continue
            manifest.write(line_of(job.outcome))
            _count(report, job)
        manifest.flush()
        os.fsync(manifest.fileno())
    part.replace(output / MANIFEST)
    return report


def _count(report: Report, job: Job) -> None:
    assert isinstance(job.outcome, dict)
    report.made += job.what is not None
    report.kept += job.what is None
    report.noted += bool(job.outcome.get("notes"))
    scene = str(job.outcome.get("scene"))
    report.scenes[scene] = report.scenes.get(scene, 0) + 1


def _finished_in_order(jobs: Iterator[Job], start: Crew, progress: Progress) -> Iterator[Job]:
    """`jobs` with their outcomes. While one window is rendered the next is planned, so that no worker waits."""
    before: tuple[list[Job], list[tuple[list[Job], Batch]]] | None = None
    while window := list(islice(jobs, WINDOW)):
        open_jobs = sorted((job for job in window if job.outcome is None), key=lambda job: job.order)
        progress(len(window) - len(open_jobs))
        chunks = [open_jobs[k : k + CHUNK] for k in range(0, len(open_jobs), CHUNK)]
        begun = [(chunk, start([job.what for job in chunk])) for chunk in chunks]
        if before:
            yield from _collect(*before, progress)
        before = window, begun
    if before:
        yield from _collect(*before, progress)


def _collect(window: list[Job], begun: list[tuple[list[Job], Batch]], progress: Progress) -> Iterator[Job]:
    for chunk, batch in begun:
        for job, outcome in zip(chunk, batch(), strict=True):
            job.outcome = outcome
        progress(len(chunk))
    yield from window


def _plan(
    clips: Sequence[Recording], parameters: Parameters, scenes: Mapping[str, Sequence[Recording]], making: Making
) -> Iterator[Job]:
    for clip in clips:
        try:
            seconds = open_audio(clip.path, clip.name).seconds
        except AudioError as error:
            yield Job(outcome=str(error))
            continue
        for i in range(parameters.n_soundscapes):
            soundscape = draw_soundscape(clip, seconds, i, parameters, scenes)
            record = finished(soundscape, making)
            if record is not None:
                yield Job(outcome=record)
            else:
                yield Job(soundscape, order=_order(soundscape))


def _order(soundscape: Soundscape) -> str:
    return soundscape.background.name
