"""Windows that overlap, embedded by the built-in encoder: the network hears their stretch of the recording once.

A window by itself has patches of 0.975 s that begin every 0.96 s from its own start, and one level for all of them.
Overlapping windows would share not one of them. Here the network runs over the stretch from end to end, which gives
trunk features of *places*, 0.32 s apart, three to a patch; a window has the patches that begin at the places nearest to
where its own would. The level of a place is that of the stretch as long as a window around it. So a hop of 1 s costs
little more than one of 10 s does. The embeddings differ a little from those of the same windows one by one, and a patch
hears what lies beside its window; `docs/compact.md` has how much that changes, and a store of them is made with another
hop, so the two never mix unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from atmda.core.encoders.compact.frontend import (
    BANDS,
    FRAMES,
    HOP,
    PATCH,
    SAMPLE_RATE,
    STEP,
    WINDOW,
    log_mel,
    patch_starts,
)
from atmda.core.encoders.compact.loudness import amplified, gain, magnitudes
from atmda.core.encoders.compact.network import PLACES
from atmda.core.types import FloatArray, IntArray

#: frames and samples from one place to the next
PLACE_FRAMES = FRAMES // PLACES[0]
PLACE = PLACE_FRAMES * HOP
#: places that decide a level, at most: as many as in the longest stretch that a clip's level is taken of
MOST_AROUND = 12 * PLACES[0]
#: places that the network hears together, and how many of them at either end only for the sake of those between
TOGETHER, MARGIN = 54, 3


def can_share(window: float, hop: float) -> bool:
    """Whether windows of `window` seconds every `hop` seconds overlap, and each holds a patch, a sample less or not."""
    return hop < window and window * SAMPLE_RATE >= PATCH + HOP


@dataclass(frozen=True)
class Shared:
    """Which patches the windows of a stretch have.

    Attributes:
        size: samples of a window.
        patches: the places that some window's patches begin at, ascending: int (m,).
        of_window: which of `patches` each window has: int (n, count).
    """

    size: int
    patches: IntArray
    of_window: IntArray

    @classmethod
    def of(cls, samples: int, starts: IntArray, size: int) -> Shared:
        """The patches of windows of `size` samples at `starts` (n,) among `samples` samples: the last ends with it."""
        last = (samples - WINDOW + HOP) // PLACE - PLACES[0]  # the last place that a patch can begin at
        within = np.array(patch_starts(size, PATCH, STEP * HOP))
        places = np.minimum(np.rint((starts[:, None] + within) / PLACE).astype(np.int64), last)
        patches, of_window = np.unique(places, return_inverse=True)
        return cls(size, patches, of_window.reshape(places.shape))

    def trunks(self, samples: FloatArray, network: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Trunk features (m, t) of the patches of the stretch's `samples` at 16 kHz.

        Args:
            network: of levelled frames (32 k, 64) the trunk features of their places, (k, t).
        """
        frames = _levelled(samples, self.size)
        heard = np.concatenate([network(frames[run])[own] for run, own in _runs(len(frames) // PLACE_FRAMES)])
        return np.asarray(sum(heard[self.patches + k] for k in range(PLACES[0])) / np.float32(PLACES[0]))


def _runs(places: int) -> Iterator[tuple[slice, slice]]:
    """What the network hears together of so many places: frames of the stretch, and which places of those are kept."""
    kept = TOGETHER - 2 * MARGIN
    for first in range(0, places, kept):
        low, high = max(0, first - MARGIN), min(places, first + kept + MARGIN)
        yield slice(low * PLACE_FRAMES, high * PLACE_FRAMES), slice(first - low, min(places, first + kept) - low)


def _levelled(samples: FloatArray, size: int) -> FloatArray:
    """Log mel magnitudes (frames, 64) of whole places, each at the level of `size` samples around it."""
    step = TOGETHER * PLACE_FRAMES  # some seconds at a time for the sake of memory
    starts = range(0, (len(samples) - WINDOW) // HOP + 1, step)
    heard = np.concatenate([log_mel(samples[s * HOP : (s + step - 1) * HOP + WINDOW]) for s in starts])
    mel = magnitudes(heard[: len(heard) // PLACE_FRAMES * PLACE_FRAMES].reshape(-1, PLACE_FRAMES, BANDS))
    powers = np.einsum("ptf,ptf->p", mel, mel, dtype=np.float64) / PLACE_FRAMES
    gains = np.asarray([gain(power) for power in _around(powers, size // PLACE)], np.float32)
    return np.asarray(amplified(mel, gains[:, None, None]).reshape(-1, BANDS))


def _around(powers: FloatArray, reach: int) -> FloatArray:
    """For each place the mean power of `reach` places around it, (p,)."""
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    reach = min(reach, MOST_AROUND, len(powers))
    low = np.clip(np.arange(len(powers)) - reach // 2, 0, len(powers) - reach)
    return np.asarray(np.maximum((sums[low + reach] - sums[low]) / reach, 0.0))
