"""Sounds made from nothing: the kinds the recordings hold few of, drawn at random and widely.

They need not be realistic: the teacher says what each sounds like, and the student learns to hear the same. Every
function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

RATE = 16_000
Array = np.ndarray
Rng = np.random.Generator


def log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def noise(rng: Rng, n: int, slope: float | None = None) -> Array:
    """Noise whose power falls with frequency as 1/f^slope (0 white, 1 pink, 2 brown)."""
    slope = rng.uniform(-0.5, 2.2) if slope is None else slope
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** (-slope / 2)
    y = np.fft.irfft(spectrum, n)
    return (y / (y.std() + 1e-9)).astype(np.float32)


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
    size = 1 << int(len(at) + k - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(at, size) * np.fft.rfft(shape, size), size)[: len(at)].astype(np.float32)


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
            shape += rng.uniform(0.1, 1) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6.28)) * np.exp(-t / decay * (1 + 0.3 * i))
    size = 1 << int(len(at) + k - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(at, size) * np.fft.rfft(shape, size), size)[: len(at)].astype(np.float32)


def engine(rng: Rng, n: int) -> Array:
    """Idling and running engines: jittered firing pulses through low resonances, with mechanical noise."""
    rate = log_uniform(rng, 9, 120) * np.exp(wander(rng, n, rng.uniform(0.3, 4)) * rng.choice([0.01, 0.03, 0.15, 0.4]))
    x = pulses(rng, n, rate, rng.uniform(0, 0.06), rng.uniform(0.05, 0.7))
    y = body(rng, burst(rng, x, log_uniform(rng, 0.002, 0.03), rng.uniform(0, 2)), 40, 1500, 4)
    y = y / (y.std() + 1e-9) + rng.uniform(0, 0.8) * noise(rng, n, rng.uniform(0.5, 2))
    if rng.uniform() < 0.4:  # the same rhythm on the noise: diesel knock, valves
        y += rng.uniform(0.2, 1) * body(rng, burst(rng, x, 0.004, 0.0), 1200, 6000, 2)
    return y.astype(np.float32)


def saw(rng: Rng, n: int) -> Array:
    """Chainsaws, drills, saws, trimmers: a buzzing tone that bogs down and revs up, plus broadband grind."""
    f = log_uniform(rng, 60, 700)
    load = np.repeat(rng.uniform(0.6, 1.5, 40), n // 40 + 1)[:n] if rng.uniform() < 0.5 else np.ones(n)
    k = int(rng.uniform(0.05, 0.4) * RATE)
    load = np.convolve(load, np.ones(k) / k, "same") if k < n else load
    f0 = np.clip(f * load * np.exp(0.03 * wander(rng, n, 8)), 30, 3000)
    y = harmonic(rng, f0, rng.uniform(0.1, 1.2), top=60)
    y = y / (y.std() + 1e-9)
    rough = 1 + rng.uniform(0, 1) * np.sin(np.cumsum(2 * np.pi * f0 / RATE / rng.choice([1, 2, 4])))
    y = y * rough + rng.uniform(0.1, 2) * noise(rng, n, rng.uniform(-0.5, 1)) * (1 + 0.5 * np.tanh(wander(rng, n, 6)))
    return body(rng, y.astype(np.float32), 300, 6000)


def hammer(rng: Rng, n: int) -> Array:
    """Jackhammers, hammer drills, machine guns, typewriters: fast impacts with clang and dust."""
    rate = log_uniform(rng, 4, 45)
    on = gate(rng, n, rng.uniform(0.8, 5), rng.uniform(0.4, 1.2), 0.02, 0.3) if rng.uniform() < 0.5 else 1.0
    x = pulses(rng, n, rate, rng.uniform(0, 0.05), rng.uniform(0, 0.5)) * on
    y = burst(rng, x, log_uniform(rng, 0.003, 0.04), rng.uniform(-0.3, 1.5))
    y = y / (y.std() + 1e-9)
    clang = modes(rng, x, 200, 3000, log_uniform(rng, 0.005, 0.1))
    y = y + rng.uniform(0, 1) * clang / (clang.std() + 1e-9) + rng.uniform(0, 0.6) * noise(rng, n) * on
    return body(rng, y, 80, 5000)


def fan(rng: Rng, n: int) -> Array:
    """Fans, air conditioners, vents, compressors, hum: shaped noise, hum of the mains, blade tones, slow beating."""
    y = body(rng, noise(rng, n, rng.uniform(0.3, 2)), 60, 4000, 4)
    y = y / (y.std() + 1e-9)
    mains = rng.choice([50.0, 60.0, 100.0, 120.0, log_uniform(rng, 25, 400)])
    hum = harmonic(rng, np.full(n, mains) * (1 + 0.003 * wander(rng, n, 1)), rng.uniform(0.3, 2), top=30)
    y += log_uniform(rng, 0.02, 1.5) * hum / (hum.std() + 1e-9)
    if rng.uniform() < 0.5:
        t = np.arange(n) / RATE
        y *= 1 + rng.uniform(0, 0.6) * np.sin(2 * np.pi * log_uniform(rng, 0.3, 30) * t)
    if rng.uniform() < 0.3:
        x = pulses(rng, n, log_uniform(rng, 1, 25), 0.05)
        rattle = modes(rng, x, 150, 2500, 0.02)
        y += rng.uniform(0, 0.6) * rattle / (rattle.std() + 1e-9)
    return y.astype(np.float32)


def horn(rng: Rng, n: int) -> Array:
    """Car, truck, train and ship horns: one to four steady rich tones, abruptly on and off."""
    base = log_uniform(rng, 90, 650)
    tones = rng.choice([1, 2, 2, 2, 3, 4])
    y = np.zeros(n, np.float32)
    for _ in range(tones):
        f = np.full(n, base) * (1 + 0.004 * wander(rng, n, 6))
        y += harmonic(rng, f, rng.uniform(0.0, 1.3), top=50)
        base *= rng.choice([1.189, 1.26, 1.26, 1.335, 1.5, rng.uniform(1.02, 1.6)])
    y = body(rng, y, 400, 4000)
    if rng.uniform() < 0.7:
        y = y * gate(rng, n, log_uniform(rng, 0.25, 4), rng.uniform(0.3, 0.9), rng.uniform(0.005, 0.06), 0.4)
    return y


def siren(rng: Rng, n: int) -> Array:
    """Sirens: wail, yelp, hi-lo, piercer, air-raid; harmonics from a horn loudspeaker."""
    t = np.arange(n) / RATE + rng.uniform(0, 10)
    low = log_uniform(rng, 250, 1200)
    high = low * rng.uniform(1.15, 3.2)
    rate = log_uniform(rng, 0.08, 9)
    kind = rng.integers(4)
    p = (t * rate) % 1
    if kind == 0:
        c = 0.5 - 0.5 * np.cos(2 * np.pi * p)
    elif kind == 1:
        peak = rng.uniform(0.05, 0.95)
        c = np.where(p < peak, p / peak, (1 - p) / (1 - peak))
    elif kind == 2:
        c = (p < 0.5).astype(float)
    else:
        c = 1 - np.exp(-4 * p) if rng.uniform() < 0.5 else p
    k = max(1, int(rng.uniform(0.002, 0.03) * RATE))
    f0 = np.convolve(low * (high / low) ** c, np.ones(k) / k, "same")
    f0[: k + 1], f0[-k - 1 :] = f0[k + 1], f0[-k - 2]
    y = harmonic(rng, f0 * rng.uniform(0.94, 1.06), rng.uniform(0.3, 2.2), bool(rng.integers(2)), 16)
    return body(rng, y, 500, 4000)


def alarm(rng: Rng, n: int) -> Array:
    """Beeps, buzzers, smoke alarms, phones, reversing lorries: tones in regular patterns."""
    f = log_uniform(rng, 350, 4500)
    period = log_uniform(rng, 0.06, 1.6)
    f0 = np.full(n, f)
    if rng.uniform() < 0.4:
        f0 = np.where((np.arange(n) / RATE / period) % 1 < 0.5, f, min(f * rng.uniform(1.05, 1.6), 7000))
    y = harmonic(rng, f0, rng.uniform(0.3, 3), bool(rng.integers(2)), 12) * gate(rng, n, period, rng.uniform(0.2, 0.8), 0.004)
    if rng.uniform() < 0.4:
        y = y * gate(rng, n, period * rng.integers(4, 9), rng.uniform(0.3, 0.8), 0.004)
    return y


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
    return y / (y.std() + 1e-9) + rng.uniform(0, 1.2) * strike / (strike.std() + 1e-9)


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
    return (y / (y.std() + 1e-9) + log_uniform(rng, 0.01, 1.5) * noise(rng, n)).astype(np.float32)


def wash(rng: Rng, n: int) -> Array:
    """Wind, waves, streams, traffic, hiss, breath, sweeping: noise that swells and changes colour."""
    y = noise(rng, n)
    cut = noise(rng, n, 2.0)
    level = np.exp(wander(rng, n, log_uniform(rng, 0.3, 6)) * rng.uniform(0.1, 1.2))
    mix = 1 / (1 + np.exp(-2 * wander(rng, n, log_uniform(rng, 0.3, 3))))
    return body(rng, (level * (mix * y + (1 - mix) * cut)).astype(np.float32), 80, 6000)


def throat(rng: Rng, f0: Array, breath: float) -> Array:
    """Glottal pulses on the contour `f0` through formants that move a little, with some breath."""
    n = len(f0)
    x = harmonic(rng, f0, rng.uniform(0.6, 1.4), top=50) + breath * noise(rng, n, 0.5)
    scale = rng.uniform(0.8, 1.5)
    y = np.zeros(n, np.float32)
    for low, high, width in ((250, 950, 90), (800, 2500, 130), (2200, 3400, 180), (3200, 4500, 250)):
        y += resonate(x, scale * rng.uniform(low, high), width * rng.uniform(0.7, 2)) * rng.uniform(0.3, 1) * 4
    return y


def calls(rng: Rng, n: int) -> Array:
    """Voices without words: shouts, laughs, cries, children, barks, meows, crows, moos: short contours of pitch."""
    y = np.zeros(n, np.float32)
    pitch = log_uniform(rng, 80, 1100)
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
    return np.sum([rng.uniform(0.2, 1) * v / (v.std() + 1e-9) for v in (calls(rng, n) for _ in range(rng.integers(2, 6)))], 0)


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


def whoosh(rng: Rng, n: int) -> Array:
    """Passing vehicles, jets, swishes, sprays, sneezes: a swell of coloured noise, with a falling tone or not."""
    t = np.arange(n) / RATE
    centre, width = rng.uniform(0, n / RATE), log_uniform(rng, 0.05, 2)
    shape = 1 / (1 + ((t - centre) / width) ** 2) ** rng.uniform(0.7, 3)
    y = body(rng, noise(rng, n), 100, 5000) * shape
    y = y / (y.std() + 1e-9)
    if rng.uniform() < 0.5:
        doppler = 1 - rng.uniform(0, 0.2) * np.tanh((t - centre) / width)
        tone = harmonic(rng, log_uniform(rng, 40, 900) * doppler, rng.uniform(0.2, 2)) * shape
        y = y + rng.uniform(0, 2) * tone / (tone.std() + 1e-9)
    return y.astype(np.float32)


def rotor(rng: Rng, n: int) -> Array:
    """Helicopters, propellers, washing machines, trains on rails: noise and thumps in a slow regular beat."""
    rate = log_uniform(rng, 3, 40)
    x = pulses(rng, n, rate, rng.uniform(0, 0.02), 0.15)
    thump = body(rng, burst(rng, x, log_uniform(rng, 0.008, 0.05), rng.uniform(0.5, 2.2)), 40, 900)
    t = np.arange(n) / RATE
    bed = noise(rng, n, rng.uniform(0.3, 2)) * (1 + rng.uniform(0, 1) * np.sin(2 * np.pi * rate * t))
    y = thump / (thump.std() + 1e-9) + rng.uniform(0.1, 1) * bed
    if rng.uniform() < 0.4:
        whine = harmonic(rng, np.full(n, log_uniform(rng, 80, 2500)) * (1 + 0.005 * wander(rng, n, 3)), 1.0, top=8)
        y = y + rng.uniform(0.05, 0.8) * whine / (whine.std() + 1e-9)
    return y.astype(np.float32)


KINDS: tuple[Callable[[Rng, int], Array], ...] = (
    engine, engine, saw, saw, hammer, hammer, fan, fan, horn, horn, siren, siren, alarm, ring, knocks, knocks,
    shots, crackle, crackle, wash, calls, calls, calls, crowd, chirps, music, whoosh, rotor,
)  # fmt: skip


def synthesise(rng: Rng, n: int) -> Array:
    """One sound of a random kind, peak 1."""
    y = KINDS[rng.integers(len(KINDS))](rng, n)
    y = np.nan_to_num(np.asarray(y, np.float32))
    return y / max(float(np.abs(y).max()), 1e-6)
