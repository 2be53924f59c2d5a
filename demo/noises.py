"""The demo's sounds that machines, weather and animals make.

Made from physics rather than recordings: each function draws one dry sound of `seconds`.
"""

from __future__ import annotations

import dsp
import numpy as np
from dsp import RATE, Wave


def engine_idling(rng: np.random.Generator, seconds: float) -> Wave:
    """A diesel turning over slowly: uneven firings, each a burst of noise through exhaust, block and valve gear."""
    count = dsp.samples(seconds)
    train = dsp.pulses(rng, count, 14.9 * rng.uniform(0.95, 1.05), 0.06, 0.18)
    envelope = np.convolve(np.abs(train), np.exp(-np.arange(1280) / (0.012 * RATE)))[:count]
    modes = [
        (1.07 * f, 0.185 * f, 10 ** (-1.76 * np.log2(f / 80) / 20))
        for f in (80, 135, 230, 390, 640, 1050, 1700, 2700, 4200)
    ]
    bursts = dsp.unit(dsp.resonant(rng.standard_normal(count) * envelope, modes))
    knocks = dsp.unit(dsp.resonant(train, modes))
    rumble = dsp.unit(dsp.tilted(rng.standard_normal(count), -4.9))
    mixed = dsp.band(bursts + 0.31 * knocks + 0.85 * rumble, 130, 8500, 1)
    return mixed * (1 + 0.08 * dsp.wander(rng, count, 1.5))


def gun_shot(rng: np.random.Generator, seconds: float) -> Wave:
    """A muzzle blast (Friedlander's pulse), debris, a thump, and what the surroundings answer."""
    out = np.zeros(dsp.samples(seconds))
    start = rng.uniform(0.2, 0.5)
    while start < seconds - 0.4:
        t = dsp.times(1.5)
        blast = (1 - t / 0.00215) * np.exp(-t / 0.00215)
        debris = rng.standard_normal(len(t)) * np.exp(-t / 0.05)
        thump = dsp.band(rng.standard_normal(len(t)), 40, 800)
        answer = (
            dsp.unit(dsp.band(rng.standard_normal(len(t)), 212, 948, 1)) * np.exp(-t / 0.1) * np.clip(t / 0.03, 0, 1)
        )
        shot = blast + debris / np.abs(debris).max() + 0.63 * thump / np.abs(thump).max() * np.exp(-t / 0.16)
        dsp.place(out, np.tanh(5 * shot) + 0.07 * answer, start)
        start += rng.uniform(0.8, 1.2)
    return out


def rain(rng: np.random.Generator, seconds: float) -> Wave:
    """Thousands of drops: short bubbly chirps near, hiss afar."""
    count = dsp.samples(seconds)
    out = np.zeros(count)
    for _ in range(int(260 * seconds)):
        size = rng.integers(60, 260)
        t = np.arange(size) / RATE
        pitch = rng.uniform(1200, 6500)
        drop = np.sin(2 * np.pi * pitch * t * (1 + 4 * t)) * np.exp(-t * rng.uniform(300, 900))
        dsp.place(out, drop, rng.uniform(0, seconds - 0.02), rng.lognormal(-1.6, 0.8))
    hiss = dsp.tilted(dsp.band(rng.standard_normal(count), 400, 9000, 1), -1.5, 1000)
    return out + 0.16 * hiss / dsp.rms(hiss) * (1 + 0.08 * dsp.wander(rng, count, 2))


def dog_bark(rng: np.random.Generator, seconds: float) -> Wave:
    """A dog yapping: a rough voice near 860 Hz with its octave below, arched, some breath, and a short throat."""
    out = np.zeros(dsp.samples(seconds))
    start, voice_pitch = rng.uniform(0.15, 0.3), rng.uniform(820, 900)
    slope = np.arange(1.0, 24) ** -1.0
    while start < seconds - 0.2:
        length = 0.126 * rng.uniform(0.85, 1.15)
        t = dsp.times(length)
        u = t / length
        pitch = voice_pitch * rng.uniform(0.93, 1.07) * np.interp(u, [0, 0.4, 1], [0.58, 1, 0.9])
        pitch = pitch * (1 + 0.004 * dsp.wander(rng, len(t), 120))
        voice = dsp.unit(dsp.harmonics(pitch, slope) + 0.7 * dsp.harmonics(pitch / 2, slope))
        throat = np.tanh(1.07 * (voice + 0.2 * rng.standard_normal(len(t))))
        mouth = dsp.resonant(throat, [(1105, 166, 1), (2125, 255, 1.24), (4420, 380, 1.15)], dry=0.5)
        bark = mouth * np.clip(u / 0.27, 0, 1) * np.clip((1 - u) / 0.73, 0, 1) ** 0.9
        dsp.place(out, bark / np.abs(bark).max(), start, rng.uniform(0.75, 1))
        start += length + 0.213 * rng.choice([0.5, 1.0, 1.6]) * rng.uniform(0.9, 1.1)
    return out


def crow(rng: np.random.Generator, seconds: float) -> Wave:
    """Caws: a bright reedy voice near 540 Hz, much breath, and a beak that resonates above 1.5 kHz."""
    out = np.zeros(dsp.samples(seconds))
    start, base = rng.uniform(0.15, 0.3), rng.uniform(510, 560)
    while start < seconds - 0.4:
        length = 0.337 * rng.uniform(0.85, 1.15)
        t = dsp.times(length)
        u = t / length
        pitch = base * rng.uniform(0.97, 1.03) * np.interp(u, [0, 0.3, 1], [0.85, 1, 0.91])
        pitch = pitch * (1 + 0.007 * dsp.wander(rng, len(t), 150))
        voice = dsp.unit(dsp.harmonics(pitch, np.ones(13)) + 0.09 * dsp.harmonics(pitch / 2, np.ones(19)))
        throat = np.tanh(1.25 * (voice + 0.72 * rng.standard_normal(len(t))))
        beak = dsp.resonant(throat, [(1680, 300, 1), (2660, 400, 1), (4760, 700, 0.5)], dry=0.1)
        caw = beak * np.clip(u / 0.12, 0, 1) * np.clip((1 - u) / 0.3, 0, 1)
        dsp.place(out, caw / np.abs(caw).max(), start, rng.uniform(0.8, 1))
        start += length + 0.242 * rng.uniform(0.8, 1.6)
    return out
