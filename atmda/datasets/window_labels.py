"""What is heard in each window of a long recording, by annotations of events.

A window has the label of an event that overlaps it by at least half of the shorter of the two: a short event counts
where most of it lies, a long one in the windows that it fills by half or more.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from atmda.core.clip import Clip
from atmda.core.text import some_of
from atmda.datasets.annotation import Annotation
from atmda.datasets.annotations import read_annotations
from atmda.datasets.base import Dataset
from atmda.datasets.finder import Finder
from atmda.datasets.folder import load_folder
from atmda.datasets.labels import merge_labels

SHARE = 0.5  # of the shorter of window and event
SHOWN = 5  # names told one by one
SLACK = 1e-6  # seconds: times in tables are rounded to microseconds


class WindowLabels:
    """The labels of any window, by annotations whose `recording` is the name of one.

    Without a start an annotation begins with its recording, without an end it lasts to the end of it.

    Attributes:
        labels: all there are, sorted.
    """

    def __init__(self, annotations: Iterable[Annotation]) -> None:
        events: dict[str, list[tuple[float, float, tuple[str, ...]]]] = {}
        labels: set[str] = set()
        for row in annotations:
            labels.update(row.labels)
            event = (row.start or 0.0, math.inf if row.end is None else row.end, row.labels)
            events.setdefault(row.recording, []).append(event)
        self.labels = tuple(sorted(labels))
        self._events = {name: sorted(found) for name, found in events.items()}
        self._longest = {name: max(end - start for start, end, _ in found) for name, found in events.items()}

    def only(self, recordings: Iterable[str]) -> WindowLabels:
        """The same of some recordings alone."""
        some = WindowLabels(())
        names = self._events.keys() & set(recordings)
        some.labels = self.labels
        some._events = {name: self._events[name] for name in names}
        some._longest = {name: self._longest[name] for name in names}
        return some

    def told(self) -> str:
        """All events of all recordings in a text that is the same for the same events."""
        return repr(sorted(self._events.items()))

    def labelled(self, window: Clip) -> Clip:
        """A window of a recording, with its labels."""
        labels = self.of(str(window.source), window.start or 0.0, window.end or 0.0)
        return replace(window, labels=labels, label=labels[0] if len(labels) == 1 else None)

    def of(self, recording: str, start: float, end: float) -> tuple[str, ...]:
        """The labels of the window from `start` to `end` (seconds), each once and sorted; () where there is none."""
        events = self._events.get(recording, [])
        first = bisect_left(events, start - self._longest.get(recording, 0.0), key=lambda event: event[0])
        heard: set[str] = set()
        for number in range(first, len(events)):
            event_start, event_end, labels = events[number]
            if event_start >= end:
                break
            overlap = min(end, event_end) - max(start, event_start)
            if overlap > 0 and overlap >= SHARE * min(end - start, event_end - event_start) - SLACK:
                heard.update(labels)
        return tuple(sorted(heard))


def rows_of(path: Path, recordings: Sequence[Clip], problems: list[str]) -> list[Annotation]:
    """The annotations at `path`, a table or a folder of tables, of these recordings.

    Rows of recordings that are not there, or of which there are several, are told in `problems`. Labels that mean the
    same are one, as in `load_annotated`. Raises SettingsError where the table is none.
    """
    finder = Finder(recordings)
    rows: list[Annotation] = []
    lost: list[str] = []
    unclear: list[str] = []
    for row in read_annotations(path, problems):
        found = finder.find(row)
        if len(found) == 1:
            rows.append(replace(row, recording=found[0].name))
        else:
            (unclear if found else lost).append(f"{row.recording} (line {row.line})")
    told = (
        (lost, f"rows of {path.name} name recordings that are not there"),
        (unclear, f"rows of {path.name} name a file of which there are several; give its folder too"),
    )
    problems += [f"{len(names)} {what}: {some_of(names, SHOWN)}." for names, what in told if names]
    _, merged = merge_labels(label for row in rows for label in row.labels)
    stands_for = {other: label for label, same in merged.items() for other in same}
    return [
        replace(row, labels=tuple(dict.fromkeys(stands_for.get(label, label) for label in row.labels))) for row in rows
    ]


def load_with_truth(folder: str, table: Path, recursive: bool = False, foreign: bool = False) -> Dataset:
    """The recordings of `folder` and, for their windows, the events that `table` tells of.

    A recording has the fold and the split of its first row; where others say otherwise it is told.

    Raises SettingsError where the table is none, AtmdaError where there are no recordings.
    """
    data = load_folder(folder, recursive, foreign)
    problems = list(data.problems)
    rows = rows_of(table, data.clips, problems)
    truth, clips = WindowLabels(rows), _parted(data.clips, rows, table.name, problems)
    folds = tuple(sorted({clip.fold for clip in clips if clip.fold is not None}))
    return replace(data, clips=clips, labels=truth.labels, folds=folds, problems=tuple(problems), truth=truth)


def _parted(clips: Sequence[Clip], rows: Sequence[Annotation], table: str, problems: list[str]) -> tuple[Clip, ...]:
    """The recordings with the fold and the split that rows of the table give them."""
    parts: dict[str, tuple[int | None, str | None]] = {}
    differing: dict[str, None] = {}
    for row in rows:
        if parts.setdefault(row.recording, (row.fold, row.split)) != (row.fold, row.split):
            differing[row.recording] = None
    if differing:
        problems.append(
            f"{len(differing)} recordings have rows with different folds or splits in {table}; the first row counts: "
            f"{some_of(list(differing), SHOWN)}."
        )
    without = [clip.name for clip in clips if clip.name not in parts]
    if without and any(part != (None, None) for part in parts.values()):
        problems.append(
            f"{len(without)} recordings have no row in {table}, which gives others their fold or split (a row may have "
            f"an empty label): {some_of(without, SHOWN)}."
        )
    found = [(clip, *parts.get(clip.name, (None, None))) for clip in clips]
    return tuple(replace(clip, fold=fold, split=split) for clip, fold, split in found)
