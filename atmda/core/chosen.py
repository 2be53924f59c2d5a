"""Some of very many clips, without a second list of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, overload

from atmda.core.clip import Clip
from atmda.core.types import IntArray


class ByPlace(Protocol):
    """What gives a clip by its place."""

    def __getitem__(self, place: int, /) -> Clip: ...


class Chosen(Sequence[Clip]):
    """Those of `clips` at the places `rows`, int (n,); 8 bytes each, however much is known of a clip."""

    def __init__(self, clips: ByPlace, rows: IntArray) -> None:
        self._clips, self.rows = clips, rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Clip: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Clip]: ...
    def __getitem__(self, place: int | slice) -> Clip | Sequence[Clip]:
        if isinstance(place, slice):
            return Chosen(self._clips, self.rows[place])
        return self._clips[int(self.rows[place])]

    def __iter__(self) -> Iterator[Clip]:
        return (self._clips[row] for row in map(int, self.rows))
