"""Synthetic machines: engines, saws, hammers, fans, horns, sirens, alarms, things that pass and things that turn.

Every function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

import numpy as np
from synth_parts import RATE, Array, Rng, body, burst, even, gate, harmonic, log_uniform, modes, noise, pulses, wander


def engine(rng: Rng, n: int) -> Array:
    """Idling and running engines: jittered firing pulses through low resonances, with mechanical noise."""
    rate = log_uniform(rng, 9, 120) * np.exp(wander(rng, n, rng.uniform(0.3, 4)) * rng.choice([0.01, 0.03, 0.15, 0.4]))
    x = pulses(rng, n, rate, rng.uniform(0, 0.06), rng.uniform(0.05, 0.7))
    y = body(rng, burst(rng, x, log_uniform(rng, 0.002, 0.03), rng.uniform(0, 2)), 40, 1500, 4)
    y = even(y) + rng.uniform(0, 0.8) * noise(rng, n, rng.uniform(0.5, 2))
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
    y = even(y)
    rough = 1 + rng.uniform(0, 1) * np.sin(np.cumsum(2 * np.pi * f0 / RATE / rng.choice([1, 2, 4])))
    y = y * rough + rng.uniform(0.1, 2) * noise(rng, n, rng.uniform(-0.5, 1)) * (1 + 0.5 * np.tanh(wander(rng, n, 6)))
    return body(rng, y.astype(np.float32), 300, 6000)


def hammer(rng: Rng, n: int) -> Array:
    """Jackhammers, hammer drills, machine guns, typewriters: fast impacts with clang and dust."""
    rate = log_uniform(rng, 4, 45)
    on = gate(rng, n, rng.uniform(0.8, 5), rng.uniform(0.4, 1.2), 0.02, 0.3) if rng.uniform() < 0.5 else 1.0
    x = pulses(rng, n, rate, rng.uniform(0, 0.05), rng.uniform(0, 0.5)) * on
    y = burst(rng, x, log_uniform(rng, 0.003, 0.04), rng.uniform(-0.3, 1.5))
    y = even(y)
    clang = modes(rng, x, 200, 3000, log_uniform(rng, 0.005, 0.1))
    y = y + rng.uniform(0, 1) * clang / (clang.std() + 1e-9) + rng.uniform(0, 0.6) * noise(rng, n) * on
    return body(rng, y, 80, 5000)


def fan(rng: Rng, n: int) -> Array:
    """Fans, air conditioners, vents, compressors, hum: shaped noise, hum of the mains, blade tones, slow beating."""
    y = body(rng, noise(rng, n, rng.uniform(0.3, 2)), 60, 4000, 4)
    y = even(y)
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
    y = harmonic(rng, f0, rng.uniform(0.3, 3), bool(rng.integers(2)), 12) * gate(
        rng, n, period, rng.uniform(0.2, 0.8), 0.004
    )
    if rng.uniform() < 0.4:
        y = y * gate(rng, n, period * rng.integers(4, 9), rng.uniform(0.3, 0.8), 0.004)
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
    y = even(thump) + rng.uniform(0.1, 1) * bed
    if rng.uniform() < 0.4:
        whine = harmonic(rng, np.full(n, log_uniform(rng, 80, 2500)) * (1 + 0.005 * wander(rng, n, 3)), 1.0, top=8)
        y = y + rng.uniform(0.05, 0.8) * whine / (whine.std() + 1e-9)
    return y.astype(np.float32)
