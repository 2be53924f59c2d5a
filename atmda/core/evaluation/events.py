"""How well detections agree with the events that are there: event-based and segment-based precision, recall and F1.

Mesaros, Heittola, Virtanen, "Metrics for polyphonic sound event detection", Applied Sciences 6 (6), 2016. An event of
one recording or label never answers for one of another.

event-based    an event is found by one detection of its label that begins within the collar of its onset and, where
               offsets count, ends within the larger of that collar and a fraction of its length; each of the two
               answers once, and as many pairs are made as can be.
segment-based  time is cut into segments, and a label is in each that it touches.

Own code, held to sed_eval by a test: sed_eval 0.2.1 is of 2018, compares each event with each in Python, and needs
dcase_util with librosa, numba, matplotlib, pydot-ng and python-magic; sed_scores_eval 0.0.4 needs all that too, and
PyPI's `pathlib` of Python 2's time, with which dcase_util does not import on Python 3.10 and later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, floor, nan
from typing import Protocol

import numpy as np

COLLAR = 0.2  # seconds, sed_eval's own


class Timed(Protocol):
    """What is compared: a `Detection`, an `Event`, or anything that has these."""

    @property
    def filename(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True)
class Event:
    """A sound that is there: seconds from the start of its recording."""

    filename: str
    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Agreement:
    """How many events there are, how many were detected, and how many of these agree; a ratio of nothing is NaN."""

    there: int = 0
    detected: int = 0
    agreed: int = 0

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(self.there + other.there, self.detected + other.detected, self.agreed + other.agreed)

    @property
    def precision(self) -> float:
        return self.agreed / self.detected if self.detected else nan

    @property
    def recall(self) -> float:
        return self.agreed / self.there if self.there else nan

    @property
    def f1(self) -> float:
        """2 agreed / (there + detected), the harmonic mean of the two where both are numbers."""
        both = self.there + self.detected
        return 2 * self.agreed / both if both else nan


def event_based(
    there: Iterable[Timed], detected: Iterable[Timed], *, collar: float = COLLAR, offset_fraction: float | None = None
) -> dict[str, Agreement]:
    """Agreement by label, labels sorted; `sum(found.values(), Agreement())` is that of all.

    Args:
        there, detected: events and detections, in any order.
        collar: how far onsets may lie apart, in seconds.
        offset_fraction: how far offsets may, as a fraction of the event's length where that is more than the collar
            (sed_eval's 0.5); None lets them be anywhere.

    >>> found = event_based([Event("a.wav", 1.0, 2.0, "dog")], [Event("a.wav", 1.1, 5.0, "dog")])
    >>> found["dog"].f1
    1.0
    """

    def agreed(events: list[Timed], detections: list[Timed]) -> Agreement:
        paired = _pairs(_times(events), _times(detections), collar, offset_fraction)
        return Agreement(len(events), len(detections), paired)

    return _by_label(there, detected, agreed)


def segment_based(there: Iterable[Timed], detected: Iterable[Timed], *, segment: float = 1.0) -> dict[str, Agreement]:
    """Agreement by label, labels sorted, in segments of `segment` seconds from the start of each recording."""

    def touched(found: list[Timed]) -> set[int]:
        return {k for one in found for k in range(floor(one.start / segment), ceil(one.end / segment))}

    def agreed(events: list[Timed], detections: list[Timed]) -> Agreement:
        events_in, detections_in = touched(events), touched(detections)
        return Agreement(len(events_in), len(detections_in), len(events_in & detections_in))

    return _by_label(there, detected, agreed)


def _by_label(
    there: Iterable[Timed], detected: Iterable[Timed], agreed: Callable[[list[Timed], list[Timed]], Agreement]
) -> dict[str, Agreement]:
    groups: dict[tuple[str, str], tuple[list[Timed], list[Timed]]] = {}
    for side, found in enumerate((there, detected)):
        for one in found:
            groups.setdefault((one.label, one.filename), ([], []))[side].append(one)
    agreement: dict[str, Agreement] = {}
    for (label, _), (events, detections) in sorted(groups.items()):
        agreement[label] = agreement.get(label, Agreement()) + agreed(events, detections)
    return agreement


def _times(found: list[Timed]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Starts and ends, float64 (n, 2), by start."""
    return np.array(sorted((one.start, one.end) for one in found), np.float64).reshape(-1, 2)


def _pairs(
    events: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    detections: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    collar: float,
    offset_fraction: float | None,
) -> int:
    """The size of the largest set of pairs of an event and a detection that agree."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    columns, rows = [], [0]
    for start, end in events:
        # a little wide, and then judged by the very difference, as the reference does
        low, high = np.searchsorted(detections[:, 0], (start - collar - 1e-6, start + collar + 1e-6))
        near = detections[low:high]
        fit = np.abs(near[:, 0] - start) <= collar
        if offset_fraction is not None:
            fit &= np.abs(near[:, 1] - end) <= max(collar, offset_fraction * (end - start))
        columns.append(low + np.flatnonzero(fit))
        rows.append(rows[-1] + int(fit.sum()))
    if not rows[-1]:
        return 0
    graph = csr_array((np.ones(rows[-1], bool), np.concatenate(columns), rows), shape=(len(events), len(detections)))
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())
