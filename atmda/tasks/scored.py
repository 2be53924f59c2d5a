"""Windows on the disk become recordings whose windows are scored, one recording after another."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from atmda.core.embeddings.table import scorable
from atmda.core.part_names import recording_of
from atmda.core.types import BoolArray, FloatArray
from atmda.errors import StoreError
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.embeddings.scanning import Rows
    from atmda.core.methods.base import Scorer

COLUMNS = ("clip", "start", "end", "silent", "note", "level")


@dataclass(frozen=True)
class ScoredRecording:
    """A recording and how its windows score, by start.

    Attributes:
        name: below the folder that was given.
        starts, ends: seconds, float64 (n,). scores: unadapted, float32 (n, c).
        levels: dB below full scale, float32 (n,), NaN where it is not known.
        silent: windows without sound, bool (n,). notes: what is to be said of each window.
    """

    name: str
    starts: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]
    scores: FloatArray
    levels: FloatArray
    silent: BoolArray
    notes: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Its length: the last window ends with it."""
        return float(self.ends.max())


class _Gathered:
    """Windows of one recording, as they come; a day has tens of thousands, so that numbers lie close together."""

    def __init__(self) -> None:
        self.starts, self.ends, self.levels, self.scores = array("d"), array("d"), array("f"), array("f")
        self.silent = bytearray()
        self.notes: dict[int, str] = {}

    def add(self, start: float, end: float, level: float, silent: bool, note: str, scores: FloatArray) -> None:
        if note:
            self.notes[len(self.starts)] = note
        self.starts.append(start)
        self.ends.append(end)
        self.levels.append(level)
        self.silent.append(silent)
        self.scores.frombytes(scores.astype(np.float32, copy=False).tobytes())

    def sorted(self, name: str) -> ScoredRecording:
        starts, ends = np.asarray(self.starts), np.asarray(self.ends)
        order = np.lexsort((ends, starts))
        return ScoredRecording(
            name,
            starts[order],
            ends[order],
            np.frombuffer(self.scores, np.float32).reshape(len(starts), -1)[order],
            np.frombuffer(self.levels, np.float32)[order],
            np.frombuffer(self.silent, bool)[order],
            tuple(self.notes.get(place, "") for place in order.tolist()),
        )


def scored_recordings(
    rows: Rows, scorer: Scorer, order: Sequence[str], observer: Observer
) -> Iterator[ScoredRecording]:
    """The recordings that `rows` hold windows of, in `order` (others follow by name), each when its turn comes.

    In memory are the scores of those that are not yet complete, or not yet their turn: of one, where the rows lie as
    they were embedded. Raises StoreError where rows do not tell when a window begins and ends.
    """
    counts, unusable = _counted(rows), 0
    known = dict.fromkeys(name for name in order if name in counts)
    turns = iter([*known, *sorted(counts.keys() - known.keys())])
    under_way: dict[str, _Gathered] = {}
    turn = next(turns, None)
    for piece in rows.pieces:
        for stretch in rows.stretches(piece, COLUMNS):
            usable = scorable(stretch.embeddings)
            columns = _columns(stretch.table)
            for place, (name, start, end, silent, note, level) in enumerate(columns):
                counts[name] -= 1
                if usable[place]:
                    if name not in under_way:
                        under_way[name] = _Gathered()
                    # each by itself: a score depends on no other window
                    scores = scorer.scores(stretch.embeddings[place][None])[0]
                    under_way[name].add(start, end, level, silent, note, scores)
                else:
                    unusable += 1
            while turn is not None and counts[turn] == 0:
                done = under_way.pop(turn, None)
                if done is not None:
                    yield done.sorted(turn)
                turn = next(turns, None)
    if unusable:
        observer.warning(f"{unusable} windows have embeddings that are no numbers, and are left out.")


def _counted(rows: Rows) -> Counter[str]:
    """How many windows each recording has."""
    counts: Counter[str] = Counter()
    for piece in rows.pieces:
        for stretch in rows.stretches(piece, ("clip", "start", "end"), embeddings=False):
            if not {"start", "end"} <= set(stretch.table.column_names):
                raise StoreError(
                    f"{piece.path}: it does not tell when its windows begin and end.", "Embed with `window`."
                )
            counts.update(map(recording_of, stretch.table["clip"].to_pylist()))
            if stretch.table["start"].null_count or stretch.table["end"].null_count:
                raise StoreError(f"{piece.path}: not all of its rows are windows.", "Embed with `window`.")
    return counts


def _columns(table: Any) -> Iterator[tuple[str, float, float, bool, str, float]]:
    """Row by row: recording, start, end, whether it is silent, note, level."""
    names = table.column_names
    columns = [table[name].to_pylist() if name in names else [None] * len(table) for name in COLUMNS]
    for clip, start, end, silent, note, level in zip(*columns, strict=True):
        known = float("nan") if level is None else level
        yield recording_of(clip), float(start), float(end), bool(silent), note or "", float(known)
