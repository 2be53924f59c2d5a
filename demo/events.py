"""The demo's events, made from physics rather than recordings: each function draws one dry sound of `seconds`."""

from __future__ import annotations

from collections.abc import Callable

import dsp
import numpy as np
from dsp import RATE, Wave

Event = Callable[[np.random.Generator, float], Wave]


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


def jackhammer(rng: np.random.Generator, seconds: float) -> Wave:
    """A pneumatic drill: 20 blows a second of steel on concrete, the tool's ring and the exhaust air after each."""
    count = dsp.samples(seconds)
    blows = dsp.pulses(rng, count, rng.uniform(19, 24), 0.02, 0.15)
    body = [
        (rng.uniform(90, 130), 40.0, 7.0),
        (420, 120, 5),
        (950, 180, 5),
        (1700, 250, 4),
        (2600, 350, 3.5),
        (3900, 500, 2.5),
    ]
    clang = dsp.resonant(blows, body)
    air = dsp.band(rng.standard_normal(count), 700, 6500, 1) * np.convolve(blows, np.exp(-np.arange(500) / 160))[:count]
    work = dsp.gate(seconds, [(rng.uniform(0.1, 0.4), seconds)], 0.08)
    return (np.tanh(0.6 * clang) + 0.3 * air) * work


def telephone_ringing(rng: np.random.Generator, seconds: float) -> Wave:
    """An old set: a clapper between two brass gongs, 20 strokes a second, in rings of about 1.5 s."""
    out = np.zeros(dsp.samples(seconds))
    pitch = rng.uniform(1250, 1500)
    modes = [(1.0, 1, 1.1), (1.003, 0.5, 1.0), (2.02, 0.4, 0.7), (2.73, 0.8, 0.5), (4.1, 0.4, 0.3), (5.2, 0.3, 0.2)]
    gongs = [
        dsp.ringing(1.2, [(root * ratio, level * rng.uniform(0.7, 1.1), fall) for ratio, level, fall in modes])
        for root in (pitch, pitch * 1.12)
    ]
    rate, start = rng.uniform(19, 23), rng.uniform(0.1, 0.3)
    while start < seconds:
        for stroke in range(int(rate * 1.5)):
            dsp.place(out, gongs[stroke % 2], min(seconds, start + stroke / rate), rng.uniform(0.8, 1))
        start += 2.4
    return out


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


def dog_bark(rng: np.random.Generator, seconds: float) -> Wave:
    """A small dog: short yaps, a voice near 1 kHz that arches and breaks, breath, and a mouth that opens and shuts."""
    out = np.zeros(dsp.samples(seconds))
    start, voice_pitch = rng.uniform(0.15, 0.3), 1000 * rng.uniform(0.9, 1.05)
    while start < seconds - 0.2:
        length = rng.uniform(0.088, 0.118)
        t = dsp.times(length)
        u = t / length
        pitch = voice_pitch * rng.uniform(0.93, 1.07) * np.interp(u, [0, 0.46, 1], [0.82, 1, 0.55])
        voice = dsp.unit(dsp.harmonics(pitch * (1 + 0.003 * dsp.wander(rng, len(t), 120)), np.arange(1.0, 8) ** -0.79))
        throat = np.tanh(0.37 * (voice + 0.28 * rng.standard_normal(len(t))))
        mouth = dsp.resonant(throat, [(555, 390, 1), (1070, 600, 1.5), (2220, 900, 0.16)], dry=0.2)
        yap = mouth * np.clip(u / 0.23, 0, 1) * np.clip((1 - u) / 0.2, 0, 1)
        dsp.place(out, yap / np.abs(yap).max(), start, rng.uniform(0.75, 1))
        start += length + rng.choice([0.28, 0.5, 0.8]) * rng.uniform(0.9, 1.1)
    return out


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


def whistle(rng: np.random.Generator, seconds: float) -> Wave:
    """A referee's whistle: two chambers a third apart, chopped by the pea about 42 times a second."""
    spans, start = [], rng.uniform(0.15, 0.3)
    while start < seconds - 0.3:
        end = min(seconds - 0.1, start + rng.choice([0.35, 0.9, 1.3]))
        spans.append((start, end))
        start = end + rng.uniform(0.2, 0.5)
    blow = dsp.gate(seconds, spans, 0.015)
    count = len(blow)
    pea = 2 * np.pi * np.cumsum(42 * rng.uniform(0.95, 1.05) * (1 + 0.056 * dsp.wander(rng, count, 8))) / RATE
    root = 2710 * rng.uniform(0.96, 1.04) * (0.98 + 0.02 * blow)
    out = np.zeros(count)
    for chamber, ratio in enumerate((1, 1.2)):
        pitch = root * ratio * (1 + 0.0035 * np.sin(pea) + 0.019 * dsp.wander(rng, count, 30))
        out += dsp.harmonics(pitch, [1, 0.09, 0.05]) * (0.62 + 0.38 * np.sin(pea + chamber))
    return (out + 0.025 * dsp.unit(dsp.band(rng.standard_normal(count), 1500, 7000))) * blow


def helicopter(rng: np.random.Generator, seconds: float) -> Wave:
    """Blade slap: dark noise swelling 22 times a second, and the turbine's faint whine."""
    count = dsp.samples(seconds)
    train = dsp.pulses(rng, count, 22.2 * rng.uniform(0.95, 1.05), 0.005, 0.1)
    swell = np.convolve(train, np.exp(-np.arange(2400) / (0.018 * RATE)))[:count]
    slap = rng.standard_normal(count) * (0.38 + 0.62 * swell / np.mean(swell))
    low = dsp.unit(dsp.resonant(train, [(60, 30, 1), (110, 50, 0.8), (190, 90, 0.6)]))
    turbine = dsp.harmonics(1430 * (1 + 0.002 * dsp.wander(rng, count, 5)), [1, 0.3])
    floor = dsp.unit(dsp.tilted(rng.standard_normal(count), -7, 463))
    mixed = dsp.unit(dsp.tilted(slap, -7, 463)) + 0.12 * low + 0.13 * floor + 0.008 * turbine
    return dsp.band(mixed, 47, 8000, 1)


EVENTS: dict[str, Event] = {
    event.__name__: event
    for event in (
        siren,
        car_horn,
        smoke_alarm,
        church_bell,
        engine_idling,
        rain,
        dog_bark,
        jackhammer,
        gun_shot,
        whistle,
        telephone_ringing,
        helicopter,
    )
}
