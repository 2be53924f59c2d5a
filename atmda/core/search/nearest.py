"""The best rows of a store: one pass over its pieces on several threads, each of which keeps the best of its own.

Rows of one score keep the store's order, and pieces are put together in it, so that nothing depends on the threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from atmda.core.embeddings.scanning import Piece, Rows
from atmda.core.parallel import one_threaded_pool
from atmda.core.search.scoring import Query, Tally, coded, score
from atmda.core.types import FloatArray, IntArray
from atmda.errors import StoreError

GATHERED = 1 << 14  # candidates that are held before the best of them are chosen
T = TypeVar("T")
Tell = Callable[[Piece, StoreError | None], None]  # of each piece, in order, that it is done, or why it is left out


@dataclass(frozen=True)
class Candidates:
    """Rows by descending score: adapted and unadapted float32 (m,), the number of their piece and their place in it."""

    adapted: FloatArray
    unadapted: FloatArray
    piece: IntArray
    row: IntArray

    def __len__(self) -> int:
        return len(self.adapted)

    def best(self, most: int) -> Candidates:
        """The best `most`; of equal ones those that come first."""
        chosen = best_of(self.adapted, most)
        return Candidates(self.adapted[chosen], self.unadapted[chosen], self.piece[chosen], self.row[chosen])

    @classmethod
    def joined(cls, parts: list[Candidates]) -> Candidates:
        """All of `parts`, one after the other."""
        names = ("adapted", "unadapted", "piece", "row")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def nearest(
    rows: Rows, query: Query, most: int, workers: int, tell: Tell = lambda piece, error: None
) -> tuple[Candidates, Tally]:
    """The `most` best rows, and what was counted. A piece that is damaged is left out whole, and told."""

    def of_piece(number: int, piece: Piece) -> tuple[Candidates, Tally]:
        gathered, tally = Gathered(most), Tally()
        for stretch in rows.stretches(piece, query.columns):
            found, counts = score(query, stretch)
            tally.add(counts)
            places = found.rows + stretch.first
            gathered.add(Candidates(found.adapted, found.unadapted, np.full(len(places), number), places))
        return gathered.best(), tally

    gathered, tally = Gathered(most), Tally()
    for found, counts in each_piece(rows, of_piece, workers, tell):
        gathered.add(found)
        tally.add(counts)
    return gathered.best(), tally


def means_by_source(
    rows: Rows, query: Query, workers: int, tell: Tell = lambda piece, error: None
) -> dict[str, tuple[float, int]]:
    """For each recording the mean score of its rows, without adaptation, and how many they are."""

    def of_piece(number: int, piece: Piece) -> dict[str, tuple[float, int]]:
        sums: dict[str, tuple[float, int]] = {}
        for stretch in rows.stretches(piece, ("silent", "source")):
            found, _ = score(query, stretch)
            if "source" not in stretch.table.column_names:
                continue
            names, codes = coded(stretch.table["source"])
            kept = codes[found.rows] >= 0
            own, scores = codes[found.rows][kept], found.unadapted[kept]
            totals, counts = np.bincount(own, scores, len(names)), np.bincount(own, minlength=len(names))
            _add_sums(sums, zip(names, totals.tolist(), counts.tolist(), strict=True))
        return sums

    sums: dict[str, tuple[float, int]] = {}
    for found in each_piece(rows, of_piece, workers, tell):
        _add_sums(sums, ((name, total, count) for name, (total, count) in found.items()))
    return {name: (total / count, count) for name, (total, count) in sums.items() if count}


def _add_sums(sums: dict[str, tuple[float, int]], more: Iterator[tuple[str, float, int]]) -> None:
    for name, total, count in more:
        before, counted = sums.get(name, (0.0, 0))
        sums[name] = (before + total, counted + count)


class Gathered:
    """Candidates on their way; of all that were added the best `most` are kept."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, 0
        none = (np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._parts = [Candidates(*none)]

    def add(self, part: Candidates) -> None:
        part = part.best(self._most)
        self._parts.append(part)
        self._held += len(part)
        if self._held > max(GATHERED, 4 * self._most):
            self._parts = [self.best()]
            self._held = len(self._parts[0])

    def best(self) -> Candidates:
        """The best of all, in order."""
        return Candidates.joined(self._parts).best(self._most)


def best_of(scores: FloatArray, most: int) -> IntArray:
    """The rows of the `most` largest of `scores` (n,), the largest first; of equal ones those that come first."""
    rows = np.arange(len(scores))
    if len(scores) > most:
        least = np.partition(scores, len(scores) - most)[len(scores) - most]
        rows = np.flatnonzero(scores >= least)
    return rows[np.argsort(-scores[rows], kind="stable")][:most]


def each_piece(rows: Rows, work: Callable[[int, Piece], T], workers: int, tell: Tell) -> Iterator[T]:
    """What `work` makes of each piece, in order; for one that is damaged nothing, and it is told."""
    waiting: deque[tuple[Piece, Future[T]]] = deque()
    with one_threaded_pool(workers) as pool:

        def done() -> Iterator[T]:
            piece, future = waiting.popleft()
            try:
                result = future.result()
            except StoreError as error:
                tell(piece, error)
                return
            tell(piece, None)
            yield result

        for number, piece in enumerate(rows.pieces):
            waiting.append((piece, pool.submit(work, number, piece)))
            if len(waiting) > 4 * workers:  # read ahead, but not without end
                yield from done()
        while waiting:
            yield from done()
