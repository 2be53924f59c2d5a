"""One instrument for everything that sounds, played by numbers: a phrase of up to four notes through a throat, impacts
that ring, a bed of noise, each as loud as its gene says.

What the numbers should be for a rooster or a drill nobody has to know: `evolve` finds them by asking the teachers.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy.signal import lfilter
from synth_parts import RATE, Array, Rng, convolved, even, harmonic, noise, resonate, street, wander

#: gene -> the values it reaches from and to; positive ones are spaced by ratio, those that touch or cross 0 evenly
GENES: dict[str, tuple[float, float]] = {
    "tone": (0.003, 1), "pitch": (40, 4000), "slope": (-0.5, 2), "odd": (0, 1),
    "formant0": (200, 2000), "formant1": (800, 3500), "formant2": (2000, 7000), "throat": (0.03, 0.8),
    "second": (0, 1.5), "third": (0, 1.5), "dry": (0.01, 1),
    "notes": (0, 4), "long0": (0.03, 2), "long1": (0.03, 2), "long2": (0.03, 2), "long3": (0.03, 2),
    "height1": (-0.7, 0.7), "height2": (-0.7, 0.7), "height3": (-0.7, 0.7),
    "fall": (-0.5, 1.2), "bend": (1, 6), "arch": (-0.3, 0.6), "jitter": (0.001, 0.1), "shaking": (3, 80),
    "vibrato": (0, 0.15), "vibrating": (2, 40), "rough": (0, 1), "rougher": (0, 1), "under": (0.2, 1),
    "breath": (0.01, 3), "breath_slope": (-0.5, 2), "gap": (0.005, 0.3), "attack": (0.005, 0.3),
    "release": (0.02, 0.8), "pause": (0.03, 3),
    "impact": (0.003, 1), "rate": (0.3, 120), "faster": (-1, 1), "regular": (0, 6), "spread": (0, 1),
    "burst": (0.0004, 0.4), "burst_slope": (-0.5, 2), "mode": (60, 4000), "stretch": (0, 1.2), "ringing": (0.001, 0.6),
    "ring": (0.03, 3), "body0": (50, 6000), "body1": (50, 6000), "hull": (0.05, 1), "bare": (0.02, 1),
    "again": (0.005, 0.3), "echoed": (0, 1), "group": (0.3, 4), "duty": (0.1, 1.3),
    "bed": (0.003, 1), "bed_slope": (-0.7, 2.2), "peak0": (60, 6000), "peak1": (60, 6000), "narrow": (0.03, 1),
    "peaked": (0.03, 3), "swell": (0.2, 40), "deep": (0, 1), "even": (0, 1), "follow": (0, 1),
    "drive": (0.3, 5), "street": (-0.2, 1), "tilt": (-0.8, 0.8), "centre": (-0.3, 1.3), "width": (0.1, 4),
}  # fmt: skip


def expressed(genome: Array) -> SimpleNamespace:
    """The values of the genes of a genome, (len(GENES),) from 0 to 1."""
    return SimpleNamespace(**{
        name: low * (high / low) ** float(x) if low > 0 else low + float(x) * (high - low)
        for x, (name, (low, high)) in zip(genome, GENES.items(), strict=True)
    })  # fmt: skip


def phrase(rng: Rng, n: int, g: SimpleNamespace) -> Array:
    """Notes one after the other, again after a pause."""
    y = np.zeros(n, np.float32)
    longs, heights = (g.long0, g.long1, g.long2, g.long3), (0.0, g.height1, g.height2, g.height3)
    last = min(3, int(g.notes))
    breath = g.breath * noise(rng, 1 << 16, g.breath_slope)
    at = int(rng.uniform(0, min(0.6, g.pause)) * RATE)
    while at < n - 400:
        for j in range(last + 1):
            k = min(int(longs[j] * rng.uniform(0.85, 1.15) * RATE), n - at)
            if k < 200:
                break
            x = note(rng, k, g, heights[j], j == last) + breath[at : at + k]
            y[at : at + k] += even(x) * rng.uniform(0.7, 1) * shape(k, g)
            at += k + int(g.gap * RATE)
        at += int(g.pause * rng.uniform(0.7, 1.4) * RATE)
    formants = zip((g.formant0, g.formant1, g.formant2), (1, g.second, g.third), strict=True)
    return even(sum(4 * a * resonate(y, f, g.throat * f) for f, a in formants) + g.dry * y)


def note(rng: Rng, k: int, g: SimpleNamespace, height: float, last: bool) -> Array:
    """One note of `k` samples without its breath; the last of a phrase falls and grows rough."""
    t = np.linspace(0, 1, k)
    fall = g.fall * t**g.bend if last else 0.0
    shake = g.jitter * wander(rng, k, g.shaking) + g.vibrato * np.sin(g.vibrating * t * (k / RATE * 2 * np.pi))
    f0 = np.clip(g.pitch * np.exp(height + g.arch * np.sin(np.pi * t) - fall + shake), 20, 7500)
    rough = np.clip(g.rough + (g.rougher * t if last else 0.0), 0, 1)
    x = harmonic(rng, f0, g.slope, odd=g.odd > 0.7)
    return np.asarray(x * (1 - rough * (0.5 + 0.5 * np.sin(g.under * 2 * np.pi * np.cumsum(f0 / RATE)))))


def shape(k: int, g: SimpleNamespace) -> Array:
    """How loud each of the `k` samples of a note is."""
    t = np.linspace(0, 1, k)
    return np.asarray(np.minimum(1, t / g.attack) * np.minimum(1, (1 - t) / g.release))


def impacts(rng: Rng, n: int, g: SimpleNamespace) -> tuple[Array, Array]:
    """Impacts that ring in a body, and the train of single samples that struck them."""
    steadiness = np.exp(g.regular)
    waits = rng.gamma(steadiness, 1 / (g.rate * steadiness), int(g.rate * n / RATE * 2) + 8)
    at = np.cumsum(waits) - waits[0] * rng.uniform()
    at = at * (1 + g.faster * at / (n / RATE) * 0.4)
    if g.duty < 1:
        at = at[(at + rng.uniform(0, g.group)) % g.group < g.duty * g.group]
    at = (at[(at >= 0) & (at < n / RATE - 0.001)] * RATE).astype(int)
    train = np.zeros(n, np.float32)
    np.add.at(train, at, 1 - g.spread * rng.uniform(0, 1, len(at)))
    late = int(g.again * RATE)
    train[late:] += g.echoed * train[:-late]
    k = int(min(6 * max(g.burst, g.ringing), 1.5) * RATE) + 16
    t = np.arange(k) / RATE
    strike = noise(rng, k, g.burst_slope) * np.exp(-t / g.burst)
    f = g.mode * np.arange(1, 9) ** (1 + g.stretch) * rng.uniform(0.97, 1.03, 8)
    ring = sum(rng.uniform(0.3, 1) * np.sin(2 * np.pi * h * t) * np.exp(-t / g.ringing) for h in f[f < 7600])
    x = convolved(train, strike / np.abs(strike).max() + g.ring * ring).astype(np.float32)
    return even(sum(4 * resonate(x, f, g.hull * f) for f in (g.body0, g.body1)) + g.bare * x), train


def bed(rng: Rng, n: int, g: SimpleNamespace, train: Array) -> Array:
    """Noise that swells, evenly or not, and with the impacts if it follows them."""
    x = noise(rng, 1 << 16, g.bed_slope)[:n]  # a power of 2 is quick
    y = x + g.peaked * even(sum(resonate(x, f, g.narrow * f) for f in (g.peak0, g.peak1)))
    if g.even > 0.5:
        wave = np.sin(2 * np.pi * (g.swell * np.arange(n) / RATE + rng.uniform()))
    else:
        wave = np.clip(wander(rng, n, g.swell), -1, 1)
    y = y * (1 - g.deep * (0.5 + 0.5 * wave))
    near = lfilter([1.0], [1.0, -np.exp(-max(g.rate, 1) / (0.2 * RATE))], train)
    return even(y * (1 - g.follow + g.follow * near))


def played(rng: Rng, n: int, genome: Array) -> Array:
    """The sound (n,) of a genome: float32, any level. Its notes, noises and times differ a little each time."""
    g = expressed(genome)
    struck, train = impacts(rng, n, g)
    y = g.tone * phrase(rng, n, g) + g.impact * struck + g.bed * bed(rng, n, g, train)
    y = even(y * np.exp(-0.5 * ((np.arange(n) / n - g.centre) / g.width) ** 2))
    y = even(np.tanh(g.drive * y))
    y = even(y + (2 * g.tilt) * np.diff(y, prepend=y[:1]) if g.tilt > 0 else y - g.tilt * 4 * resonate(y, 200, 400))
    return np.nan_to_num(even((1 - g.street) * y + g.street * street(rng, y)) if g.street > 0.2 else y)
