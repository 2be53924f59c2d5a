"""Embeddings that are to meet, brought to unit length where others among them have it; what was done is said.

Scores are plain dot products, as published: an anchor twice as long as the others wins twice as easily. Prototypes that
a method makes, class means, are shorter than 1 by what their clips differ; they are made behind this and left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmda.core.embeddings.lengths import are_unit, span, unit
from atmda.core.embeddings.table import EmbeddingTable, scorable
from atmda.core.types import FloatArray
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.embeddings.scanning import Piece, Rows, Stretch


def of_one_length(
    sides: dict[str, FloatArray], observer: Observer, *, keep: bool = False, reference: bool = False
) -> dict[str, FloatArray]:
    """`sides`, each (n, d) under the words that name it, those that are not unit vectors made so where another one is.

    Where none is, all stay as they are. `keep`: leave them. `reference`: what else they meet has unit length. Sides
    that are not touched are the same arrays.
    """
    told = {name: are_unit(rows) for name, rows in sides.items()}
    units = [name for name, found in told.items() if found]
    odd = [name for name, found in told.items() if found is False]
    if (units or reference) and not keep:
        for name in odd:
            _tell_brought(name, sides[name], _of(units, "what they meet"), observer)
        return {name: unit(rows) if name in odd else rows for name, rows in sides.items()}
    for name in odd:
        observer.warning(f"{name} have lengths of {span(sides[name])}, not 1; they are taken as they are.")
    return sides


def unit_by(identity: Mapping[str, str]) -> tuple[str, ...]:
    """Which embeddings of the encoder that `identity` names always have length 1: "audio", "text"; () if unknown."""
    from atmda.core.encoders import ENCODERS

    spec = ENCODERS.find(identity.get("encoder", ""))
    return spec.unit if spec else ()


def brought_to_length(table: EmbeddingTable, name: str, reference: bool, observer: Observer) -> EmbeddingTable:
    """`table` with embeddings of unit length where `reference`, what they meet, has it; else as it is, and said."""
    rows = of_one_length({name: table.embeddings}, observer, reference=reference)[name]
    return table if rows is table.embeddings else replace(table, embeddings=rows)


@dataclass
class RowsOfOneLength:
    """`rows` of `name`, brought to unit length as they are read; said once, where the first is not so.

    A stretch of unit vectors is left as it is, as a table of them is.
    """

    rows: Rows
    name: str
    observer: Observer

    def __post_init__(self) -> None:
        self.identity, self.width, self.pieces = self.rows.identity, self.rows.width, self.rows.pieces
        self.problems, self.notes = self.rows.problems, self.rows.notes
        self._told = False

    def stretches(self, piece: Piece, columns: Sequence[str], embeddings: bool = True) -> Iterator[Stretch]:
        found = self.rows.stretches(piece, columns, embeddings)
        return map(self._of_one_length, found) if embeddings else found

    def _of_one_length(self, stretch: Stretch) -> Stretch:
        usable = scorable(stretch.embeddings)
        rows = stretch.embeddings[usable]
        if are_unit(rows) is not False:
            return stretch
        if not self._told:
            self._told = True
            _tell_brought(self.name, rows, _of((), "what they meet"), self.observer)
        embeddings = stretch.embeddings.copy()
        embeddings[usable] = unit(rows)
        return replace(stretch, embeddings=embeddings)


def _tell_brought(name: str, rows: FloatArray, others: str, observer: Observer) -> None:
    observer.warning(f"{name} have lengths of {span(rows)}, and {others} length 1: they are brought to length 1.")


def _of(names: Iterable[str], otherwise: str) -> str:
    found = list(names)
    return f"{found[0]} have" if found else f"{otherwise} has"
