"""Windows of one label that belong together become one detection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from atmda.core.detection.choice import Choice, surest_first
from atmda.core.detection.detection import Detection
from atmda.core.detection.window import ScoredWindow

#: seconds by which a gap may seem wider than it is: times have six decimals, and 0.1 + 0.2 is not 0.3
ROUNDING = 5e-7


def detections(windows: Iterable[ScoredWindow], choice: Choice, merge: float | None = None) -> Iterator[Detection]:
    """What `choice` hears in windows, recording by recording, by start, then end, then the order of labels.

    Args:
        windows: those of a recording together, by start. choice: which labels of a window count.
        merge: GAP of `detection.MERGE_RULE` in seconds; None for a detection a window.

    A detection is held back only while one that began earlier goes on. Raises ValueError for a negative gap, and where
    the windows of a recording are not in order.
    """
    if merge is not None and not merge >= 0:
        raise ValueError(f"a gap of {merge} seconds is none")
    for _, of_one in groupby(windows, key=lambda window: window.filename):
        yield from _merged(of_one, choice, merge)


def _merged(windows: Iterable[ScoredWindow], choice: Choice, merge: float | None) -> Iterator[Detection]:
    growing: dict[int, _Run] = {}  # by class
    ended: list[_Run] = []
    last = float("-inf")
    for window in windows:
        if window.start < last:
            raise ValueError(f"{window.filename}: a window at {window.start} s follows one at {last} s")
        last = window.start
        reach = window.start - (0.0 if merge is None else merge) - ROUNDING
        over = [c for c, run in growing.items() if merge is None or run.end < reach]
        ended.extend(growing.pop(c) for c in over)
        earliest = min((run.start for run in growing.values()), default=window.start)
        yield from _taken(ended, earliest, choice)
        for c in choice.chosen(window):
            if c in growing:
                growing[c].add(window)
            else:
                growing[c] = _Run(window, c)
    ended.extend(growing.values())
    yield from _taken(ended, float("inf"), choice)


def _taken(ended: list[_Run], before: float, choice: Choice) -> Iterator[Detection]:
    """Those that began before `before`, which nothing to come can precede, in order; they leave `ended`."""
    ready = sorted((run for run in ended if run.start < before), key=lambda run: (run.start, run.end, run.c))
    if ready:
        ended[:] = [run for run in ended if run.start >= before]
    for run in ready:
        yield run.detection(choice)


@dataclass
class _Run:
    """Windows of class `c` that belong together, so far."""

    surest: ScoredWindow
    c: int

    def __post_init__(self) -> None:
        self.start, self.end = self.surest.start, self.surest.end
        self.windows, self.sum = 1, float(self.surest.confidences[self.c])
        self.notes = {self.surest.note: None}

    def add(self, window: ScoredWindow) -> None:
        self.end = max(self.end, window.end)
        self.windows += 1
        self.sum += float(window.confidences[self.c])
        self.notes[window.note] = None
        if self._sureness(window) > self._sureness(self.surest):
            self.surest = window

    def _sureness(self, window: ScoredWindow) -> tuple[float, float]:
        return float(window.confidences[self.c]), float(window.scores[self.c])

    def detection(self, choice: Choice) -> Detection:
        window, recorded = self.surest, self.surest.recorded
        unadapted = None
        if window.profile is not None:
            before = int(surest_first(window.unadapted_confidences, window.unadapted_scores)[0])
            unadapted = (choice.labels[before], float(window.unadapted_confidences[before]))
        confidence, score = self._sureness(window)
        return Detection(
            window.filename, self.start, self.end, choice.labels[self.c], confidence, score,
            mean_confidence=self.sum / self.windows,
            windows=self.windows,
            unadapted=unadapted,
            site=window.site,
            start_time=None if recorded is None else recorded + timedelta(seconds=self.start),
            end_time=None if recorded is None else recorded + timedelta(seconds=self.end),
            note="; ".join(filter(None, self.notes)),
        )  # fmt: skip
