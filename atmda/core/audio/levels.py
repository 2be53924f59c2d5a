"""How loud a recording is, and whether there is any sound in it at all.

A microphone that is dead or not plugged in leaves no zeros: it leaves a constant, and the last bit of the converter
going back and forth. Neither says anything of any class, though an encoder hears something in it.
"""

from __future__ import annotations

import math

import numpy as np

from atmda.core.audio.bounds import check_peak
from atmda.core.types import FloatArray
from atmda.errors import AudioError

SILENCE = "digital silence: every sample is zero"
NOTHING_SAID = "no sound in it, so its label and confidence say nothing"
#: what one step of a sample's format is, where 1 is full scale; those of more bits than float32 has are read as float32
STEPS = {
    "PCM_S8": 2.0**-7, "PCM_U8": 2.0**-7, "DPCM_8": 2.0**-7, "ULAW": 2.0**-12, "ALAW": 2.0**-12,
    "PCM_24": 2.0**-23, "ALAC_24": 2.0**-23, "ALAC_20": 2.0**-19, "DWVW_24": 2.0**-23, "DWVW_12": 2.0**-11,
    "PCM_32": 2.0**-23, "ALAC_32": 2.0**-23, "FLOAT": 0.0, "DOUBLE": 0.0,
    # what a bit of 16 is smeared over by those that lose something
    "VORBIS": 1e-4, "OPUS": 1e-4, "MPEG_LAYER_I": 1e-4, "MPEG_LAYER_II": 1e-4, "MPEG_LAYER_III": 1e-4,
}  # fmt: skip
A_STEP_OF_16_BITS = 2.0**-15  # of all the others
#: steps from the lowest sample to the highest that still are the format's own noise: one bit, or -1, 0 and 1
NOISE_STEPS = 2.001
#: values that a sample takes where one bit of 16 changes, in two channels' mean, whatever format holds them
FEW_VALUES = 5
#: a float's own rounding, of a constant
ROUNDING = 2.0**-23


def step(subtype: str) -> float:
    """One step of the samples of a file whose samples libsndfile calls `subtype`; 0 of floats."""
    return STEPS.get(subtype, A_STEP_OF_16_BITS)


class Levels:
    """The lowest and the highest of the samples that were added, of a format whose `step` is known.

    Attributes:
        peak: largest absolute sample, 0.0 before any.
        level: root mean square in dB below full scale, -inf for digital silence.
    """

    def __init__(self, step: float = 0.0) -> None:
        self._power, self._count = 0.0, 0
        self._step = step
        self._low, self._high = math.inf, -math.inf
        self._values: set[float] | None = set()

    def add(self, name: str, block: FloatArray) -> None:
        """Float32 (n,). Raises AudioError, for the recording `name`, where a sample is no number, or beyond bounds."""
        if not len(block):
            return
        low, high = float(block.min()), float(block.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            raise AudioError(name, "it holds samples that are not numbers (NaN or infinity)")
        self._low, self._high = min(self._low, low), max(self._high, high)
        check_peak(name, self.peak)
        with np.errstate(over="ignore"):
            self._power += float(np.dot(block, block))
        self._count += len(block)
        if self._values is not None:
            self._values = self._with(block)

    def _with(self, block: FloatArray) -> set[float] | None:
        """The values that samples have taken; None once they are many, or apart."""
        if self._high - self._low > NOISE_STEPS * A_STEP_OF_16_BITS:
            return None
        values = (self._values or set()) | set(np.unique(block).tolist())
        return values if len(values) <= FEW_VALUES else None

    @property
    def peak(self) -> float:
        return max(self._high, -self._low, 0.0)

    @property
    def level(self) -> float:
        return 10 * math.log10(self._power / self._count) if self._power > 0 else -math.inf

    @property
    def silent(self) -> bool:
        """Whether nothing is in it but a constant, and noise that its format makes by itself."""
        within = NOISE_STEPS * max(self._step, self.peak * ROUNDING)
        return self._high - self._low <= within or self._values is not None

    @property
    def note(self) -> str:
        """What to say of a recording that is silent; "" of one that is not."""
        if not self.silent:
            return ""
        if self.peak == 0:
            return SILENCE
        if self._high == self._low:
            return f"every sample is {self._high:.4g}: {NOTHING_SAID}"
        return f"its samples go no further than {self._low:.4g} to {self._high:.4g}: {NOTHING_SAID}"
