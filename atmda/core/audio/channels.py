"""From the channels of a recording to one: their mean, or one of them, and what is lost by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from atmda.core.audio.reading import LEFT, LOUDEST, MIX, RIGHT
from atmda.core.audio.source import Tell
from atmda.core.types import FloatArray
from atmda.errors import AudioError

CANCELLED = "its channels cancel each other in their mix; `channel` takes one of them"
#: of the loudest channel's power: 60 dB below it is the noise of an input where nothing is plugged in
SILENT_SHARE = 1e-6
#: of what n unrelated channels keep in their mean, 1/n of their mean power: where less is left they cancel
CANCELLED_SHARE = 2e-2


def check_channel(name: str, channel: str, channels: int) -> None:
    """Raises AudioError where a recording of `channels` channels has not the one that is asked for."""
    if channel not in (MIX, LOUDEST) and _number(channel) > channels:
        there = "one channel" if channels == 1 else f"{channels} channels"
        raise AudioError(name, f"it has {there}; there is no `channel` {channel}")


def mono(blocks: Callable[[], Iterator[FloatArray]], channels: int, channel: str, tell: Tell) -> Iterator[FloatArray]:
    """Blocks (n,) of one channel from blocks (n, channels), float32; `blocks` begins them anew.

    `channel`: as in `Reading`; for "loudest" everything is read twice. `tell` hears what a listener would not expect.
    """
    if channels == 1:
        yield from (block[:, 0] for block in blocks())
    elif channel == MIX:
        yield from _mixed(blocks(), channels, tell)
    else:
        place = loudest(blocks(), channels) if channel == LOUDEST else _number(channel) - 1
        yield from (np.ascontiguousarray(block[:, place]) for block in blocks())


def loudest(blocks: Iterable[FloatArray], channels: int) -> int:
    """Index of the channel with the most power in blocks (n, channels); of equals the first."""
    power = np.zeros(channels)
    for block in blocks:
        power += _powers(block)
    return int(power.argmax())


def _mixed(blocks: Iterator[FloatArray], channels: int, tell: Tell) -> Iterator[FloatArray]:
    power, left = np.zeros(channels), 0.0
    for block in blocks:
        with np.errstate(all="ignore"):  # a sum beyond float32 is infinite, and refused as such
            # two channels in a tenth of the time that `mean` takes, to the same bits
            mix: FloatArray = (block[:, 0] + block[:, 1]) / np.float32(2) if channels == 2 else block.mean(axis=1)
        power += _powers(block)
        left += float(_powers(mix[:, None])[0])
        yield mix
    most = power.max()
    silent = [str(place + 1) for place in np.flatnonzero(power <= most * SILENT_SHARE)]
    if most == 0:
        return
    if left < CANCELLED_SHARE * power.mean() / channels:
        tell(CANCELLED)
    elif silent:
        which = f"channel {silent[0]} is" if len(silent) == 1 else f"channels {', '.join(silent)} are"
        tell(f"of its {channels} channels {which} silent, which lowers their mix; `channel` takes one of them")


def _powers(block: FloatArray) -> FloatArray:
    """Sum of squares of each column, float64 (channels,)."""
    with np.errstate(all="ignore"):
        return np.asarray([np.dot(column, column) for column in block.T], np.float64)


def _number(channel: str) -> int:
    return {LEFT: 1, RIGHT: 2}.get(channel) or int(channel)
