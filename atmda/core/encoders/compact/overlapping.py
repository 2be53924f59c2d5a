"""Windows that overlap, embedded by the built-in encoder: each patch of the recording is computed once.

A window by itself has patches of 0.975 s that begin every 0.96 s from its own start, and one level for all of them.
Overlapping windows would share not one of them. Here patches begin on a grid that every window's start lies on: at most
a second apart, a whole number of them to a hop. A window is pooled of those that begin in it, as many as fit to the
nearest; the level of each patch is that of the stretch as long as a window around it; what it is heard as one with are
those before and after it that do not overlap it. So a hop of 1 s costs what one of 10 s does. The embeddings differ a
little from those of the same windows one by one; `docs/compact.md` has how much, and a store of them is made with
another hop, so the two never mix unnoticed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
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
        apart: how many patches on the next begins that does not overlap one.
    """

    frames: IntArray
    first: IntArray
    count: int
    apart: int

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
        return cls(frames, first, count, max(1, math.ceil(FRAMES * HOP / grid - 1e-9)))

    def windows(self) -> Iterator[slice]:
        """The patches of each window."""
        for first in self.first.tolist():
            yield slice(first, first + self.count)

    def runs(self) -> Iterator[IntArray]:
        """The numbers of patches that are heard as one, some at a time."""
        for phase in range(min(self.apart, len(self.frames))):
            numbers = np.arange(phase, len(self.frames), self.apart)
            yield from (numbers[i : i + CHUNK] for i in range(0, len(numbers), CHUNK))

    def in_order(self, parts: Sequence[FloatArray]) -> FloatArray:
        """What was found of the patches (m, ...), in their order, of what was found run by run."""
        return np.concatenate(parts)[np.argsort(np.concatenate(list(self.runs())))]

    def patches(self, samples: FloatArray) -> Iterator[FloatArray]:
        """Levelled patches (k, 96, 64), run by run, of the stretch's `samples` at 16 kHz."""
        found, powers = [], []
        heard = _log_mel(samples)
        for run in self.runs():
            mel = magnitudes(np.stack([heard[frame : frame + FRAMES] for frame in self.frames[run].tolist()]))
            powers.append(np.einsum("ktf,ktf->k", mel, mel) / FRAMES)
            found.append(mel)
        gains = np.asarray([gain(power) for power in self._around(self.in_order(powers))], np.float32)
        for run, mel in zip(self.runs(), found, strict=True):
            yield amplified(mel, gains[run][:, None, None])

    def _around(self, powers: FloatArray) -> FloatArray:
        """For each patch the mean power of as many around it as a window has; `powers` (m,) are in order."""
        sums = np.concatenate([[0.0], np.cumsum(powers.astype(np.float64))])
        reach = min(self.count, MOST_AROUND)
        places = np.arange(len(powers))
        low = np.maximum(places - reach // 2, 0)
        high = np.minimum(low + reach, len(powers))
        low = np.maximum(high - reach, 0)
        return np.asarray(np.maximum((sums[high] - sums[low]) / (high - low), 0.0))


def _log_mel(samples: FloatArray) -> FloatArray:
    """`log_mel` of a stretch, some seconds at a time for the sake of memory."""
    starts = range(0, (len(samples) - WINDOW) // HOP + 1, CHUNK * FRAMES)
    return np.concatenate([log_mel(samples[s * HOP : (s + CHUNK * FRAMES - 1) * HOP + WINDOW]) for s in starts])
