"""Sounds made from nothing: the kinds the recordings hold few of, drawn at random and widely.

They need not be realistic: the teacher says what each sounds like, and the student learns to hear the same. Every
function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from synth_machines import alarm, engine, fan, hammer, horn, rotor, saw, siren, whoosh
from synth_parts import (
    RATE,
    Array,
    Rng,
    body,
    burst,
    even,
    gate,
    harmonic,
    log_uniform,
    modes,
    noise,
    peaked,
    pulses,
    wander,
)
from synth_voices import babble, bleat, calls, crow, crowd, cry, howl, meow


def ring(rng: Rng, n: int) -> Array:
    """Bells, chimes, glass, cutlery, dishes, pans: modes struck now and then, or quickly as in a bell telephone."""
    rate = log_uniform(rng, 0.4, 3) if rng.uniform() < 0.6 else log_uniform(rng, 5, 30)
    x = pulses(rng, n, rate, rng.uniform(0, 0.3), 0.6)
    return modes(rng, x, 120, 4000, log_uniform(rng, 0.02, 1.2)) + 0.05 * burst(rng, x, 0.004)


def knocks(rng: Rng, n: int) -> Array:
    """Knocks, footsteps, hoofs, ticks, mouse clicks, chopping: short dull or bright impacts, even or not."""
    rate = log_uniform(rng, 0.6, 12)
    x = pulses(rng, n, rate, rng.choice([0.0, 0.02, 0.2]), rng.uniform(0, 0.6))
    if rng.uniform() < 0.4:  # tick and tock
        x = x + 0.7 * np.roll(x, int(RATE / rate * rng.uniform(0.1, 0.5)))
    y = body(rng, burst(rng, x, log_uniform(rng, 0.0015, 0.05), rng.uniform(-0.3, 2)), 60, 5500)
    strike = modes(rng, x, 80, 4500, log_uniform(rng, 0.003, 0.06))
    return even(y) + rng.uniform(0, 1.2) * strike / (strike.std() + 1e-9)


def shots(rng: Rng, n: int) -> Array:
    """Gun shots, explosions, fireworks, slams, thunder: a sharp burst, a boom, a tail with echoes."""
    x = np.zeros(n, np.float32)
    rate = rng.choice([1, 1, 1, 2, 3, 8])
    for at in rng.uniform(0, 0.8, rate):
        x[int(at * n)] += rng.uniform(0.5, 1)
    if rng.uniform() < 0.2:
        x = pulses(rng, n, log_uniform(rng, 4, 16), 0.01, 0.2) * gate(rng, n, rng.uniform(0.5, 3), 0.5, 0.002, 0.5)
    y = burst(rng, x, log_uniform(rng, 0.005, 0.12), rng.uniform(-0.2, 1))
    boom = body(rng, burst(rng, x, log_uniform(rng, 0.03, 0.6), rng.uniform(1, 2.5)), 40, 400)
    y = y / np.abs(y).max().clip(1e-9) + rng.uniform(0, 1) * boom / np.abs(boom).max().clip(1e-9)
    for _ in range(rng.integers(0, 4)):
        d = int(rng.uniform(0.02, 0.6) * RATE)
        y[d:] += rng.uniform(0.05, 0.5) * y[:-d]
    return np.tanh(y * rng.uniform(1, 6)).astype(np.float32)


def crackle(rng: Rng, n: int) -> Array:
    """Rain, drips, fire, frying, gravel, crumpling: many small impacts at random times over a bed of noise."""
    density = log_uniform(rng, 2, 3000)
    x = np.zeros(n, np.float32)
    count = rng.poisson(density * n / RATE)
    x[rng.integers(0, n, count)] = rng.exponential(1, count) ** rng.uniform(0.5, 2.5)
    y = burst(rng, x, log_uniform(rng, 0.0005, 0.02), rng.uniform(-1, 1.5))
    if rng.uniform() < 0.4:
        y = y + modes(rng, x, 500, 4000, log_uniform(rng, 0.002, 0.04), 3)
    y = body(rng, y, 200, 6500)
    return (even(y) + log_uniform(rng, 0.01, 1.5) * noise(rng, n)).astype(np.float32)


def wash(rng: Rng, n: int) -> Array:
    """Wind, waves, streams, traffic, hiss, breath, sweeping: noise that swells and changes colour."""
    y = noise(rng, n)
    cut = noise(rng, n, 2.0)
    level = np.exp(wander(rng, n, log_uniform(rng, 0.3, 6)) * rng.uniform(0.1, 1.2))
    mix = 1 / (1 + np.exp(-2 * wander(rng, n, log_uniform(rng, 0.3, 3))))
    return body(rng, (level * (mix * y + (1 - mix) * cut)).astype(np.float32), 80, 6000)


def chirps(rng: Rng, n: int) -> Array:
    """Birds, insects, frogs, squeaks, whistles: quick sweeps, trills, pulsed high tones."""
    low = log_uniform(rng, 700, 5500)
    length = log_uniform(rng, 0.02, 0.5)
    period = length * rng.uniform(1.05, 6)
    p = (np.arange(n) / RATE / period + rng.uniform()) % 1
    t = np.clip(p * period / length, 0, 1)
    f0 = low * np.exp(rng.uniform(-0.7, 0.7) * t + rng.uniform(-0.3, 0.3) * np.sin(np.pi * rng.integers(1, 5) * t))
    on = (p * period < length) * np.sin(np.pi * t) ** rng.uniform(0.2, 2)
    y = harmonic(rng, np.clip(f0, 200, 7500), rng.uniform(1, 3), top=4) * on
    if rng.uniform() < 0.4:
        y = y * (0.5 + 0.5 * np.sin(2 * np.pi * log_uniform(rng, 10, 120) * np.arange(n) / RATE))
    if rng.uniform() < 0.4:
        y = y * gate(rng, n, rng.uniform(0.5, 3), rng.uniform(0.3, 0.8), 0.02, 0.4)
    return y.astype(np.float32)


def music(rng: Rng, n: int) -> Array:
    """Notes on a scale, one to four voices of several timbres, sometimes drums: buskers, jingles, toys."""
    y = np.zeros(n, np.float32)
    beat = log_uniform(rng, 0.12, 0.7)
    scale = np.array([0, 2, 4, 5, 7, 9, 11]) if rng.uniform() < 0.6 else np.array([0, 3, 5, 7, 10])
    for _ in range(rng.integers(1, 5)):
        root = log_uniform(rng, 55, 700)
        slope, decay, attack = rng.uniform(0.4, 2.5), log_uniform(rng, 0.05, 1.5), log_uniform(rng, 0.002, 0.1)
        vibrato, step = rng.choice([0, 0, 0.01, 0.02]), beat * rng.choice([0.5, 1, 2, 4])
        notes = int(n / RATE / step) + 1
        degree = rng.integers(0, 14, notes)
        f = root * 2 ** ((scale[degree % len(scale)] + 12 * (degree // len(scale))) / 12)
        k = int(step * RATE)
        f0 = np.repeat(f, k)[:n]
        f0 = np.pad(f0, (0, n - len(f0)), "edge")
        f0 = np.clip(f0, 30, 5000) * (1 + vibrato * np.sin(2 * np.pi * 5.5 * np.arange(n) / RATE))
        p = (np.arange(n) % k) / RATE
        voice = harmonic(rng, f0, slope, top=20) * np.minimum(1, p / attack) * np.exp(-p / decay)
        y += rng.uniform(0.2, 1) * voice / (voice.std() + 1e-9)
    if rng.uniform() < 0.4:
        for decay, slope in ((0.04, 0.0), (0.12, 1.5), (0.02, -0.5)):
            x = pulses(rng, n, rng.choice([0.5, 1, 2]) / beat, 0.0, 0.3)
            drum = burst(rng, x, decay, slope)
            y += rng.uniform(0, 1) * drum / (drum.std() + 1e-9)
    return y


def keys(rng: Rng, n: int) -> Array:
    """Pianos, keyboards, guitars, harps: chords of struck or plucked strings, high partials dying first."""
    y = np.zeros(n, np.float32)
    beat, stiff = log_uniform(rng, 0.15, 0.9), rng.uniform(0, 4e-4)
    decay, bright = log_uniform(rng, 0.15, 2.0), rng.uniform(0.6, 1.8)
    root, scale = log_uniform(rng, 60, 500), (0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 19)
    at = int(rng.uniform(0, 0.3) * RATE)
    while at < n - 800:
        t = np.arange(min(n - at, int(3 * decay * RATE))) / RATE
        for _ in range(rng.choice([1, 1, 2, 3, 4])):
            f = root * 2 ** (scale[rng.integers(len(scale))] / 12)
            for k in range(1, 11):
                partial = k * f * np.sqrt(1 + stiff * k * k)
                if partial > 7600:
                    break
                loud = rng.uniform(0.3, 1) * k**-bright
                y[at : at + len(t)] += loud * np.sin(2 * np.pi * partial * t) * np.exp(-t * (0.6 + 0.4 * k) / decay)
        at += int(beat * rng.choice([0.5, 1, 1, 2]) * RATE)
    return y + 0.02 * burst(rng, pulses(rng, n, 1 / beat), 0.01)


def blown(rng: Rng, n: int) -> Array:
    """Flutes, trumpets, violins, organs: sustained notes with vibrato, breath or bow noise, one after the other."""
    k = int(log_uniform(rng, 0.2, 1.5) * RATE)
    steps = np.cumsum(rng.choice([-2, -1, 1, 2, 4, -3], n // k + 1))
    f = log_uniform(rng, 110, 1100) * 2 ** (np.clip(steps, -9, 9) / 12)
    f0 = np.repeat(f, k)[:n] * (1 + rng.uniform(0, 0.015) * np.sin(2 * np.pi * rng.uniform(4, 7) * np.arange(n) / RATE))
    p = (np.arange(n) % k) / k
    shape = np.minimum(1, p / rng.uniform(0.02, 0.3)) * np.minimum(1, (1 - p) / rng.uniform(0.02, 0.3))
    y = harmonic(rng, np.clip(f0, 60, 3500), rng.uniform(0.5, 2.2), odd=bool(rng.uniform() < 0.3), top=24) * shape
    return (y / (y.std() + 1e-9) + rng.uniform(0, 0.3) * noise(rng, n, 0.5) * shape).astype(np.float32)


def insects(rng: Rng, n: int) -> Array:
    """Mosquitoes, flies, bees: a thin buzz of 120 to 900 Hz that wanders in pitch and distance; and small cymbals."""
    if rng.uniform() < 0.3:  # hi-hat and shaker: short high noise in a steady beat
        x = pulses(rng, n, log_uniform(rng, 2, 9), 0.003, 0.5)
        return np.diff(burst(rng, x, log_uniform(rng, 0.015, 0.15), -0.5), n=2, prepend=[0.0, 0.0]).astype(np.float32)
    f0 = log_uniform(rng, 120, 900) * np.exp(rng.uniform(0.02, 0.15) * wander(rng, n, rng.uniform(0.5, 4)))
    near = np.exp(rng.uniform(0, 1.2) * wander(rng, n, rng.uniform(0.3, 2)))
    return (harmonic(rng, np.clip(f0, 80, 2000), rng.uniform(0.3, 1.4), top=20) * near).astype(np.float32)


KINDS: tuple[Callable[[Rng, int], Array], ...] = (
    engine, engine, saw, saw, hammer, hammer, fan, fan, horn, horn, siren, siren, alarm, ring, knocks, knocks,
    shots, crackle, crackle, wash, calls, calls, crowd, chirps, music, whoosh, rotor,
    cry, cry, bleat, meow, meow, howl, crow, babble, babble, keys, keys, blown, insects,
)  # fmt: skip


def synthesise(rng: Rng, n: int) -> Array:
    """One sound of a random kind, peak 1."""
    y = KINDS[rng.integers(len(KINDS))](rng, n)
    y = np.nan_to_num(np.asarray(y, np.float32))
    return peaked(y)
