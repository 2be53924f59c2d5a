"""Samples far beyond full scale, mostly integers that were stored as floats, are brought back to it, and that is told.

Programs that convert to float without dividing leave samples of thousands, of which an encoder that expects [-1, 1]
hears nothing but edges. They are divided by the power of two of the shortest usual integer that holds them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from atmda.core.audio.bounds import LOUDEST
from atmda.core.audio.source import Source, Tell
from atmda.core.types import FloatArray

#: 40 dB above full scale; recorders of 32-bit floats go some 30 dB beyond it
FAR = 100.0
#: 6 dB above it; a little more than full scale is what lossy formats and resampling make of a loud recording
BEYOND = 2.0
#: powers of two that stand for full scale in integers of 16, 24 and 32 bits
POWERS = (15, 23, 31)

Blocks = Callable[[], Iterator[FloatArray]]


class Scale:
    """The power of two that a recording's samples are divided by, once it has been found; None before."""

    def __init__(self) -> None:
        self.power: int | None = None


def at_full_scale(source: Source, blocks: Blocks, tell: Tell, scale: Scale | None = None) -> Blocks:
    """`blocks` (n, channels) of `source`, where they are floats divided by what seems to be their full scale.

    It is decided by the whole recording, which is read a first time where samples of whole numbers, or far beyond full
    scale, make that necessary; so all parts of it are divided by the same. `tell` hears of it, and of samples well
    beyond full scale that are left as they are. What is beyond all bounds is left to who checks those. `scale`: keeps
    what was found for other parts of the same recording.
    """
    return blocks if source.step else lambda: _scaled(source, blocks(), tell, scale or Scale())


def _scaled(source: Source, blocks: Iterator[FloatArray], tell: Tell, scale: Scale) -> Iterator[FloatArray]:
    power = scale.power
    highest = 0.0
    for block in blocks:
        peak = _peak(block)
        if power is None and 1 <= peak <= LOUDEST and (peak > FAR or _whole_numbers(block)):
            power = scale.power = _power(source.blocks(0, None), tell)
        highest = max(highest, math.ldexp(peak, -(power or 0)))
        yield block * np.float32(2.0**-power) if power else block
    if BEYOND < highest <= FAR:
        tell(f"its samples reach {highest:.3g}, where 1 is full scale")


def _power(blocks: Iterator[FloatArray], tell: Tell) -> int:
    """The power of two that samples are to be divided by, 0 for samples as they should be."""
    peak, whole = 0.0, True
    for block in blocks:
        peak = max(peak, _peak(block))
        whole = whole and _whole_numbers(block)
    if not (1 < peak <= LOUDEST and (whole or peak > FAR)):
        return 0
    least = math.ceil(math.log2(peak))
    power = next((power for power in POWERS if power >= least), least)
    what = "integers stored as floats" if whole and power in POWERS else "far beyond full scale"
    tell(f"its samples are {what}, up to {peak:.6g}; they were divided by 2^{power}")
    return power


def _peak(block: FloatArray) -> float:
    return max(float(block.max(initial=0.0)), -float(block.min(initial=0.0)))


def _whole_numbers(block: FloatArray) -> bool:
    """Whether every sample is a whole number; the first thousand decide where they are not."""
    return all(bool((part == np.rint(part)).all()) for part in (block[:1000], block))
