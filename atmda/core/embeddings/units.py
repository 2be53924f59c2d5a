"""The units that a cluster's workers are given: recordings, or windows of long ones, fixed before any is begun.

Which clips are in a unit follows from their list alone, so that units are the same after a kill, on any cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from atmda.core.audio import Reading
from atmda.core.audio.cut import Cut
from atmda.core.clip import Clip
from atmda.core.embeddings.windowed import WindowedRecording
from atmda.core.embeddings.windows import Wanted
from atmda.core.part_names import part_name
from atmda.core.types import IntArray
from atmda.errors import AudioError

WHOLE = -1  # in the place of a stretch's number
REMOTE_RECORDINGS = 8  # a unit: each is downloaded once, by the worker that cuts it


@dataclass(frozen=True)
class Windows:
    """Some windows of a recording: by their places in a stretch, or all of them where `stretch` is WHOLE.

    `spans`: start and end of each in seconds. `done`: of all of them, which are not wanted: 1 by number.
    """

    clip: Clip
    stretch: int = WHOLE
    places: tuple[int, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    done: bytes = b""

    @property
    def name(self) -> str:
        """What a store calls them."""
        if not self.spans:
            return self.clip.name
        return part_name(self.clip.name, self.spans[0][0], self.spans[-1][1])

    def halves(self) -> tuple[Windows, Windows] | None:
        """The first and the second half of them; None for one, or a recording whose windows nobody has counted."""
        middle = len(self.places) // 2
        if not middle:
            return None
        cut = [replace(self, places=self.places[part], spans=self.spans[part]) for part in _halves(middle)]
        return cut[0], cut[1]


Item: TypeAlias = Clip | Windows


@dataclass(frozen=True)
class Unit:
    """What one worker is given at a time.

    Attributes:
        number: of the unit, which names its shard. items: clips, or windows. first: how many items of the unit are
            before them, where this is a part of one.
    """

    number: int
    items: tuple[Item, ...]
    first: int = 0

    @property
    def begin(self) -> tuple[int, int]:
        """Its place among the parts of a unit: its first item, and its first window in that."""
        head = self.items[0]
        return self.first, head.places[0] if isinstance(head, Windows) and head.places else 0

    def halves(self) -> tuple[Unit, Unit] | None:
        """Its first half and its second; None where it is one clip or window."""
        middle = len(self.items) // 2
        if middle:
            cut = [self.items[part] for part in _halves(middle)]
        else:
            (item,) = self.items
            windows = item.halves() if isinstance(item, Windows) else None
            if windows is None:
                return None
            cut, middle = [windows[:1], windows[1:]], 0
        one, other = (Unit(self.number, tuple(part), self.first) for part in cut)
        return one, replace(other, first=self.first + middle)


def _halves(middle: int) -> tuple[slice, slice]:
    return slice(None, middle), slice(middle, None)


def clip_units(clips: Sequence[Clip], rows: IntArray, size: int) -> Iterator[Unit]:
    """Units of `size` consecutive clips, of them those at `rows`, int (n,) in order; empty ones left out."""
    for number in range(-(-len(clips) // size)):
        begin, end = np.searchsorted(rows, [number * size, (number + 1) * size])
        if begin < end:
            yield Unit(number, tuple(clips[row] for row in rows[begin:end].tolist()))


def window_units(
    clips: Iterable[Clip],
    cut: Cut,
    reading: Reading,
    wanted: Wanted,
    size: int,
    done: Callable[[Clip], bytes],
) -> Iterator[Unit]:
    """Units of whole stretches with `size` windows or more together, of those `wanted`.

    Headers are read as units are asked for. Recordings in object storage are not cut here: some of them are a unit,
    with what is `done` of each.
    """
    number, count = 0, 0
    items: list[Item] = []
    for clip in clips:
        for item in _windows_of(clip, cut, reading, wanted, done):
            items.append(item)
            count += max(1, len(item.places) if item.stretch != WHOLE or not clip.url else size // REMOTE_RECORDINGS)
            if count >= size:
                yield Unit(number, tuple(items))
                number, count, items = number + 1, 0, []
    if items:
        yield Unit(number, tuple(items))


def _windows_of(
    clip: Clip, cut: Cut, reading: Reading, wanted: Wanted, done: Callable[[Clip], bytes]
) -> Iterator[Windows]:
    if clip.url:
        yield Windows(clip, done=done(clip))
        return
    try:
        recording = WindowedRecording.open(clip, cut, reading)
    except AudioError:
        yield Windows(clip)  # whoever is given it says why
        return
    for stretch in recording.audio.stretches():
        if places := tuple(wanted(recording, stretch)):
            spans = stretch.spans
            yield Windows(clip, stretch.number, places, tuple(spans[place] for place in places))
