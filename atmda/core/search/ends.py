"""Where each recording of a store ends: what is needed to put them all on one time line."""

from __future__ import annotations

from itertools import repeat

from atmda.core.embeddings.scanning import Piece, Rows
from atmda.core.search.hits import file_of, seconds
from atmda.core.search.nearest import Tell, each_piece


def ends_by_recording(rows: Rows, workers: int, tell: Tell = lambda piece, error: None) -> dict[str, float]:
    """For each recording the greatest end of its windows in seconds, 0 where no end is told.

    One pass over names and ends, no embeddings; memory grows with recordings, not with windows. A piece that is damaged
    is left out, and told.
    """

    def of_piece(number: int, piece: Piece) -> dict[str, float]:
        ends: dict[str, float] = {}
        for stretch in rows.stretches(piece, ("clip", "end"), embeddings=False):
            table = stretch.table
            told = table["end"].to_pylist() if "end" in table.column_names else repeat(None)
            for clip, end in zip(table["clip"].to_pylist(), map(seconds, told), strict=False):
                name = file_of(clip, end)
                ends[name] = max(ends.get(name, 0.0), end or 0.0)
        return ends

    ends: dict[str, float] = {}
    for found in each_piece(rows, of_piece, workers, tell):
        for name, end in found.items():
            ends[name] = max(ends.get(name, 0.0), end)
    return ends
