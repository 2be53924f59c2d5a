"""New sounds out of old ones: two recordings crossed, or one taken apart and put together otherwise.

What a student hears of sounds it never met depends on how many different ones it learnt from, and recordings are few.
So here the spectrum of one rides on the rhythm of another, one is heard through the body of another, grains are strewn,
single events become flocks or engines. The results need not be realistic: the teachers say what they sound like.
Every function takes signals (n,) at 16 kHz with peak 1 and returns float32 (n,), any level.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import istft, stft
from synth_parts import RATE, Array, Rng, convolved, log_uniform, peaked, pulses

SIZE, HOP = 512, 128


def spectra(x: Array) -> Array:
    """Short-time spectra (257, frames)."""
    return np.asarray(stft(x, RATE, nperseg=SIZE, noverlap=SIZE - HOP)[2])


def signal(s: Array) -> Array:
    """The signal of such spectra: a frame at most longer than what they were taken of."""
    return np.asarray(istft(s, RATE, nperseg=SIZE, noverlap=SIZE - HOP)[1], np.float32)


def smooth(m: Array, width: int, axis: int) -> Array:
    """A running mean of `width`, along `axis`, the ends repeated."""
    pad = [(0, 0), (0, 0)]
    pad[axis] = (width // 2 + 1, width - width // 2)
    c = np.cumsum(np.pad(m, pad, mode="edge"), axis=axis)
    size = m.shape[axis]
    return (np.take(c, range(width, width + size), axis) - np.take(c, range(size), axis)) / width


def through(rng: Rng, a: Array, b: Array) -> Array:
    """The moving spectral envelope of `a` on the fine structure of `b`: what a vocoder does."""
    sa, sb = spectra(a), spectra(b)
    width = int(rng.integers(5, 40))
    shape, own = smooth(np.abs(sa), width, 0), smooth(np.abs(sb), width, 0)
    return signal(sb * (shape / (own + 1e-2 * own.mean() + 1e-9)) ** rng.uniform(0.6, 1))[: len(b)]


def timed(rng: Rng, a: Array, b: Array) -> Array:
    """The loudness of `a` against time, on `b`."""
    k = int(log_uniform(rng, 0.004, 0.1) * RATE)
    loud, own = (np.sqrt(smooth(x[None] ** 2, k, 1)[0].clip(0)) for x in (a, b))
    return (b * loud / (own + 0.1 * own.mean() + 1e-6)).astype(np.float32)


def banded(rng: Rng, a: Array, b: Array) -> Array:
    """What lies below a pitch from `a`, what lies above it from `b`."""
    f = np.fft.rfftfreq(len(a), 1 / RATE)
    low = 1 / (1 + (f / log_uniform(rng, 300, 3000)) ** rng.uniform(3, 12))
    fa, fb = np.fft.rfft(a), np.fft.rfft(b)
    fb *= np.sqrt((np.abs(fa) ** 2).sum() / ((np.abs(fb) ** 2).sum() + 1e-9)) * log_uniform(rng, 0.3, 3)
    return np.fft.irfft(fa * low + fb * (1 - low), len(a)).astype(np.float32)


def inside(rng: Rng, a: Array, b: Array) -> Array:
    """`a` as it would sound in the body of `b`: through a short piece of it that dies away."""
    k = int(log_uniform(rng, 0.01, 0.3) * RATE)
    at = int(rng.integers(0, max(1, len(b) - k)))
    piece = b[at : at + k] * np.exp(-np.arange(k) / (0.3 * k))
    y = convolved(a, piece)
    return np.asarray(y / (y.std() + 1e-9) + rng.uniform(0, 0.5) * a / (a.std() + 1e-9), np.float32)


def grains(rng: Rng, a: Array, _: Array) -> Array:
    """Pieces of `a` strewn: a texture, or the same thing at another pace."""
    n, y = len(a), np.zeros(len(a), np.float32)
    k = int(log_uniform(rng, 0.02, 0.5) * RATE)
    window = np.hanning(k).astype(np.float32)
    around = rng.uniform(0, n) if rng.uniform() < 0.5 else None  # all from about one moment, or from anywhere
    for _ in range(int(n / k * log_uniform(rng, 0.5, 6)) + 1):
        at = rng.normal(around, 0.15 * RATE) if around is not None else rng.uniform(0, n - k)
        at, to = int(np.clip(at, 0, n - k)), int(rng.integers(0, n - k))
        y[to : to + k] += rng.uniform(0.2, 1) * window * a[at : at + k]
    return y


def flock(rng: Rng, a: Array, _: Array) -> Array:
    """Three to eight of `a` at once, each at its own time, pitch and distance."""
    y = np.zeros(len(a), np.float32)
    for _ in range(int(rng.integers(3, 9))):
        at = np.arange(len(a)) * log_uniform(rng, 0.75, 1.35) + rng.uniform(0, len(a))
        y += rng.exponential(0.6) * np.interp(at % len(a), np.arange(len(a)), a)
    return y


def beaten(rng: Rng, a: Array, _: Array) -> Array:
    """The loudest moment of `a` again and again, a few times or many times a second: work, hammers, engines."""
    n = len(a)
    k = int(log_uniform(rng, 0.006, 0.25) * RATE)
    at = int(np.clip(np.abs(a).argmax() - 0.1 * k, 0, n - k))
    piece = a[at : at + k] * np.minimum(1, np.arange(k)[::-1] / (0.3 * k))
    rate = log_uniform(rng, 2, 60) * np.exp(rng.uniform(0, 0.2) * np.sin(np.arange(n) / RATE * rng.uniform(1, 9)))
    train = pulses(rng, n, rate, rng.choice([0.0, 0.01, 0.1]), rng.uniform(0, 0.6))
    return convolved(train, piece).astype(np.float32)


def drawn_out(rng: Rng, a: Array, _: Array) -> Array:
    """`a` slower or faster at its pitch, by a phase vocoder; where it ends too soon it begins again."""
    s = spectra(a)
    pace = log_uniform(rng, 0.4, 2.2)
    at = np.arange(0, s.shape[1] - 1.01, pace)
    low, part = at.astype(int), at % 1
    loud = (1 - part) * np.abs(s[:, low]) + part * np.abs(s[:, low + 1])
    turn = np.angle(s[:, low + 1] * np.conj(s[:, low]))
    phase = np.cumsum(np.concatenate([np.angle(s[:, :1]), turn[:, :-1]], axis=1), axis=1)
    return np.resize(signal(loud * np.exp(1j * phase)), len(a))


def shifted(rng: Rng, a: Array, _: Array) -> Array:
    """All frequencies of `a` moved by the same number of Hz: harmonics become bells, metal, machines."""
    spectrum = np.fft.fft(a)
    spectrum[len(a) // 2 :] = 0
    hertz = rng.choice([-1, 1]) * log_uniform(rng, 30, 900)
    return np.real(np.fft.ifft(spectrum) * np.exp(2j * np.pi * hertz * np.arange(len(a)) / RATE)).astype(np.float32)


WAYS = (through, through, timed, banded, inside, inside, grains, flock, flock, beaten, beaten, drawn_out, shifted)


def crossed(rng: Rng, a: Array, b: Array) -> Array:
    """A sound made of `a`, and mostly of `b`, in a random way: peak 1."""
    return peaked(np.nan_to_num(WAYS[rng.integers(len(WAYS))](rng, a, b)))
