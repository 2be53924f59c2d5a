"""How the rows of one stretch score against a query, and what is counted on the way.

score = x · q - T * b · q, with b the background of the row's own recording, or one background for all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from atmda.core.bounds import LENGTH
from atmda.core.embeddings.lengths import TOLERANCE
from atmda.core.embeddings.scanning import Stretch
from atmda.core.types import BoolArray, FloatArray, IntArray
from atmda.errors import StoreError


@dataclass(frozen=True)
class Profile:
    """How the background scores against the query, b · q.

    Attributes:
        default: of rows that are not told apart; None where such a row cannot be scored.
        column: what tells rows apart, as `source`; None where one background is that of all of them.
        values: by what stands in that column, or, with `file_names`, by the last part of the path that stands there.
    """

    default: float | None
    column: str | None = None
    values: Mapping[str, float] | None = None
    file_names: bool = False

    def of(self, stretch: Stretch) -> tuple[FloatArray, BoolArray]:
        """Of each row its background's score, float32 (n,), NaN for none, and whether it has one of its own (n,)."""
        other = np.float32(np.nan if self.default is None else self.default)
        if self.column is None or self.column not in stretch.table.column_names:
            return np.full(len(stretch), other), np.zeros(len(stretch), bool)
        names, codes = coded(stretch.table[self.column])
        values = self.values or {}
        own = [values.get(PurePosixPath(name).name if self.file_names else name) for name in names]
        known = np.asarray([*(value is not None for value in own), False], bool)[codes]
        found = np.asarray([*(other if value is None else value for value in own), other], np.float32)[codes]
        return found, known


@dataclass(frozen=True)
class Query:
    """What is looked for: `vector` float32 (d,), adapted to `profile` at `temperature`.

    `unit`: whether rows of another length than 1 are brought to it.
    """

    vector: FloatArray
    profile: Profile | None = None
    temperature: float = 0.0
    unit: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that scoring needs."""
        own = self.profile.column if self.profile else None
        return ("silent",) if own is None else ("silent", own)


@dataclass
class Tally:
    """What was counted: rows that have a score, and those that have none, with the reason.

    `total`, `squares`: sums over the scores and their squares. `own`, `strangers`: rows whose background is known by
    name, and is not. `resized`: rows that were brought to length 1.
    """

    scored: int = 0
    unusable: int = 0
    silent: int = 0
    unplaced: int = 0
    own: int = 0
    strangers: int = 0
    resized: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, other: Tally) -> None:
        for part in fields(self):
            setattr(self, part.name, getattr(self, part.name) + getattr(other, part.name))

    @property
    def mean(self) -> float:
        """The mean score."""
        return self.total / max(1, self.scored)

    @property
    def deviation(self) -> float:
        """The standard deviation of the scores."""
        return float(np.sqrt(max(0.0, self.squares / max(1, self.scored) - self.mean**2)))


@dataclass(frozen=True)
class Scores:
    """Rows of a stretch that have a score: `rows` (m,) in it, adapted and unadapted scores float32 (m,)."""

    rows: IntArray
    adapted: FloatArray
    unadapted: FloatArray


def score(query: Query, stretch: Stretch) -> tuple[Scores, Tally]:
    """The scores of a stretch's rows; those that are no numbers, or silent, have none. Raises StoreError."""
    X = stretch.embeddings
    if X.shape[1] != len(query.vector):
        raise StoreError(
            f"Embeddings of {X.shape[1]} numbers stand among those of {len(query.vector)}.", "Embed them again."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        # not BLAS, whose sums depend on its threads and on how many rows there are
        unadapted = np.einsum("nd,d->n", X, query.vector)
        squares = np.einsum("nd,nd->n", X, X)
        usable = np.asarray(squares <= LENGTH.high**2)
    silent = truths(stretch, "silent") & usable
    tally = Tally(unusable=int((~usable).sum()), silent=int(silent.sum()))
    usable &= ~silent
    if query.unit:
        lengths = np.sqrt(np.where(usable & (squares > 0), squares, 1))
        odd = np.abs(lengths - 1) > TOLERANCE
        tally.resized = int(odd.sum())
        unadapted = np.where(odd, unadapted / lengths, unadapted)
    adapted = unadapted
    if query.profile is not None:
        profile, own = query.profile.of(stretch)
        placed = np.isfinite(profile)
        tally.unplaced = int((usable & ~placed).sum())
        usable &= placed
        tally.own, tally.strangers = int((usable & own).sum()), int((usable & ~own).sum())
        adapted = unadapted - np.float32(query.temperature) * profile
    rows = np.flatnonzero(usable)
    found = Scores(rows, adapted[rows], unadapted[rows])
    exact = found.adapted.astype(np.float64)
    tally.scored, tally.total, tally.squares = len(rows), float(exact.sum()), float((exact**2).sum())
    return found, tally


def truths(stretch: Stretch, name: str) -> BoolArray:
    """A column of truth values, bool (n,); False where it is null, or there is no such column."""
    table = stretch.table
    if name not in table.column_names or not any(chunk.true_count for chunk in table[name].chunks):
        return np.zeros(len(stretch), bool)
    return np.asarray([bool(value) for value in table[name].to_pylist()], bool)


def coded(column: pa.ChunkedArray) -> tuple[list[str], IntArray]:
    """The different values of a column of text, and which of them each row has, (n,); -1 for null."""
    names: dict[str, int] = {}
    codes: list[IntArray] = [np.zeros(0, np.int64)]
    for chunk in column.chunks:
        encoded = chunk.dictionary_encode()
        own = [names.setdefault(name, len(names)) for name in encoded.dictionary.to_pylist()]
        indices = np.frombuffer(encoded.indices.fill_null(len(own)).buffers()[1], np.int32)[: len(chunk)]
        codes.append(np.asarray([*own, -1], np.int64)[indices])
    return list(names), np.concatenate(codes)
