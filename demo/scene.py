"""The demo's background: a park with a fountain, birds in its trees, wind, and a road behind. Every draw differs."""

from __future__ import annotations

import dsp
import numpy as np
from dsp import Wave


def fountain(rng: np.random.Generator, seconds: float) -> Wave:
    """Jets that fall on stone and water: a patter of drops, bubbles that ring and rise in pitch, and spray."""
    count = dsp.samples(seconds)
    patter, bubbles = np.zeros(count), np.zeros(count)
    for _ in range(int(240 * seconds)):
        t = dsp.times(rng.uniform(0.004, 0.016))
        drop = np.sin(2 * np.pi * rng.uniform(1200, 6500) * t * (1 + 4 * t)) * np.exp(-t * rng.uniform(300, 900))
        dsp.place(patter, drop, rng.uniform(0, seconds - 0.02), rng.lognormal(-1.6, 0.8))
    for _ in range(int(60 * seconds)):
        t = dsp.times(rng.uniform(0.006, 0.025))
        bubble = np.sin(2 * np.pi * rng.lognormal(7.3, 0.5) * t * (1 + 5 * t)) * np.exp(-t * rng.uniform(150, 500))
        dsp.place(bubbles, bubble, rng.uniform(0, seconds - 0.03), rng.lognormal(-1.2, 0.6))
    spray = dsp.unit(dsp.tilted(dsp.band(rng.standard_normal(count), 400, 7000, 1), -2, 1000))
    breath = 1 + 0.15 * dsp.wander(rng, count, 3)
    return dsp.unit(dsp.unit(patter) + 0.15 * dsp.unit(bubbles) + spray * breath)


def birds(rng: np.random.Generator, seconds: float) -> Wave:
    """Songbirds, some near, most far: short glided notes repeated in phrases."""
    out = np.zeros(dsp.samples(seconds))
    for _ in range(int(rng.integers(3, 6))):
        low, high, length = rng.uniform(2400, 3800), rng.uniform(3600, 6200), rng.uniform(0.05, 0.14)
        gap, nearness = rng.uniform(0.02, 0.06), rng.uniform(0.2, 1)
        u = np.linspace(0, 1, dsp.samples(length))
        path = [u, 1 - u, np.sin(np.pi * u), 0.5 + 0.5 * np.sin(6 * np.pi * u)][int(rng.integers(4))]
        note = dsp.harmonics(low + (high - low) * path, [1, 0.1]) * np.sin(np.pi * u) ** 0.8
        start = rng.uniform(0, 1)
        while start < seconds:
            for _ in range(int(rng.integers(2, 6))):
                dsp.place(out, note, min(start, seconds), nearness * rng.uniform(0.6, 1))
                start += length + gap
            start += rng.uniform(0.6, 2)
    return dsp.unit(dsp.echoed(out, rng, 0.9, 0.6))


def wind(rng: np.random.Generator, seconds: float) -> Wave:
    """Gusts in leaves: a rustle that follows the gust, and a dull push below it."""
    count = dsp.samples(seconds)
    gust = np.exp(0.5 * dsp.wander(rng, count, 0.8))
    leaves = dsp.unit(dsp.band(rng.standard_normal(count), 1500, 6000, 1)) * gust
    push = dsp.unit(dsp.tilted(rng.standard_normal(count), -8, 120)) * gust
    return dsp.unit(0.5 * leaves + push)


def traffic(rng: np.random.Generator, seconds: float) -> Wave:
    """A road some streets away: tyre noise that swells as cars pass, and engines under it."""
    count = dsp.samples(seconds)
    passing = np.exp(0.4 * dsp.wander(rng, count, 0.4))
    tyres = dsp.unit(dsp.band(rng.standard_normal(count), 250, 1100, 1)) * passing
    engines = dsp.unit(dsp.tilted(dsp.band(rng.standard_normal(count), 40, 9000), -6, 90))
    return dsp.unit(0.7 * tyres + engines)


def park(rng: np.random.Generator, seconds: float) -> Wave:
    """The whole scene at a root mean square of 1."""
    return dsp.unit(
        fountain(rng, seconds)
        + rng.uniform(0.2, 0.3) * birds(rng, seconds)
        + rng.uniform(0.15, 0.25) * wind(rng, seconds)
        + rng.uniform(0.6, 1.0) * traffic(rng, seconds)
    )
