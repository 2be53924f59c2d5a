"""The front end of the built-in encoder: 16 kHz samples to patches of log mel magnitudes, in numpy alone.

The constants are those of YAMNet (github.com/tensorflow/models, research/audioset/yamnet, `params.py`), the teacher
that the encoder was distilled from: 25 ms Hann windows every 10 ms, 64 mel bands from 125 to 7500 Hz over magnitudes
(not power), log(mel + 0.001), patches of 96 frames.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from atmda.core.types import FloatArray

SAMPLE_RATE = 16_000
WINDOW = 400
HOP = 160
FFT = 512
BANDS = 64
LOW_HZ, HIGH_HZ = 125.0, 7500.0
OFFSET = 0.001
FRAMES = 96
#: frames from one patch to the next
STEP = 96
#: samples one patch of 96 frames needs
PATCH = (FRAMES - 1) * HOP + WINDOW


def patch_starts(length: int, patch: int, step: int) -> list[int]:
    """Where patches of `patch` begin in `length`: every `step`, the last ends with it. All in frames, or in samples."""
    starts = list(range(0, length - patch + 1, step))
    return starts if starts[-1] + patch == length else [*starts, length - patch]


def _mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The HTK mel scale: 1127 ln(1 + f / 700)."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0))


@cache
def mel_matrix() -> FloatArray:
    """Triangles on the mel scale, float32 (257, 64); the first bin (direct current) belongs to none."""
    bins = _mel(np.linspace(0.0, SAMPLE_RATE / 2, FFT // 2 + 1))[:, None]
    edges = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    weights[0] = 0.0
    return weights.astype(np.float32)


@cache
def _hann() -> FloatArray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def log_mel(samples: FloatArray) -> FloatArray:
    """Log mel magnitudes, float32 (frames, 64), of float32 (samples,) at 16 kHz; `samples` holds at least 400."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    spectrum = np.abs(np.fft.rfft(frames * _hann(), FFT, axis=1)).astype(np.float32, copy=False)
    return np.asarray(np.log(spectrum @ mel_matrix() + np.float32(OFFSET)))
