"""What loudness cannot tell of a source: that it is silent, and what it holds below the frequencies that are heard.

Loudness is measured through a high pass at 38 Hz. A constant offset hardly passes it, so that a source which is little
else would be made so loud that its offset alone lies beyond full scale.
"""

from __future__ import annotations

from math import log10

import numpy as np

from atmda.core.types import FloatArray
from atmda.errors import AudioError
from atmda.soundscapes.loudness import FLOOR

#: An offset so many times the rest's root mean square is removed. Ordinary converters stay far below it: the largest
#: in our excerpt of UrbanSound8K is 2, and stays as scaper leaves it.
DOMINATES = 4.0
SHORTEST_SECONDS = 0.05  # one period at 20 Hz; of less, sound and offset cannot be told apart
UNHEARD = 20.0  # dB of a source's power over its loudness
OFFSET = "a constant offset"
CANCEL = "its channels cancel each other in their mix"


def dominating_offset(samples: FloatArray, sample_rate: int) -> float:
    """The mean of `samples` (n,) where it dominates them, else 0."""
    if len(samples) < SHORTEST_SECONDS * sample_rate:
        return 0.0
    mean = float(samples.mean(dtype=np.float64))
    power = float(np.dot(samples, samples)) / len(samples)
    return mean if mean * mean * (1.0 + DOMINATES**-2) > power else 0.0


def level_notes(role: str, shown: str, samples: FloatArray, loudness: float, found: list[str]) -> list[str]:
    """What is odd about a source's level, in words: `samples` (n,) of `loudness` LUFS; `found` is noted of it already.

    Raises AudioError for a background that no event can stand at an SNR over.
    """
    silent = not samples.any()
    if role == "background" and loudness <= FLOOR:
        why = "it is silent" if silent else f"it is quieter than {FLOOR:g} LUFS"
        known = next((note for note in found if CANCEL in note or OFFSET in note), "")
        because = f" ({known.removeprefix(f'{shown}: ')})" if known else ""
        raise AudioError(shown, f"{why}{because}, so that nothing can stand at an SNR over it as background")
    if silent:
        return ["event is digital silence"]
    if loudness <= FLOOR:
        return [f"event is quieter than {FLOOR:g} LUFS, so its level is lower than asked for"]
    over = 10.0 * log10(float(np.dot(samples, samples)) / len(samples)) - loudness
    if over > UNHEARD:
        return [f"{shown}: it lies mostly below what is heard; its power is {over:.0f} dB over its loudness"]
    return []
