"""Synthetic voices of people and animals, without words: cries, calls, bleats, meows, howls, crows, quacks, babble.

Every function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from synth_parts import RATE, Array, Rng, harmonic, log_uniform, noise, resonate, wander

Contour = Callable[[Rng, Array], Array]


def throat(rng: Rng, f0: Array, breath: float) -> Array:
    """Glottal pulses on the contour `f0` through formants that move a little, with some breath."""
    n = len(f0)
    x = harmonic(rng, f0, rng.uniform(0.6, 1.4), top=50) + breath * noise(rng, n, 0.5)
    scale = rng.uniform(0.8, 1.5)
    y = np.zeros(n, np.float32)
    for low, high, width in ((250, 950, 90), (800, 2500, 130), (2200, 3400, 180), (3200, 4500, 250)):
        y += resonate(x, scale * rng.uniform(low, high), width * rng.uniform(0.7, 2)) * rng.uniform(0.3, 1) * 4
    return y


def calls(rng: Rng, n: int, pitch: float | None = None) -> Array:
    """Voices without words: shouts, laughs, cries, children, barks, meows, moos: short contours of pitch (Hz)."""
    y = np.zeros(n, np.float32)
    pitch = log_uniform(rng, 80, 1100) if pitch is None else pitch
    length = log_uniform(rng, 0.06, 1.4)
    pause = log_uniform(rng, 0.05, 1.2)
    breath = log_uniform(rng, 0.02, 1.5)
    arch, fall, rough = rng.uniform(-0.4, 0.5), rng.uniform(-0.7, 0.5), rng.uniform(0, 0.1)
    at = int(rng.uniform(0, 0.5) * RATE)
    while at < n:
        k = min(int(length * rng.uniform(0.7, 1.4) * RATE), n - at)
        if k < 400:
            break
        t = np.linspace(0, 1, k)
        f0 = pitch * rng.uniform(0.85, 1.2) * np.exp(arch * np.sin(np.pi * t) + fall * t + rough * wander(rng, k, 40))
        call = throat(rng, np.clip(f0, 50, 3000), breath)
        shape = np.minimum(1, t / rng.uniform(0.02, 0.3)) * np.minimum(1, (1 - t) / rng.uniform(0.05, 0.6))
        y[at : at + k] += call * shape
        at += k + int(pause * rng.uniform(0.4, 1.6) * RATE)
    return y


def crowd(rng: Rng, n: int) -> Array:
    """Several callers at once: playgrounds, babble, kennels, flocks."""
    return np.sum(
        [rng.uniform(0.2, 1) * v / (v.std() + 1e-9) for v in (calls(rng, n) for _ in range(rng.integers(2, 6)))], 0
    )


def said(
    rng: Rng,
    n: int,
    pitch: float,
    length: float,
    pause: float,
    contour: Contour,
    breath: float,
    tremolo: tuple[float, float] = (0.0, 0.0),
) -> Array:
    """The same call again and again: `contour` gives the logarithm of pitch against time (0 to 1).

    `tremolo` is its rate in Hz and depth, of level and, a tenth as deep, of pitch.
    """
    y = np.zeros(n, np.float32)
    at = int(rng.uniform(0, 0.4) * RATE)
    rate, depth = tremolo
    while at < n:
        k = min(int(length * rng.uniform(0.75, 1.3) * RATE), n - at)
        if k < 600:
            break
        t = np.linspace(0, 1, k)
        shake = np.sin(2 * np.pi * rate * np.arange(k) / RATE + rng.uniform(0, 6.28))
        f0 = pitch * np.exp(contour(rng, t) + 0.1 * depth * shake + 0.02 * wander(rng, k, 30))
        shape = np.minimum(1, t / rng.uniform(0.03, 0.2)) * np.minimum(1, (1 - t) / rng.uniform(0.05, 0.5))
        y[at : at + k] += throat(rng, np.clip(f0, 60, 2600), breath) * shape * (1 - depth * (0.5 + 0.5 * shake))
        at += k + int(pause * rng.uniform(0.4, 1.6) * RATE)
    return y


def cry(rng: Rng, n: int) -> Array:
    """Babies, toddlers and sobbing people: long falling wails of 300 to 650 Hz, between them breath drawn in."""
    rise, fall = rng.uniform(0.05, 0.4), rng.uniform(0.1, 0.6)
    pitch, length = log_uniform(rng, 300, 650), log_uniform(rng, 0.4, 1.6)
    x = said(rng, n, pitch, length, log_uniform(rng, 0.1, 0.5),
             lambda r, t: rise * np.sin(np.pi * np.minimum(t * 1.5, 1)) - fall * t**2 + r.uniform(-0.08, 0.08),
             log_uniform(rng, 0.02, 0.6), (rng.uniform(5, 25), rng.uniform(0, 0.25)))  # fmt: skip
    drawn = (np.abs(x) < 1e-4) * noise(rng, n, 0.3) * x.std() * rng.uniform(0, 0.25)
    return resonate(x, rng.uniform(900, 1700), 500) * 2 + x + drawn.astype(np.float32)


def bleat(rng: Rng, n: int) -> Array:
    """Goats and sheep: a nasal call of 200 to 700 Hz that trembles 6 to 14 times a second."""
    fall = rng.uniform(-0.05, 0.3)
    return said(rng, n, log_uniform(rng, 180, 700), log_uniform(rng, 0.4, 1.5), log_uniform(rng, 0.3, 2.0),
                lambda _, t: 0.15 * np.sin(np.pi * t) - fall * t, log_uniform(rng, 0.05, 0.6),
                (rng.uniform(6, 14), rng.uniform(0.3, 0.8)))  # fmt: skip


def meow(rng: Rng, n: int) -> Array:
    """Cats: pitch rises and falls over half a second or more; several at once, longer and rougher, is a caterwaul."""
    arch = rng.uniform(0.2, 0.7)
    voices = int(rng.choice([1, 1, 1, 2, 3]))
    return np.sum([
        said(rng, n, log_uniform(rng, 300, 850), log_uniform(rng, 0.35, 2.2), log_uniform(rng, 0.3, 2.0),
             lambda _, t: arch * np.sin(np.pi * t**0.7) - 0.2 * t, log_uniform(rng, 0.02, 0.4),
             (rng.uniform(3, 12), rng.uniform(0, 0.3)))
        for _ in range(voices)
    ], axis=0)  # fmt: skip


def howl(rng: Rng, n: int) -> Array:
    """Wolves, dogs and coyotes from afar: long pure glides; also roars, where the pitch is low and breath strong."""
    roar = rng.uniform() < 0.3
    pitch = log_uniform(rng, 60, 200) if roar else log_uniform(rng, 280, 900)
    rise = rng.uniform(0.2, 0.7)
    return said(rng, n, pitch, log_uniform(rng, 1.0, 3.5), log_uniform(rng, 0.1, 1.5),
                lambda r, t: rise * np.minimum(1, t * r.uniform(3, 8)) - rise * t**3,
                rng.uniform(0.6, 2.5) if roar else log_uniform(rng, 0.01, 0.1))  # fmt: skip


def crow(rng: Rng, n: int) -> Array:
    """Roosters: two or three short notes, then a long one that falls; geese, ducks, crows: short, harsh, repeated."""
    if rng.uniform() < 0.5:
        steps = np.array([0.0, 0.25, 0.15, 0.45]) * rng.uniform(0.6, 1.4)
        edges = np.array([0.12, 0.26, 0.45]) * rng.uniform(0.8, 1.2)

        def notes(r: Rng, t: Array) -> Array:
            return steps[np.searchsorted(edges, t)] - 0.5 * np.maximum(0, t - 0.7)

        return said(rng, n, log_uniform(rng, 400, 900), rng.uniform(1.2, 2.4), log_uniform(rng, 0.5, 3), notes,
                    log_uniform(rng, 0.05, 0.5), (rng.uniform(20, 45), rng.uniform(0, 0.5)))  # fmt: skip
    return said(rng, n, log_uniform(rng, 180, 700), log_uniform(rng, 0.08, 0.4), log_uniform(rng, 0.08, 0.7),
                lambda r, t: 0.2 * np.sin(np.pi * t) - r.uniform(0, 0.3) * t, rng.uniform(0.3, 1.5),
                (rng.uniform(40, 90), rng.uniform(0.3, 0.9)))  # fmt: skip


def babble(rng: Rng, n: int) -> Array:
    """Speech without words, of men, women and children, near, through a telephone or a radio: three to seven syllables
    a second, each with formants of its own, some with a hiss before it."""
    y = np.zeros(n, np.float32)
    at, pitch = 0, log_uniform(rng, 85, 380)
    scale = 1.0 if pitch < 160 else rng.uniform(1.1, 1.5)
    while at < n:
        k = min(int(rng.uniform(0.08, 0.32) * RATE), n - at)
        if k < 600:
            break
        t = np.linspace(0, 1, k)
        f0 = pitch * np.exp(rng.uniform(-0.25, 0.25) + rng.uniform(-0.3, 0.2) * t)
        x = harmonic(rng, np.clip(f0, 60, 700), rng.uniform(0.8, 1.5), top=40)
        for low, high, width in ((280, 850, 80), (850, 2400, 120), (2300, 3200, 160)):
            y[at : at + k] += resonate(x, scale * rng.uniform(low, high), width) * np.sin(np.pi * t) ** 0.5 * 3
        if rng.uniform() < 0.4:
            h = min(int(rng.uniform(0.03, 0.12) * RATE), k)
            y[at : at + h] += rng.uniform(0.05, 0.4) * noise(rng, h, -0.5) * np.hanning(h)
        at += k + int(rng.choice([0, 0, 0, 0.05, 0.5], p=[0.3, 0.2, 0.2, 0.2, 0.1]) * RATE)
    if rng.uniform() < 0.3:  # a small loudspeaker
        y = np.tanh(3 * resonate(y, rng.uniform(900, 2000), 1500) / (y.std() + 1e-9)) + 0.05 * noise(rng, n)
    return y.astype(np.float32)
