"""Windows that overlap, embedded by the built-in encoder: each patch of the recording is computed once.

A window by itself has patches of 0.975 s that begin every 0.96 s from its own start, and one level for all of them.
Overlapping windows would share not one of them. Here patches begin on a grid that every window's start lies on: at most
a second apart, a whole number of them to a hop. A window is pooled of those that begin in it, as many as fit to the
nearest, and the level of each patch is that of the stretch as long as a window around it. So a hop of 1 s costs what
one of 10 s does. The embeddings differ a little from those of the same windows one by one; `docs/compact.md` has how
much, and a store of them is made with another hop, so the two never mix unnoticed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from atmda.core.encoders.compact.frontend import FRAMES, HOP, PATCH, SAMPLE_RATE, WINDOW, log_mel
from atmda.core.encoders.compact.loudness import amplified, gain, magnitudes
from atmda.core.encoders.compact.network import CHUNK
from atmda.core.types import FloatArray, IntArray

#: most from one patch to the next, as then 25 ms a second are not heard
GRID_SECONDS = 1.0
#: patches that decide a level, at most: as many as in the longest stretch that a clip's level is taken of
MOST_AROUND = 12


def can_share(window: float, hop: float) -> bool:
    """Whether windows of `window` seconds every `hop` seconds overlap, and each holds a patch at least."""
    return hop < window and window * SAMPLE_RATE >= PATCH


@dataclass(frozen=True)
class Cells:
    """The patches of a stretch.

    Attributes:
        frames: where each begins, in frames of 10 ms, ascending: int (m,).
        first: the first patch of each window: int (n,). count: how many a window has.
    """

    frames: IntArray
    first: IntArray
    count: int

    @classmethod
    def of(cls, samples: int, starts: IntArray, size: int, hop: float) -> Cells:
        """The patches of windows of `size` samples at `starts` (n,), every `hop` samples, among `samples` samples."""
        per_hop = max(1, math.ceil(hop / (GRID_SECONDS * SAMPLE_RATE) - 1e-9))
        grid = hop / per_hop
        count = max(1, round((size - PATCH) / grid) + 1)
        last = (samples - WINDOW) // HOP - (FRAMES - 1)  # the last frame that a patch can begin at
        on_grid = starts[0] + np.arange((len(starts) - 1) * per_hop + count) * grid
        frames = np.minimum(np.rint(on_grid / HOP).astype(np.int64), last)
        # the last window of a recording begins where it must; it has the patches that are nearest
        first = np.rint((starts - starts[0]) / grid).astype(np.int64)
        return cls(frames, first, count)

    def windows(self) -> Iterator[slice]:
        """The patches of each window."""
        for first in self.first.tolist():
            yield slice(first, first + self.count)

    def patches(self, samples: FloatArray) -> Iterator[FloatArray]:
        """Levelled patches (k, 96, 64), some at a time, of the stretch's `samples` at 16 kHz."""
        found, powers = [], []
        for patches in self._raw(samples):
            mel = magnitudes(patches)
            powers.append(np.einsum("ktf,ktf->k", mel, mel) / FRAMES)
            found.append(mel)
        gains = [np.asarray([gain(power) for power in part], np.float32) for part in self._around(powers)]
        for number, mel in enumerate(found):
            yield amplified(mel, gains[number][:, None, None])

    def _raw(self, samples: FloatArray) -> Iterator[FloatArray]:
        for start in range(0, len(self.frames), CHUNK):
            own = self.frames[start : start + CHUNK]
            base, end = int(own[0]), int(own[-1]) + FRAMES
            mel = log_mel(samples[base * HOP : (end - 1) * HOP + WINDOW])
            yield np.stack([mel[frame - base : frame - base + FRAMES] for frame in own.tolist()])

    def _around(self, powers: list[FloatArray]) -> list[FloatArray]:
        """For each patch the mean power of as many around it as a window has."""
        joined = np.concatenate(powers).astype(np.float64)
        sums = np.concatenate([[0.0], np.cumsum(joined)])
        reach = min(self.count, MOST_AROUND)
        places = np.arange(len(joined))
        low = np.maximum(places - reach // 2, 0)
        high = np.minimum(low + reach, len(joined))
        low = np.maximum(high - reach, 0)
        means = (sums[high] - sums[low]) / (high - low)
        return np.split(np.maximum(means, 0.0), np.cumsum([len(part) for part in powers])[:-1])
