"""Children, infants and roosters, as a microphone outdoors hears them.

Every function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

import numpy as np
from synth_parts import (
    RATE,
    Array,
    Rng,
    body,
    burst,
    even,
    firing,
    harmonic,
    log_uniform,
    noise,
    resonate,
    street,
    wander,
)
from synth_speech import spoken
from synth_voices import calls


def playground(rng: Rng, n: int) -> Array:
    """Children together, some far away: talk, shrieks, laughter, a ball, feet."""
    y = even(spoken(rng, n, young=True))
    for _ in range(int(rng.integers(0, 4))):
        y += rng.uniform(0.1, 0.8) * even(calls(rng, n, log_uniform(rng, 350, 1100)))
    if rng.uniform() < 0.4:
        feet = firing(rng, n, np.full(n, log_uniform(rng, 1, 5)), 1, 0.0)
        y += rng.uniform(0.1, 0.7) * even(body(rng, burst(rng, feet, 0.02, 1.0), 60, 900))
    return street(rng, y)


def throat(rng: Rng, f0: Array, formants: Array, rough: Array) -> Array:
    """A voice on the contour `f0` (n,) Hz: `rough` (n,) from 0 to 1 has it rattle at half its pitch."""
    n = len(f0)
    phase = np.cumsum(f0 / RATE) * 2 * np.pi
    x = harmonic(rng, f0, rng.uniform(0.4, 1.1), top=30)
    x = x * (1 - rough * (0.5 + 0.5 * np.sin(phase / 2))) + (0.02 + 0.6 * rough) * noise(rng, n, 0.3)
    return even(sum(resonate(x, f, 0.12 * f + 60) * rng.uniform(0.3, 1) for f in formants) + 0.05 * x)


def infant(rng: Rng, n: int) -> Array:
    """A baby that cries: bursts of about a second at 350 to 600 Hz, some of them rough or broken, breath between."""
    y = np.zeros(n, np.float32)
    pitch, formants = log_uniform(rng, 320, 620), rng.uniform([900, 2600, 4600], [1500, 3600, 6000])
    at, long = int(rng.uniform(0, 0.6) * RATE), log_uniform(rng, 0.35, 1.5)
    while at < n - 1600:
        k = min(int(long * rng.uniform(0.6, 1.4) * RATE), n - at)
        t = np.linspace(0, 1, k)
        arch = rng.uniform(0.05, 0.5) * np.sin(np.pi * t ** rng.uniform(0.4, 1)) - rng.uniform(0, 0.4) * t**3
        f0 = pitch * rng.uniform(0.9, 1.15) * np.exp(arch + 0.015 * wander(rng, k, 25))
        if rng.uniform() < 0.12:  # it breaks into a squeal
            f0 = np.where(t > rng.uniform(0.2, 0.8), 2.2 * f0, f0)
        rough = np.clip(wander(rng, k, 4) - rng.uniform(-0.5, 2), 0, 1)
        shape = np.minimum(1, t / rng.uniform(0.03, 0.2)) * np.minimum(1, (1 - t) / rng.uniform(0.05, 0.4))
        y[at : at + k] += throat(rng, np.clip(f0, 150, 2500), formants, rough) * shape
        at += k
        b = min(int(rng.uniform(0.08, 0.3) * RATE), n - at)
        if b > 400:
            breath = noise(rng, b, 0.2) + rng.uniform(0, 1) * harmonic(rng, np.full(b, 1.6 * pitch), 1, top=8)
            y[at : at + b] += rng.uniform(0, 0.25) * resonate(breath, formants[0], 500) * 4 * np.hanning(b)
        at += b + int(rng.exponential(0.15) * RATE)
    return y


def rooster(rng: Rng, n: int) -> Array:
    """A cock's crow: two short notes, a long high one, the last sinks and is rough; sometimes answered."""
    y = np.zeros(n, np.float32)
    for distance in (1.0, 0.3)[: 1 if rng.uniform() < 0.7 else 2]:
        pitch, formants = log_uniform(rng, 350, 650), rng.uniform([800, 1700, 2800], [1500, 2700, 4200])
        at = int(rng.uniform(0, 1.2) * RATE)
        while at < n - 4000:
            for long, height, fall in ((0.14, 0.0, 0.0), (0.2, 0.25, 0.0), (0.45, 0.4, 0.05), (0.9, 0.35, 0.5)):
                k = min(int(long * rng.uniform(0.6, 1.6) * RATE), n - at)
                if k < 400:
                    break
                t = np.linspace(0, 1, k)
                f0 = pitch * np.exp(height + rng.uniform(-0.08, 0.08) + 0.1 * np.sin(np.pi * t) - fall * t**2)
                rough = np.clip(t + rng.uniform(-0.8, 0.4), 0.1, 1) if fall > 0.1 else np.full(k, rng.uniform(0.1, 0.6))
                shape = np.minimum(1, t / 0.08) * np.minimum(1, (1 - t) / rng.uniform(0.1, 0.5))
                y[at : at + k] += distance * throat(rng, f0, formants, rough) * shape
                at += k + int(rng.uniform(0, 0.06) * RATE)
            at += int(rng.uniform(0.4, 4) * RATE)
    return street(rng, y)
