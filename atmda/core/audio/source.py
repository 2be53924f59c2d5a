"""What a recording is read from: its channels as they are stored, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from atmda.core.types import FloatArray

BLOCK_SECONDS = 30.0
BLOCK_SAMPLES = 6_000_000  # at most, as the rates of bat detectors and eight channels would make more

#: hears what is to be said of a recording
Tell: TypeAlias = Callable[[str], object]


class Notes(list[str]):
    """What is to be said of a recording, each thing once however often it is read."""

    def tell(self, note: str) -> None:
        if note not in self:
            self.append(note)


@dataclass(frozen=True)
class Source:
    """A recording, opened.

    Attributes:
        sample_rate: in Hz. frames: samples a channel, as the header tells. channels: how many.
        blocks: blocks(first, count) yields float32 (n, channels) from frame `first` on, `count` frames in all or, for
            None, all there are, which may be more than `frames`. Raises AudioError.
        step: one step of its samples' format, where 1 is full scale; 0 of floats.
    """

    sample_rate: int
    frames: int
    channels: int
    blocks: Callable[[int, int | None], Iterator[FloatArray]]
    step: float = 0.0


def block_frames(sample_rate: int, channels: int) -> int:
    """Frames a block."""
    return max(1, min(round(BLOCK_SECONDS * sample_rate), BLOCK_SAMPLES // channels))
