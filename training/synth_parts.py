"""What synthetic sounds are made of: noise, resonances, pulses, bursts, modes, harmonics, slow curves, echoes.

Every function takes a numpy Generator (randomness) or a signal, at 16 kHz, and returns float32 (samples,), any level.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

RATE = 16_000
Array = np.ndarray
Rng = np.random.Generator


def log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def peaked(x: Array) -> Array:
    """`x` at peak 1; silence as it is."""
    return x / max(float(np.abs(x).max()), 1e-6)


def even(x: Array) -> Array:
    """`x` with a deviation of 1."""
    return np.asarray(x / (x.std() + 1e-9), np.float32)


def convolved(x: Array, response: Array) -> Array:
    """`x` through `response`, as long as `x`, not rounded to float32."""
    size = 1 << (len(x) + len(response) - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[: len(x)]


def noise(rng: Rng, n: int, slope: float | None = None) -> Array:
    """Noise whose power falls with frequency as 1/f^slope (0 white, 1 pink, 2 brown)."""
    slope = rng.uniform(-0.5, 2.2) if slope is None else slope
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** (-slope / 2)
    y = np.fft.irfft(spectrum, n)
    return even(y)


def resonate(x: Array, frequency: float, width: float) -> Array:
    """A two-pole resonator of unit gain at its peak, roughly."""
    r = np.exp(-np.pi * width / RATE)
    a = [1.0, -2 * r * np.cos(2 * np.pi * min(frequency, 7900) / RATE), r * r]
    return lfilter([1 - r], a, x).astype(np.float32)


def body(rng: Rng, x: Array, low: float, high: float, count: int | None = None) -> Array:
    """`x` through a few random resonances: the body of a machine, a room, a mouth."""
    count = int(rng.integers(1, 5)) if count is None else count
    y = x * rng.uniform(0, 0.4)
    for _ in range(count):
        f = log_uniform(rng, low, high)
        y = y + rng.uniform(0.3, 1) * resonate(x, f, f * log_uniform(rng, 0.03, 0.6)) * 4
    return y


def wander(rng: Rng, n: int, rate: float) -> Array:
    """Slow random curve of unit deviation that turns about `rate` times a second."""
    knots = max(4, int(n / RATE * rate) + 3)
    return np.interp(np.linspace(0, knots - 1, n), np.arange(knots), rng.standard_normal(knots)).astype(np.float32)


def gate(rng: Rng, n: int, period: float, duty: float, ramp: float = 0.01, jitter: float = 0.0) -> Array:
    """On and off with `period` seconds, a fraction `duty` on."""
    y = np.zeros(n, np.float32)
    start = rng.uniform(-period, period * 0.5)
    while start < n / RATE:
        a, b = int(start * RATE), int((start + period * duty) * RATE)
        y[max(a, 0) : max(b, 0)] = rng.uniform(0.7, 1)
        start += period * (1 + jitter * rng.uniform(-1, 1))
    k = max(1, int(ramp * RATE))
    c = np.cumsum(np.concatenate([np.zeros(k, np.float32), y]))
    return (c[k:] - c[:-k]) / k


def harmonic(rng: Rng, f0: Array, slope: float | None = None, odd: bool = False, top: int = 40) -> Array:
    """A sum of harmonics of the contour `f0` (Hz), amplitudes 1/k^slope, none above 7.6 kHz."""
    slope = rng.uniform(0.2, 2.2) if slope is None else slope
    angle = np.arange(4096) * (2 * np.pi / 4096)
    period = np.zeros(4096)
    highest = float(f0.max())
    for k in range(1, top + 1, 2 if odd else 1):
        if k > 1 and k * highest > 7600:
            break
        period += rng.uniform(0.5, 1) * k**-slope * np.sin(k * angle + rng.uniform(0, 6.28))
    phase = np.cumsum(f0 / RATE)
    return period.astype(np.float32)[((phase - np.floor(phase)) * 4096).astype(np.int32) & 4095]


def pulses(rng: Rng, n: int, rate: Array | float, jitter: float = 0.0, spread: float = 0.2) -> Array:
    """A train of single-sample pulses at `rate` a second."""
    curve = np.broadcast_to(np.asarray(rate, np.float64), (n,))
    phase = np.cumsum(curve / RATE) + rng.uniform()
    at = np.flatnonzero(np.diff(np.floor(phase)))
    at = np.clip(at + (rng.standard_normal(len(at)) * jitter * RATE / max(curve.mean(), 1e-3)).astype(int), 0, n - 1)
    y = np.zeros(n, np.float32)
    np.add.at(y, at, rng.uniform(1 - spread, 1, len(at)))
    return y


def burst(rng: Rng, at: Array, decay: float, slope: float = 0.5) -> Array:
    """A decaying burst of noise at every pulse of `at`."""
    k = int(min(decay * 6, 1.5) * RATE) + 8
    t = np.arange(k) / RATE
    shape = noise(rng, k, slope) * np.exp(-t / decay)
    return convolved(at, shape).astype(np.float32)


def modes(rng: Rng, at: Array, low: float, high: float, decay: float, count: int | None = None) -> Array:
    """Damped modes struck at every pulse of `at`: bells, bars, plates, glass, wood."""
    count = int(rng.integers(3, 14)) if count is None else count
    k = int(min(decay * 6, 3.0) * RATE) + 8
    t = np.arange(k) / RATE
    base = log_uniform(rng, low, high)
    shape = np.zeros(k)
    stretched = rng.uniform() < 0.5
    for i in range(count):
        f = base * ((i + 1) ** rng.uniform(0.95, 1.6) if stretched else rng.uniform(0.8, 6))
        if f < 7600:
            shape += (
                rng.uniform(0.1, 1)
                * np.sin(2 * np.pi * f * t + rng.uniform(0, 6.28))
                * np.exp(-t / decay * (1 + 0.3 * i))
            )
    return convolved(at, shape).astype(np.float32)


def firing(rng: Rng, n: int, rate: Array, cylinders: int, uneven: float) -> Array:
    """Impulses of a four-stroke engine at `rate` cycles a second (n,): each cylinder as strong and as late as it is."""
    phase = np.cumsum(rate / RATE) + rng.uniform()
    y = np.zeros(n, np.float32)
    weakest = rng.uniform(0.3, 0.95)  # of the firings of one cylinder
    for k in range(cylinders):
        late = k / cylinders + uneven * rng.uniform(-0.5, 0.5) / cylinders
        at = np.flatnonzero(np.diff(np.floor(phase + late)))
        at = np.clip(at + rng.normal(0, 0.0004 * RATE, len(at)).astype(int), 0, n - 1)
        y[at] += rng.uniform(0.6, 1) * rng.uniform(weakest, 1, len(at))
    return y


def comb(x: Array, seconds: float, feedback: float) -> Array:
    """`x` through a pipe or duct: what comes back after `seconds`, again and again."""
    a = np.zeros(int(seconds * RATE) + 2)
    a[0], a[-1] = 1, -feedback
    return np.asarray(lfilter([1.0], a, x), np.float32)


def street(rng: Rng, x: Array) -> Array:
    """`x` with a few echoes from the walls around, duller the later they come."""
    taps = np.zeros(int(0.5 * RATE))
    taps[0] = 1
    for delay in rng.uniform(0.01, 0.45, int(rng.integers(1, 8))):
        width = int(1 + delay * rng.uniform(10, 60))
        at = int(delay * RATE)
        taps[at : at + width] += rng.choice([-1, 1]) * rng.uniform(0.05, 0.5) * np.exp(-3 * delay) / width
    return convolved(x, taps).astype(np.float32)
