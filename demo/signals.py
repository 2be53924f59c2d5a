"""The demo's sounds that are made to be heard: horns, bells, alarms.

Made from physics rather than recordings: each function draws one dry sound of `seconds`.
"""

from __future__ import annotations

import dsp
import numpy as np
from dsp import RATE, Wave


def siren(rng: np.random.Generator, seconds: float) -> Wave:
    """A patrol car's wail or yelp: a horn driver swept up and down, heard from a car that drives past."""
    t = dsp.times(seconds)
    rate = rng.choice([0.25, 0.35, 3.2])
    phase = (t * rate + rng.uniform()) % 1
    sweep = np.where(phase < 0.5, 1 - np.exp(-7 * phase), np.exp(-6 * (phase - 0.5)) - np.exp(-3.5))
    sweep = np.convolve(np.pad(np.clip(sweep, 0, 1), 80, mode="edge"), np.hanning(161) / 80, "valid")
    low, high = rng.uniform(580, 680), rng.uniform(1350, 1550)
    doppler = 1 + 0.02 * np.tanh((seconds / 2 - t) / 1.2)
    tone = dsp.harmonics((low + (high - low) * sweep) * doppler, [1, 0.7, 0.5, 0.3, 0.2, 0.12, 0.08])
    tone = dsp.resonant(tone, [(1100, 700, 1.0), (2600, 900, 0.8)], dry=0.3)
    return tone * (0.6 + 0.4 * np.exp(-(((t - seconds / 2) / (0.4 * seconds)) ** 2)))


def car_horn(rng: np.random.Generator, seconds: float) -> Wave:
    """Two trumpets a third apart, pressed two or three times; each press starts flat and buzzes."""
    spans, start = [], rng.uniform(0.3, 0.7)
    while start < seconds - 0.6:
        end = min(seconds - 0.1, start + rng.choice([0.25, 0.5, 1.1]))
        spans.append((start, end))
        start = end + rng.uniform(0.12, 0.6)
    root = rng.uniform(390, 430)
    press = dsp.gate(seconds, spans, 0.02)
    out = np.zeros(len(press))
    weights = 1 / np.arange(1, 19) ** 0.6
    for ratio in (1.0, 1.255):
        frequency = root * ratio * (0.97 + 0.03 * press) * (1 + 0.0015 * dsp.wander(rng, len(press), 40))
        out += dsp.harmonics(frequency, weights, rng.uniform(0, 6))
    return dsp.resonant(np.tanh(0.8 * out), [(1000, 800, 0.7), (2300, 700, 1.0), (3500, 900, 0.5)], dry=0.15) * press


def smoke_alarm(rng: np.random.Generator, seconds: float) -> Wave:
    """A piezo disc near 3.1 kHz in the pattern of three half-second beeps and a pause (ISO 8201)."""
    t0 = rng.uniform(0.2, 0.5)
    spans = [(t0 + 4 * k + i, t0 + 4 * k + i + 0.5) for k in range(3) for i in range(3)]
    pitch = rng.uniform(2950, 3250)
    tone = dsp.harmonics(np.full(dsp.samples(seconds), pitch), [1, 0.25])
    return np.tanh(2 * tone) * dsp.gate(seconds, spans, 0.004)


def church_bell(rng: np.random.Generator, seconds: float) -> Wave:
    """Hum, prime, minor third, fifth, nominal and what is above, each a pair that beats: no bell is quite round."""
    ratios = np.array([0.5, 1, 1.19, 1.5, 2, 2.51, 2.66, 3.01, 4.17, 5.43, 6.8, 8.2])
    strengths = np.array([0.5, 0.6, 0.9, 0.35, 1, 0.5, 0.4, 0.5, 0.35, 0.25, 0.2, 0.15]) * ratios**-0.25
    falls = 10 * ratios**-0.72
    prime = rng.uniform(430, 500)
    out = np.zeros(dsp.samples(seconds))
    start = rng.uniform(0.1, 0.3)
    while start < seconds - 0.3:
        partials = [
            (prime * ratio * (1 + sign * 0.001 * rng.uniform(0.3, 1)), strength * rng.uniform(0.6, 1.1) / 2, fall)
            for ratio, strength, fall in zip(ratios, strengths, falls, strict=True)
            for sign in (-1, 1)
        ]
        clapper = dsp.band(rng.standard_normal(480) * np.exp(-np.arange(480) / 60), 600, 6000)
        dsp.place(out, dsp.ringing(seconds, partials) + dsp.padded(2 * clapper, seconds), start)
        start += 1.66 * rng.uniform(0.97, 1.03)
    return out


def bicycle_bell(rng: np.random.Generator, seconds: float) -> Wave:
    """A thumb bell: a toothed wheel throws its clappers at a small steel dome 18 times a second."""
    out = np.zeros(dsp.samples(seconds))
    start, pitch = rng.uniform(0.2, 0.5), 1780 * rng.uniform(0.95, 1.05)
    dome = dsp.ringing(
        1.5,
        [
            (pitch * ratio * (1 + sign * 0.002), level * rng.uniform(0.7, 1.1), fall)
            for ratio, level, fall in ((1, 1, 1.5), (2.76, 1, 0.9), (5.4, 0.6, 0.45))
            for sign in (-1, 1)
        ],
    )
    while start < seconds - 0.4:
        for stroke in range(13):
            at = start + stroke / 17.7 * rng.uniform(0.97, 1.03)
            dsp.place(out, dome, min(seconds, at), rng.uniform(0.6, 1))
        start += 13 / 17.7 + rng.uniform(0.3, 0.8)
    return out


def whistle(rng: np.random.Generator, seconds: float) -> Wave:
    """A whistle with a pea: it chops the tone about 56 times a second, unsteadily, and the breath hisses past."""
    spans, start = [], rng.uniform(0.15, 0.3)
    while start < seconds - 0.3:
        end = min(seconds - 0.1, start + 0.87 * rng.choice([0.5, 1.0, 1.4]))
        spans.append((start, end))
        start = end + rng.uniform(0.2, 0.5)
    blow = dsp.gate(seconds, spans, 0.03)
    count = len(blow)
    pea = 2 * np.pi * np.cumsum(56 * rng.uniform(0.95, 1.05) * (1 + 0.29 * dsp.wander(rng, count, 8))) / RATE
    root = 2020 * rng.uniform(0.96, 1.04) * (0.71 + 0.29 * blow)
    out = np.zeros(count)
    for chamber, (ratio, level) in enumerate([(1, 1), (1.26, 0.04)]):
        pitch = root * ratio * (1 + 0.0064 * np.sin(pea) + 0.0163 * dsp.wander(rng, count, 37))
        out += level * dsp.harmonics(pitch, [1, 0.24, 0.12]) * (0.56 + 0.44 * np.sin(pea + chamber))
    return (out + 0.19 * dsp.unit(dsp.band(rng.standard_normal(count), 1500, 7000))) * blow
