"""Sounds of streets and yards, each made as the thing itself makes it: engines that idle, horns, traffic, air
conditioners, helicopters, downpours, clocks, and the beings of `synth_beings`.

`synth_machines` and `synth_voices` draw such sounds widely; these keep closer to what a microphone outdoors hears.
Every function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from synth_beings import infant, playground, rooster
from synth_parts import (
    RATE,
    Array,
    Rng,
    body,
    burst,
    comb,
    convolved,
    even,
    firing,
    gate,
    harmonic,
    log_uniform,
    modes,
    noise,
    resonate,
    street,
    wander,
)


def idling(rng: Rng, n: int) -> Array:
    """Cars, vans, lorries, buses and motorcycles with the engine running: petrol or diesel, from behind or in front."""
    cylinders = int(rng.choice([1, 2, 2, 3, 4, 4, 4, 6, 8]))
    rate = log_uniform(rng, 450, 1300) / 120 * np.exp(0.02 * wander(rng, n, rng.uniform(1, 6)))
    if rng.uniform() < 0.25:  # somebody touches the throttle
        rate = rate * np.exp(rng.uniform(0.3, 1.2) * np.clip(wander(rng, n, rng.uniform(0.5, 2)), 0, 1.5))
    x = firing(rng, n, rate, cylinders, rng.choice([0.02, 0.1, 0.6]))
    k = int(log_uniform(rng, 0.002, 0.009) * RATE)
    exhaust = comb(convolved(x, np.hanning(k + 2)), rng.uniform(0.003, 0.014), rng.uniform(-0.8, 0.6))
    y = even(body(rng, exhaust, 40, 400, 4))
    beat = np.convolve(x, np.hanning(4 * k + 2), "same")
    hiss = body(rng, noise(rng, n, rng.uniform(0.2, 1.5)), 200, 5000, 2) * (1 + 2 * beat)
    y += log_uniform(rng, 0.2, 2.0) * even(hiss)
    if rng.uniform() < 0.5:
        y += log_uniform(rng, 0.1, 1.2) * even(body(rng, burst(rng, x, log_uniform(rng, 0.002, 0.008), 0.0), 900, 4000))
    if rng.uniform() < 0.5:
        valves = firing(rng, n, rate, 2 * cylinders, 0.5)
        y += log_uniform(rng, 0.03, 0.5) * even(modes(rng, valves, 900, 4500, 0.002))
    if rng.uniform() < 0.4:
        y += log_uniform(rng, 0.01, 0.2) * even(harmonic(rng, rate * rng.uniform(25, 160), 1.5, top=4))
    return y


def honk(rng: Rng, n: int) -> Array:
    """A car's two discs, a lorry's or bus's trumpets, a scooter's beep: short, long, in anger, answered by walls."""
    kind = rng.uniform()
    if kind < 0.65:
        first = rng.uniform(310, 480)
        tones = [first, first * rng.uniform(1.17, 1.29)][: 1 if rng.uniform() < 0.25 else 2]
    elif kind < 0.85:
        first = log_uniform(rng, 100, 320)
        tones = [first * r for r in (1, rng.uniform(1.15, 1.35), rng.uniform(1.4, 1.7))][: int(rng.integers(1, 4))]
    else:
        tones = [log_uniform(rng, 350, 900)]
    passing = rng.uniform(0.9, 1.1) ** np.tanh(np.linspace(-2, 2, n)) if rng.uniform() < 0.3 else np.ones(n)
    on = np.zeros(n, np.float32)
    at = rng.uniform(0, 1.2)
    long, pause = log_uniform(rng, 0.07, 2.2), log_uniform(rng, 0.06, 0.9)
    for _ in range(int(rng.choice([1, 1, 2, 2, 3, 5]))):
        end = at + long * rng.uniform(0.6, 1.5)
        on[int(at * RATE) : int(end * RATE)] = rng.uniform(0.8, 1)
        at = end + pause * rng.uniform(0.6, 1.6)
    k = int(rng.uniform(0.004, 0.03) * RATE)
    on = np.convolve(on, np.ones(k) / k, "same")
    y = np.zeros(n, np.float32)
    for tone in tones:
        sag = 1 - 0.02 * (1 - on)
        y += rng.uniform(0.5, 1) * harmonic(rng, tone * passing * sag, rng.uniform(0, 0.8), top=40)
    y = y * on
    y = y * rng.uniform(0.1, 1) + 4 * resonate(y, rng.uniform(1500, 3600), rng.uniform(300, 1500))
    return street(rng, np.tanh(even(y) * log_uniform(rng, 0.3, 3)))


def traffic(rng: Rng, n: int) -> Array:
    """A road: vehicles that pass, tyres more than engines, over the wash of those far away."""
    t = np.arange(n) / RATE
    y = log_uniform(rng, 0.05, 1) * body(rng, noise(rng, n, rng.uniform(0.8, 2)), 60, 1200, 3)
    for _ in range(int(rng.integers(1, 5))):
        centre, width = rng.uniform(-1, n / RATE + 1), log_uniform(rng, 0.25, 2.5)
        near = (1 + ((t - centre) / width) ** 2) ** -rng.uniform(0.5, 1.2)
        tyres = even(body(rng, noise(rng, n, rng.uniform(0, 1.2)), 300, 2500, 3))
        doppler = np.exp(-rng.uniform(0, 0.12) * np.tanh((t - centre) / width))
        rate = log_uniform(rng, 1000, 3500) / 120 * doppler
        motor = even(body(rng, firing(rng, n, rate, int(rng.choice([2, 4, 4, 6])), 0.1), 50, 700, 3))
        y += rng.uniform(0.3, 1) * near * (tyres + log_uniform(rng, 0.05, 1.5) * motor)
    return y.astype(np.float32)


def cooler(rng: Rng, n: int) -> Array:
    """Air conditioners, extractors, refrigerators: air in a duct, blades, a compressor that beats with the mains."""
    air = comb(noise(rng, n, rng.uniform(0.5, 1.8)), rng.uniform(0.0008, 0.008), rng.uniform(-0.4, 0.4))
    y = even(body(rng, air, 80, 3000, 3) + 0.3 * even(air))
    turns = np.exp(0.004 * wander(rng, n, 1))
    blades = log_uniform(rng, 20, 260)
    y += log_uniform(rng, 0.01, 0.15) * even(harmonic(rng, blades * turns, rng.uniform(0.8, 2.5), top=12))
    if rng.uniform() < 0.7:
        mains = float(rng.choice([24.5, 29.2, 48.8, 58.4, 100, 120]))
        motor = harmonic(rng, mains * turns, rng.uniform(0.3, 1.6), top=40)
        motor = body(rng, motor, 80, 1500, 3) * (
            1 + rng.uniform(0, 0.5) * np.sin(2 * np.pi * rng.uniform(0.3, 3) * np.arange(n) / RATE)
        )
        y += log_uniform(rng, 0.02, 0.35) * even(motor)
    if rng.uniform() < 0.3:
        loose = firing(rng, n, np.full(n, rng.uniform(5, 30)), 1, 0.0)
        y += log_uniform(rng, 0.03, 0.4) * even(modes(rng, loose, 300, 3000, 0.01))
    return y


def helicopter(rng: Rng, n: int) -> Array:
    """The slap of the main rotor, the tone of the tail rotor, the turbine; near or far, coming or going."""
    slap = firing(rng, n, np.full(n, rng.uniform(4, 8)), int(rng.integers(2, 6)), 0.03)
    thump = burst(rng, slap, log_uniform(rng, 0.006, 0.03), rng.uniform(0.3, 1.8))
    y = even(body(rng, thump, 40, rng.choice([250, 600, 1500]), 4))
    tail = harmonic(rng, rng.uniform(45, 140) * np.exp(0.003 * wander(rng, n, 1)), rng.uniform(0.5, 1.6), top=20)
    y += log_uniform(rng, 0.02, 0.2) * even(tail)
    beat = np.convolve(slap, np.hanning(int(rng.uniform(0.02, 0.06) * RATE)), "same")
    y += log_uniform(rng, 0.5, 4) * even(
        (body(rng, noise(rng, n, rng.uniform(0.5, 1.8)), 60, 1500, 2) + noise(rng, n, 0.8))
        * (rng.uniform(0.2, 1) + beat)
    )
    if rng.uniform() < 0.4:
        turbine = noise(rng, n, 0.0) + harmonic(rng, np.full(n, log_uniform(rng, 900, 5000)), 2, top=3)
        y += log_uniform(rng, 0.01, 0.1) * turbine
    return (y * np.exp(rng.uniform(0, 0.6) * wander(rng, n, 0.5))).astype(np.float32)


def downpour(rng: Rng, n: int) -> Array:
    """Rain on leaves, roofs, tents, puddles and streets: drops by the thousand, bubbles, gutters, far rain as hiss."""
    drops = np.zeros(n, np.float32)
    count = rng.poisson(log_uniform(rng, 400, 30000) * n / RATE)
    drops[rng.integers(0, n, count)] = rng.exponential(1, count) ** rng.uniform(0.4, 1.3)
    y = even(burst(rng, drops, log_uniform(rng, 0.0003, 0.003), rng.uniform(-1, 1)))
    if rng.uniform() < 0.5:
        y += log_uniform(rng, 0.05, 0.6) * even(modes(rng, drops, 150, 2500, log_uniform(rng, 0.002, 0.02)))
    for _ in range(int(rng.choice([0, 0, 4, 30]))):
        k = int(rng.uniform(0.01, 0.05) * RATE)
        t, at = np.arange(k) / RATE, int(rng.integers(0, n - k))
        f = log_uniform(rng, 500, 5000) * np.exp(rng.uniform(0, 6) * t)
        y[at : at + k] += rng.uniform(0.2, 1.5) * np.sin(2 * np.pi * f * t) * np.exp(-t / rng.uniform(0.003, 0.02))
    y += log_uniform(rng, 0.05, 3) * body(rng, noise(rng, n, rng.uniform(-0.7, 0.8)), 800, 7000, 2)
    return y * np.exp(rng.uniform(0, 0.3) * wander(rng, n, 1))


def clock(rng: Rng, n: int) -> Array:
    """Clocks and watches: a tick of two or three small impacts, then a tock, in a case, in a quiet room."""
    period = float(rng.choice([1.0, 0.5, 0.25, 0.2, log_uniform(rng, 0.15, 1.3)]))
    y = np.zeros(n, np.float32)
    beat = np.arange(rng.uniform(0, period), n / RATE - 0.01, period)
    for half in range(2 if rng.uniform() < 0.7 else 1):
        x = np.zeros(n, np.float32)
        for _ in range(int(rng.integers(1, 4))):
            late = rng.choice([0.0, rng.uniform(0.003, 0.04)])
            x[np.minimum((beat[half::2] + late) * RATE, n - 1).astype(int)] += rng.uniform(0.2, 1)
        y += modes(rng, x, 500, 4000, log_uniform(rng, 0.0008, 0.01)) + rng.uniform(0, 0.5) * burst(rng, x, 0.0015, 0.0)
    y = body(rng, y, 200, 3000, 3)
    return (y / (np.abs(y).max() + 1e-9) + log_uniform(rng, 0.0005, 0.02) * noise(rng, n)).astype(np.float32)


def reversing(rng: Rng, n: int) -> Array:
    """The beeps of a lorry going backwards, of a crossing or a lift, over its engine."""
    f, period = log_uniform(rng, 600, 3200), log_uniform(rng, 0.3, 1.6)
    y = harmonic(rng, np.full(n, f), rng.uniform(0.5, 2.5), odd=True, top=8)
    y = street(rng, y * gate(rng, n, period, rng.uniform(0.3, 0.6), 0.004))
    return even(y) + log_uniform(rng, 0.05, 1.2) * even(idling(rng, n))


KINDS: tuple[Callable[[Rng, int], Array], ...] = (
    idling, idling, honk, honk, honk, traffic, cooler, cooler, helicopter, downpour, downpour, clock, playground,
    playground, infant, infant, rooster, rooster, reversing,
)  # fmt: skip


def outdoors(rng: Rng, n: int) -> Array:
    """One such sound; one time in three another behind it."""
    y = even(np.nan_to_num(KINDS[rng.integers(len(KINDS))](rng, n)))
    if rng.uniform() < 0.33:
        y = y + even(np.nan_to_num(KINDS[rng.integers(len(KINDS))](rng, n))) * 10 ** (-rng.uniform(0, 18) / 20)
    return y.astype(np.float32)
