"""Speech without sense by synthetic voices of people: one speaker, a child, or a crowd of either.

The voices are those of flite (Carnegie Mellon University, under a licence like BSD's; Debian's package `flite`), made
to say random common words.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from synth_parts import RATE, Array, Rng, log_uniform

VOICES = ("awb", "rms", "slt")
#: different stretches of speech; what is heard of them, how high and how fast, is drawn anew each time
STRETCHES = 180
WORDS = (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").split()


def spoken(rng: Rng, n: int, young: bool | None = None) -> Array:
    """One speaker, or two to six at once, of whom nobody or everybody is `young`: float32 (n,), any level."""
    speakers = 1 if rng.uniform() < 0.6 else int(rng.integers(2, 7))
    y = np.zeros(n, np.float32)
    young = rng.uniform() < 0.4 if young is None else young
    for _ in range(speakers):
        x = voice(rng, n, young)
        y += rng.uniform(0.3, 1) * x / (x.std() + 1e-6)
    return y


def voice(rng: Rng, n: int, young: bool) -> Array:
    """A voice speaking through most of `n` samples; `young`: higher by a third to nearly an octave."""
    higher = rng.uniform(1.3, 1.8) if young else log_uniform(rng, 0.85, 1.2)
    x = said(int(rng.integers(STRETCHES)), young)
    x = soxr.resample(x, RATE, RATE / higher, quality="HQ").astype(np.float32)
    start = int(rng.integers(0, max(1, len(x) - n)))
    x = x[start : start + n]
    return np.pad(x, (0, n - len(x)))


@cache
def said(number: int, slowly: bool) -> Array:
    """Stretch `number` of random words, about 8 s at 16 kHz, slowly where it will be made higher and so faster."""
    rng = np.random.default_rng(number)
    words = [WORDS[k] for k in rng.integers(0, len(WORDS), 20)]
    for k in range(3, 20, int(rng.integers(3, 7))):  # pauses, questions, shouts
        words[k] += str(rng.choice([",", ".", "?", "!"]))
    stretch = log_uniform(rng, 0.8, 1.3) * (1.5 if slowly else 1.0)
    handle, path = tempfile.mkstemp(".wav")
    os.close(handle)
    try:
        command = ["flite", "-voice", VOICES[number % len(VOICES)], "--setf", f"duration_stretch={stretch:.3f}"]
        subprocess.run([*command, "-t", " ".join(words), "-o", path], check=True, capture_output=True)
        x, rate = sf.read(path, dtype="float32")
    finally:
        Path(path).unlink()
    return x if rate == RATE else soxr.resample(x, rate, RATE).astype(np.float32)
