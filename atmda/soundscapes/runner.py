"""Whole sets of soundscapes: planned in order, rendered background by background, listed in order.

The plan is cut into windows, so that a set of any size takes the same memory. Within a window soundscapes that share a
background are rendered together, so that it is decoded, resampled and measured once. What a set holds follows from its
plan alone: workers, the order they finish in and earlier runs that were cut short leave no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from atmda.core.files import publish
from atmda.soundscapes.files import remove_partial_files
from atmda.soundscapes.manifest import MANIFEST, line_of
from atmda.soundscapes.workers import Generator, Outcome, Pending, Submit, worker_pool

WINDOW = 2048
FIRST_WINDOW = 256
CHUNK = 16
CHUNK_SECONDS = 160.0
JOBS_A_WORKER = 8  # fewer are done before another process has started

Advance: TypeAlias = Callable[[int], None]


@dataclass
class Counts:
    """made: rendered now. kept: whole from an earlier run. skipped: one sentence for each that cannot be made.
    noted: how many carry a note. scenes: how many each scene got. changed: made again of recordings that had changed.
    edited: the first difference of each whose JAMS contradicts itself. unheard: events that do not sound.
    """

    made: int = 0
    changed: int = 0
    kept: int = 0
    skipped: list[str] = field(default_factory=list)
    noted: int = 0
    scenes: dict[str, int] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)


@dataclass
class Job:
    """Something to make, or why it cannot be, or what an earlier run made of it.

    order: jobs with the same are done together. seconds: how long its sound is, where that is long. changed: an earlier
    run made it of recordings that have changed since. edited and unheard: as in `Counts`, of this one.
    """

    work: Any = None
    outcome: Outcome | None = None
    order: str = ""
    seconds: float = 0.0
    changed: bool = False
    edited: str = ""
    unheard: tuple[str, ...] = ()


def run(jobs: Iterable[Job], generator: Generator, output: Path, workers: int, advance: Advance) -> Counts:
    """Do `jobs`, then publish the manifest of their records, in their order, in `output`.

    `advance` is called with how many more are done. Raises AtmdaError where a job cannot be done at all.
    """
    counts = Counts()
    remove_partial_files(output)
    with (
        publish(output / MANIFEST) as part,
        part.open("w", encoding="utf-8", newline="\n") as manifest,
        worker_pool(generator, workers) as submit,
    ):
        for window in _windows(iter(jobs), submit):
            window.finish(advance)
            for job in window.jobs:
                _write_outcome(job, manifest, counts)
    return counts


def _write_outcome(job: Job, manifest: TextIO, counts: Counts) -> None:
    assert job.outcome is not None
    if isinstance(job.outcome, str):
        counts.skipped.append(job.outcome)
        return
    manifest.write(line_of(job.outcome))
    counts.made += job.work is not None
    counts.kept += job.work is None
    counts.changed += job.changed
    counts.edited += [job.edited] * bool(job.edited)
    counts.unheard += job.unheard
    counts.noted += bool(job.outcome.get("notes"))
    scene = str(job.outcome.get("scene"))
    counts.scenes[scene] = counts.scenes.get(scene, 0) + 1


@dataclass
class Window:
    """Some jobs in their order, and the chunks of them that workers have been given."""

    jobs: list[Job]
    submitted: list[tuple[list[Job], Pending]]

    def finish(self, advance: Advance) -> None:
        """Wait for all outcomes."""
        advance(len(self.jobs) - sum(len(chunk) for chunk, _ in self.submitted))
        for chunk, pending in self.submitted:
            for job, outcome in zip(chunk, pending(), strict=True):
                job.outcome = outcome
            advance(len(chunk))


def _windows(jobs: Iterator[Job], submit: Submit) -> Iterator[Window]:
    """`jobs` in windows, given to the workers. While one is rendered the next is planned, so that no worker waits."""
    before: Window | None = None
    size = FIRST_WINDOW  # small, so that workers are soon given something
    while window := list(islice(jobs, size)):
        size = WINDOW
        open_jobs = sorted((job for job in window if job.outcome is None), key=lambda job: job.order)
        submitted = [(chunk, submit([job.work for job in chunk])) for chunk in _chunks(open_jobs)]
        if before:
            yield before
        before = Window(window, submitted)
    if before:
        yield before


def _chunks(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """`jobs` in chunks for one worker each: as many as are soon done."""
    chunk: list[Job] = []
    for job in jobs:
        if chunk and (len(chunk) == CHUNK or sum(one.seconds for one in chunk) + job.seconds > CHUNK_SECONDS):
            yield chunk
            chunk = []
        chunk.append(job)
    if chunk:
        yield chunk
