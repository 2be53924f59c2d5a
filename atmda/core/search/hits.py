"""What was found, with what the store knows of it; of windows that crowd round one event the best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atmda.core.embeddings.scanning import Rows
from atmda.core.part_names import recording_of
from atmda.core.search.nearest import Candidates

KNOWN = ("clip", "label", "labels", "source", "start", "end")


@dataclass(frozen=True)
class Hit:
    """A clip, or a window of a recording, that was found.

    Attributes:
        clip: its name in the store. filename: the recording that it is, or lies in.
        start, end: seconds from the start of the recording; None where it is not told.
        score: adapted to the background. unadapted_score: as it was.
        labels: its own classes, where known.
    """

    clip: str
    filename: str
    start: float | None
    end: float | None
    score: float
    unadapted_score: float
    labels: tuple[str, ...] = ()

    def gap(self, other: Hit) -> float:
        """Seconds between two windows of one recording, negative where they overlap; endless where not known."""
        if self.filename != other.filename or None in (self.start, self.end, other.start, other.end):
            return float("inf")
        assert self.start is not None and self.end is not None and other.start is not None and other.end is not None
        return max(self.start, other.start) - min(self.end, other.end)


def described(rows: Rows, found: Candidates) -> list[Hit]:
    """`found` in the same order, each with what the store knows of it. Raises StoreError."""
    known: list[dict[str, Any]] = [{} for _ in range(len(found))]
    for number in np.unique(found.piece).tolist():
        mine = np.flatnonzero(found.piece == number)
        mine = mine[np.argsort(found.row[mine])]
        places = found.row[mine]
        for stretch in rows.stretches(rows.pieces[number], KNOWN, embeddings=False):
            low, high = np.searchsorted(places, (stretch.first, stretch.first + len(stretch)))
            for index, place in zip(mine[low:high].tolist(), places[low:high].tolist(), strict=True):
                (known[index],) = stretch.table.slice(place - stretch.first, 1).to_pylist()
            if high == len(places):
                break
    scores = zip(found.adapted.tolist(), found.unadapted.tolist(), strict=True)
    return [_hit(values, *pair) for values, pair in zip(known, scores, strict=True)]


def _hit(values: dict[str, Any], score: float, unadapted: float) -> Hit:
    clip = str(values["clip"])
    start, end = (seconds(values.get(name)) for name in ("start", "end"))
    one = values.get("label")
    labels = values.get("labels") or ([] if one is None else [one])
    return Hit(clip, file_of(clip, end), start, end, score, unadapted, tuple(labels))


def file_of(clip: str, end: float | None) -> str:
    """The recording that a clip is, or lies in where it is told when it ends, by its name in the store."""
    return clip if end is None else recording_of(clip)


def seconds(value: float | None) -> float | None:
    """A time as the store has it; None for none."""
    return None if value is None or not math.isfinite(value) else value


def spaced(hits: Iterable[Hit], gap: float, most: int) -> list[Hit]:
    """Of `hits`, the best first, `most` that lie no nearer than `gap` seconds to a better one in their recording.

    With a gap of 0 those that overlap a better one go.
    """
    kept: list[Hit] = []
    by_recording: dict[str, list[Hit]] = {}
    for hit in hits:
        near: Sequence[Hit] = by_recording.get(hit.filename, ())
        if any(hit.gap(other) < gap for other in near):
            continue
        kept.append(hit)
        by_recording.setdefault(hit.filename, []).append(hit)
        if len(kept) == most:
            break
    return kept
