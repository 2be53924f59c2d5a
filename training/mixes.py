"""Training clips: recordings and synthetic sounds, changed and mixed at random.

A clip is a function of (seed, number) alone, so any process may make any part of the bank.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr
from synth import synthesise
from synth_parts import RATE, Array, Rng, convolved, log_uniform, noise, peaked

from atmda.core.encoders.compact.frontend import FRAMES, HOP, WINDOW

#: patches a clip, without overlap, and the samples they need
PATCHES = 4
SAMPLES = (PATCHES * FRAMES - 1) * HOP + WINDOW


class Recordings:
    """All training recordings in one array, drawn with a weight that grows with length up to 12 s."""

    def __init__(self, samples: Array, offsets: Array, ambience: Array) -> None:
        self.samples, self.offsets, self.ambience = samples, offsets, ambience
        weight = np.clip(np.diff(offsets) / RATE, 1.5, 12.0)
        self.weight = weight / weight.sum()

    def draw(self, rng: Rng, n: int) -> Array:
        """A stretch of at most `n` samples of a random recording, peak 1."""
        i = rng.choice(len(self.weight), p=self.weight)
        a, b = int(self.offsets[i]), int(self.offsets[i + 1])
        start = a + int(rng.uniform() * max(0, b - a - n))
        x = np.array(self.samples[start : min(b, start + n)], np.float32)
        return x / max(float(np.abs(x).max()), 1e-4)


def place(rng: Rng, x: Array, n: int) -> Array:
    """`x` at a random place in `n` samples: once, or again and again."""
    if len(x) >= n:
        return x[:n]
    if rng.uniform() < 0.5:
        gap = int(rng.choice([0.0, rng.uniform(0, 1.5)]) * RATE)
        unit = np.concatenate([x, np.zeros(gap, np.float32)])
        return np.resize(np.roll(unit, int(rng.integers(len(unit)))), n)
    y = np.zeros(n, np.float32)
    at = int(rng.integers(0, n - len(x) + 1))
    y[at : at + len(x)] = x
    return y


def equalise(rng: Rng, x: Array) -> Array:
    """A random smooth response, and often the band limits of small devices."""
    spectrum = np.fft.rfft(x)
    f = np.linspace(0, RATE / 2, len(spectrum))
    gain = np.interp(np.log(f + 30), np.linspace(np.log(30), np.log(8030), 8), rng.normal(0, rng.uniform(1, 7), 8))
    if rng.uniform() < 0.4:
        edge = log_uniform(rng, 1200, 7800)
        gain = gain - 12 * rng.uniform(1, 6) * np.maximum(0, np.log2(np.maximum(f, 1) / edge))
    if rng.uniform() < 0.3:
        edge = log_uniform(rng, 60, 800)
        gain = gain - 12 * rng.uniform(0.5, 3) * np.maximum(0, np.log2(edge / np.maximum(f, 1)))
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(x)).astype(np.float32)


def room(rng: Rng, x: Array) -> Array:
    """A synthetic room: exponentially decaying coloured noise after a direct sound."""
    decay = log_uniform(rng, 0.03, 0.5)
    k = int(min(decay * 5, 1.2) * RATE)
    tail = noise(rng, k, rng.uniform(0, 1.5)) * np.exp(-np.arange(k) / RATE / decay)
    tail *= log_uniform(rng, 0.05, 1.0) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return convolved(x, tail).astype(np.float32)


def speed(rng: Rng, x: Array) -> Array:
    """Faster and higher, or slower and lower, by up to 1.6."""
    factor = log_uniform(rng, 1 / 1.6, 1.6)
    return soxr.resample(x, RATE, RATE / factor, quality="LQ").astype(np.float32)


def source(rng: Rng, recordings: Recordings) -> Array:
    """One sound of `SAMPLES` samples, peak about 1: a recording two times in three, else synthetic."""
    if rng.uniform() < 0.66:
        x = recordings.draw(rng, int(SAMPLES * 1.6))
        if rng.uniform() < 0.45 and len(x) > 400:
            x = speed(rng, x)
        if rng.uniform() < 0.06:
            x = x[::-1].copy()
        y = place(rng, x, SAMPLES)
    else:
        y = synthesise(rng, SAMPLES)
        if rng.uniform() < 0.25:  # comes, goes, or both
            y = y * np.interp(np.arange(SAMPLES), np.linspace(0, SAMPLES, 5), rng.uniform(0, 1, 5)).astype(np.float32)
    return somewhere(rng, y)


def somewhere(rng: Rng, y: Array) -> Array:
    """`y` through a device, in a room: each or none."""
    if rng.uniform() < 0.45:
        y = equalise(rng, y)
    if rng.uniform() < 0.25:
        y = room(rng, y)
    return y


def clip(seed: int, number: int, draw: Callable[[Rng], Array]) -> Array:
    """Training clip `number`: one to three sources, sometimes noise and clipping, at a random level; (SAMPLES,)."""
    rng = np.random.default_rng([seed, number])
    y = draw(rng)
    power = np.sqrt((y**2).mean()) + 1e-6
    for _ in range(rng.choice([0, 1, 2], p=[0.45, 0.42, 0.13])):
        other = draw(rng)
        y = y + other * (power / (np.sqrt((other**2).mean()) + 1e-6)) * 10 ** (-rng.uniform(-8, 22) / 20)
    if rng.uniform() < 0.25:
        y = y + noise(rng, SAMPLES) * power * 10 ** (-rng.uniform(5, 45) / 20)
    y = peaked(y)
    if rng.uniform() < 0.12:
        y = np.tanh(y * log_uniform(rng, 1.5, 12))
    return (y * 10 ** (-abs(rng.normal(0, 13)) / 20)).astype(np.float32)
