"""How loud a sound was recorded says nothing of what it is: the built-in encoder brings it to one level."""

from __future__ import annotations

import math

import numpy as np

from atmda.core.encoders.compact.frontend import OFFSET
from atmda.core.types import FloatArray

#: root mean square of mel magnitudes, summed over bands, that is brought about
LEVEL = 10.0
#: most that a window is amplified or attenuated
MOST_GAIN, LEAST_GAIN = 100.0, 0.01


def magnitudes(patches: FloatArray) -> FloatArray:
    """Mel magnitudes of log mel `patches` (k, 96, 64)."""
    return np.asarray(np.maximum(np.exp(patches) - np.float32(OFFSET), 0.0))


def gain(power: float) -> float:
    """What magnitudes of a mean square of `power`, summed over bands, are multiplied by."""
    return min(max(LEVEL / max(math.sqrt(power), 1e-9), LEAST_GAIN), MOST_GAIN)


def amplified(mel: FloatArray, gains: FloatArray | np.float32) -> FloatArray:
    """Log mel patches of magnitudes `mel` (k, 96, 64), which are overwritten, times `gains` (k, 1, 1), or one."""
    mel *= gains
    mel += np.float32(OFFSET)
    return np.asarray(np.log(mel, out=mel))
