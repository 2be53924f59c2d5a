"""One example on the page: a stretch of a recording, what is said of it, and how it scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atmda.core.types import FloatArray

SHOWN_CLASSES = 8


@dataclass(frozen=True)
class Profiles:
    """How an example, its background and the two together score against c classes, each float32 (c,).

    Attributes:
        labels: names of the classes.
        clip: scores of the clip. background: the background profile; None without adaptation.
        adapted: clip - temperature * background; None without adaptation.
    """

    labels: Sequence[str]
    clip: FloatArray
    background: FloatArray | None = None
    adapted: FloatArray | None = None

    @property
    def columns(self) -> list[FloatArray]:
        return [values for values in (self.clip, self.background, self.adapted) if values is not None]

    def rows(self) -> list[ProfileRow]:
        """The classes that score highest in the last column, and the winners of the others, best first."""
        columns = self.columns
        order = (-columns[-1]).argsort(kind="stable").tolist()
        winners = [int(values.argmax()) for values in columns]
        shown = [c for rank, c in enumerate(order) if rank < SHOWN_CLASSES or c in winners]
        return [
            ProfileRow(
                self.labels[c],
                tuple(
                    ProfileCell(_fraction(values, c), float(values[c]), c == winner)
                    for values, winner in zip(columns, winners, strict=True)
                ),
            )
            for c in shown
        ]


@dataclass(frozen=True)
class ProfileCell:
    """A score, how far it reaches from its column's smallest (0) to its largest (1), and whether it is the largest."""

    fraction: float
    score: float
    wins: bool


@dataclass(frozen=True)
class ProfileRow:
    """A class and its cells, in the order of the columns."""

    label: str
    cells: tuple[ProfileCell, ...]


@dataclass(frozen=True)
class Example:
    """A stretch of a recording to look at and listen to.

    Attributes:
        title: what it is said to be, as its label.
        filename: the recording, below the folder that was given. path: where it lies; None where that is not known.
        start, end: seconds from the start of the recording; `end` None for all of it, however long it is.
        facts: what else there is to say, by name.
        profiles: its scores; None shows none.
    """

    title: str
    filename: str
    path: Path | None
    start: float
    end: float | None
    facts: Mapping[str, str]
    profiles: Profiles | None = None


def _fraction(values: FloatArray, c: int) -> float:
    """A class without a prototype scores -inf: it has no bar, and does not take part in the others' scale."""
    known = values[np.isfinite(values)]
    if not len(known) or not np.isfinite(values[c]):
        return 0.0
    low, high = float(known.min()), float(known.max())
    return (float(values[c]) - low) / (high - low) if high > low else 0.0
