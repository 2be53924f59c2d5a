"""A stretch of sound as a picture: time to the right, frequency upwards, the louder the darker."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from atmda.core.types import FloatArray
from atmda.report.listening.png import SHADES, grey_png
from atmda.report.listening.words import hertz

WIDTH, HEIGHT = 560, 144
BLOCK = 80
WINDOW_SECONDS = 0.032
#: from this rate on it is the ultrasound that was recorded, so frequencies are spaced evenly
ULTRASONIC = 96_000
#: where the axis turns from linear to logarithmic, about as the ear's does
CORNER = 1000.0
#: dB between the lightest and the darkest shade, at least and at most: noise is not blown up, and quiet is seen
LEAST_RANGE, MOST_RANGE = 25.0, 70.0
#: the darkest shade's level at least, below the steps of 16 bits, so that digital silence is white
FAINTEST = -100.0
TICKS = (100, 300, 1000, 3000, 10_000, 20_000, 50_000, 100_000)


@dataclass(frozen=True)
class Spectrogram:
    """A picture and its axis.

    Attributes:
        png: the picture, `WIDTH` x `HEIGHT`.
        top: the frequency of its upper edge, in Hz, half the rate of the recording.
        loudest: the frequency of the line with most power, in Hz.
        ticks: (height above the lower edge as a fraction, words) of some frequencies.
    """

    png: bytes
    top: float
    loudest: float
    ticks: tuple[tuple[float, str], ...]


def spectrogram(samples: FloatArray, rate: int) -> Spectrogram:
    """The spectrogram of `samples` (n,) at `rate` Hz, n >= 1: Hann windows of about 32 ms."""
    size = 1 << max(5, round(np.log2(WINDOW_SECONDS * rate)))
    power = _columns(samples, size)
    edges = _frequencies(np.linspace(0, 1, HEIGHT + 1), rate) * size / rate
    lines = np.stack([_band(power, low, high) for low, high in pairwise(edges.tolist())])
    level = 10 * np.log10(lines + 1e-14)
    darkest = max(float(np.percentile(level, 99.7)), FAINTEST)
    lightest = min(max(float(np.percentile(level, 50)), darkest - MOST_RANGE), darkest - LEAST_RANGE)
    shade = np.clip((darkest - level) / (darkest - lightest), 0, 1) * (SHADES - 1)
    middles = _frequencies((np.arange(HEIGHT) + 0.5) / HEIGHT, rate)
    loudest = float(middles[int(lines.mean(axis=1).argmax())])
    ticks = tuple((_height(tick, rate), hertz(tick)) for tick in TICKS if _height(tick, rate) <= 0.93)
    clear = [tick for i, tick in enumerate(ticks) if i + 1 == len(ticks) or ticks[i + 1][0] - tick[0] >= 0.1]
    return Spectrogram(grey_png(np.rint(shade[::-1]).astype(np.uint8)), rate / 2, loudest, tuple(clear))


def _columns(samples: FloatArray, size: int) -> npt.NDArray[np.float64]:
    """Power (bins, WIDTH): a window a column, which overlap while less than 18 s are shown."""
    padded = np.pad(samples, (size // 2, size // 2))
    window = np.hanning(size + 2)[1:-1]
    places = np.linspace(0, len(padded) - size, WIDTH).round().astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)
    power = np.empty((size // 2 + 1, WIDTH))
    for first in range(0, WIDTH, BLOCK):  # of a bat detector's sound all windows at once were 200 MB
        part = slice(first, first + BLOCK)
        spectrum = np.fft.rfft(frames[places[part]] * window, axis=1)
        power[:, part] = (spectrum.real**2 + spectrum.imag**2).T
    return power


def _band(power: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """Mean power (columns,) between two places on the axis of bins; between two bins where it holds none."""
    first, last = int(np.ceil(low)), int(np.ceil(high))
    if last > first:
        found: npt.NDArray[np.float64] = power[first:last].mean(axis=0)
        return found
    middle = (low + high) / 2
    below = min(int(middle), len(power) - 2)
    between: npt.NDArray[np.float64] = power[below] + (middle - below) * (power[below + 1] - power[below])
    return between


def _frequencies(heights: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """The frequencies, in Hz, at `heights`, fractions of the picture's."""
    if rate >= ULTRASONIC:
        return heights * (rate / 2)
    return CORNER * ((1 + rate / 2 / CORNER) ** heights - 1)


def _height(frequency: float, rate: int) -> float:
    """Where a frequency is, as a fraction of the picture's height."""
    if rate >= ULTRASONIC:
        return frequency / (rate / 2)
    return float(np.log1p(frequency / CORNER) / np.log1p(rate / 2 / CORNER))
