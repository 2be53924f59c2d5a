"""Sounds of streets and yards, each made as the thing itself makes it: engines that idle, horns, traffic, air
conditioners, helicopters, downpours, clocks, playgrounds, roosters, infants.

`synth_machines` and `synth_voices` draw such sounds widely; these keep closer to what a microphone outdoors hears.
Every function takes a numpy Generator and a number of samples at 16 kHz and returns float32 (samples,), any level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter
from synth_parts import RATE, Array, Rng, body, burst, convolved, gate, harmonic, log_uniform, modes, noise, resonate
from synth_parts import wander as curve
from synth_speech import spoken
from synth_voices import calls


def even(x: Array) -> Array:
    """`x` with a deviation of 1."""
    return np.asarray(x / (x.std() + 1e-9), np.float32)


def comb(x: Array, seconds: float, feedback: float) -> Array:
    """`x` through a pipe or duct: what comes back after `seconds`, again and again."""
    a = np.zeros(int(seconds * RATE) + 2)
    a[0], a[-1] = 1, -feedback
    return np.asarray(lfilter([1.0], a, x), np.float32)


def street(rng: Rng, x: Array) -> Array:
    """`x` with a few echoes from the walls around, duller the later they come."""
    taps = np.zeros(int(0.5 * RATE))
    taps[0] = 1
    for delay in rng.uniform(0.01, 0.45, int(rng.integers(1, 8))):
        width = int(1 + delay * rng.uniform(10, 60))
        at = int(delay * RATE)
        taps[at : at + width] += rng.choice([-1, 1]) * rng.uniform(0.05, 0.5) * np.exp(-3 * delay) / width
    return convolved(x, taps).astype(np.float32)


def firing(rng: Rng, n: int, rate: Array, cylinders: int, uneven: float) -> Array:
    """Impulses of a four-stroke engine at `rate` cycles a second (n,): each cylinder as strong and as late as it is."""
    phase = np.cumsum(rate / RATE) + rng.uniform()
    y = np.zeros(n, np.float32)
    weakest = rng.uniform(0.3, 0.95)  # of the firings of one cylinder
    for k in range(cylinders):
        late = k / cylinders + uneven * rng.uniform(-0.5, 0.5) / cylinders
        at = np.flatnonzero(np.diff(np.floor(phase + late)))
        at = np.clip(at + rng.normal(0, 0.0004 * RATE, len(at)).astype(int), 0, n - 1)
        y[at] += rng.uniform(0.6, 1) * rng.uniform(weakest, 1, len(at))
    return y


def idling(rng: Rng, n: int) -> Array:
    """Cars, vans, lorries, buses and motorcycles with the engine running: petrol or diesel, from behind or in front."""
    cylinders = int(rng.choice([1, 2, 2, 3, 4, 4, 4, 6, 8]))
    rate = log_uniform(rng, 450, 1300) / 120 * np.exp(0.02 * curve(rng, n, rng.uniform(1, 6)))
    if rng.uniform() < 0.25:  # somebody touches the throttle
        rate = rate * np.exp(rng.uniform(0.3, 1.2) * np.clip(curve(rng, n, rng.uniform(0.5, 2)), 0, 1.5))
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
    turns = np.exp(0.004 * curve(rng, n, 1))
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
    tail = harmonic(rng, rng.uniform(45, 140) * np.exp(0.003 * curve(rng, n, 1)), rng.uniform(0.5, 1.6), top=20)
    y += log_uniform(rng, 0.02, 0.2) * even(tail)
    beat = np.convolve(slap, np.hanning(int(rng.uniform(0.02, 0.06) * RATE)), "same")
    y += log_uniform(rng, 0.5, 4) * even(
        (body(rng, noise(rng, n, rng.uniform(0.5, 1.8)), 60, 1500, 2) + noise(rng, n, 0.8))
        * (rng.uniform(0.2, 1) + beat)
    )
    if rng.uniform() < 0.4:
        turbine = noise(rng, n, 0.0) + harmonic(rng, np.full(n, log_uniform(rng, 900, 5000)), 2, top=3)
        y += log_uniform(rng, 0.01, 0.1) * turbine
    return (y * np.exp(rng.uniform(0, 0.6) * curve(rng, n, 0.5))).astype(np.float32)


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
    return y * np.exp(rng.uniform(0, 0.3) * curve(rng, n, 1))


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
        f0 = pitch * rng.uniform(0.9, 1.15) * np.exp(arch + 0.015 * curve(rng, k, 25))
        if rng.uniform() < 0.12:  # it breaks into a squeal
            f0 = np.where(t > rng.uniform(0.2, 0.8), 2.2 * f0, f0)
        rough = np.clip(curve(rng, k, 4) - rng.uniform(-0.5, 2), 0, 1)
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
