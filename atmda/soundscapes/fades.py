"""How events begin and end, and how one background follows another.

An event fades in and out as a quarter sine. Of two backgrounds the second, where it begins after the soundscape does,
fades in over the time that both sound, and the first fades out: as quarter sines, which keep the power of two sounds
that have nothing in common, or as straight lines where the second is the same recording going on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from atmda.core.types import FloatArray
from atmda.soundscapes.mix import Event, Mix

CLOSE = 1e-6  # s, more than times are rounded by


def fade_edges(samples: FloatArray, fade_in: int, fade_out: int) -> None:
    """Quarter-sine fades over `fade_in` and `fade_out` samples, in place; half the event where it is shorter."""
    n = len(samples)
    rise = fade_in if n >= fade_in else n // 2
    fall = fade_out if n >= fade_out else n // 2
    samples[:rise] *= np.sin(np.linspace(0.0, np.pi / 2, rise)).astype(np.float32)
    samples[n - fall :] *= np.sin(np.linspace(np.pi / 2, 0.0, fall)).astype(np.float32)


@dataclass
class Join:
    """How a background begins and ends: over how many samples, and whether in straight lines."""

    rise: int = 0
    rise_straight: bool = False
    fall: int = 0
    fall_straight: bool = False

    def apply(self, samples: FloatArray) -> FloatArray:
        """A copy of `samples` (n,), faded."""
        faded: FloatArray = samples.copy()
        rise, fall = (min(count, len(faded)) for count in (self.rise, self.fall))
        faded[:rise] *= _ramp(rise, self.rise_straight)
        faded[len(faded) - fall :] *= _ramp(fall, self.fall_straight)[::-1]
        return faded


def joins(mix: Mix) -> dict[int, Join]:
    """The fades of those backgrounds that follow one another, by their number among the mix's events."""
    found: dict[int, Join] = {}
    backgrounds = [k for k, event in enumerate(mix.events) if event.role == "background"]
    backgrounds.sort(key=lambda k: mix.events[k].event_time)
    for k, follower in pairwise(backgrounds):
        before, after = mix.events[k], mix.events[follower]
        shared = int(mix.sample_rate * (before.event_time + before.event_duration)) - mix.first_frame(after)
        if after.event_time > 0 and shared > 0:
            straight = _goes_on(before, after)
            first, second = found.setdefault(k, Join()), found.setdefault(follower, Join())
            first.fall, first.fall_straight = shared, straight
            second.rise, second.rise_straight = shared, straight
    return found


def _goes_on(before: Event, after: Event) -> bool:
    """Whether both are one recording, in step."""
    apart = (after.source_time - before.source_time) - (after.event_time - before.event_time)
    return before.source == after.source and abs(apart) < CLOSE


def _ramp(count: int, straight: bool) -> FloatArray:
    """From 0 to 1 in `count` steps, taken at their middles."""
    steps = (np.arange(count) + 0.5) / max(count, 1)
    return np.asarray(steps if straight else np.sin(steps * (np.pi / 2)), np.float32)
