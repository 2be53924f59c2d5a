"""The few building blocks of the demo's sounds: noise, tones, filters, rooms. NumPy only.

Conventions: waveforms are float64 (samples,) at RATE Hz; times are seconds, frequencies Hz; filters are applied in the
frequency domain, padded so that nothing wraps round. Every random draw comes from the generator handed in.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
Wave = npt.NDArray[np.float64]


def samples(seconds: float) -> int:
    return round(seconds * RATE)


def times(seconds: float) -> Wave:
    return np.arange(samples(seconds)) / RATE


def rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave**2)))


def unit(wave: Wave) -> Wave:
    """The same, at a root mean square of 1."""
    return wave / max(rms(wave), 1e-12)


def padded(wave: Wave, seconds: float) -> Wave:
    """`wave`, then silence up to `seconds`."""
    return np.pad(wave, (0, max(0, samples(seconds) - len(wave))))


def filtered(wave: Wave, response: npt.NDArray[np.complex128] | Wave, size: int) -> Wave:
    """`wave` times a frequency response sampled on `rfftfreq(size)`; `size` leaves room for the ringing."""
    out: Wave = np.fft.irfft(np.fft.rfft(wave, size) * response, size)[: len(wave)]
    return out


def _grid(wave: Wave) -> tuple[int, Wave]:
    size = 1 << (len(wave) + samples(0.5) - 1).bit_length()  # half a second of room for what rings
    return size, np.fft.rfftfreq(size, 1 / RATE)


def band(wave: Wave, low: float = 0.0, high: float = RATE, order: int = 2) -> Wave:
    """Butterworth magnitudes, zero phase: what lies between `low` and `high` passes."""
    size, f = _grid(wave)
    response = 1 / np.sqrt(1 + (f / high) ** (2 * order))
    if low > 0:
        response = response * (f / low) ** order / np.sqrt(1 + (f / low) ** (2 * order))
    return filtered(wave, response, size)


def tilted(wave: Wave, decibels_per_octave: float, corner: float = 100.0) -> Wave:
    """Above `corner` the spectrum rises or falls by so many dB an octave."""
    size, f = _grid(wave)
    return filtered(wave, np.maximum(f / corner, 1.0) ** (decibels_per_octave / 6.0206), size)


def resonant(wave: Wave, modes: list[tuple[float, float, float]], dry: float = 0.0) -> Wave:
    """Parallel resonators, causal, so that a click rings: each (frequency, bandwidth, gain at the peak)."""
    size, f = _grid(wave)
    s = 2j * np.pi * f
    response = np.full(len(f), dry, complex)
    for frequency, bandwidth, gain in modes:
        width = 2 * np.pi * bandwidth
        response += gain * width * s / (s**2 + width * s + (2 * np.pi * frequency) ** 2)
    return filtered(wave, response, size)


def echoed(wave: Wave, rng: np.random.Generator, t60: float = 0.4, wet: float = 0.3, reflections: int = 8) -> Wave:
    """The place: some early reflections in the first 60 ms, then a darkening tail that falls 60 dB in `t60`."""
    length = samples(t60)
    fall = 10 ** (-3 * np.arange(length) / length)
    tail = band(rng.standard_normal(length) * fall, 100, 4000, 1)
    tail[: samples(0.02)] *= np.linspace(0, 1, samples(0.02))
    impulse = wet * 0.5 * tail / np.sqrt(np.sum(tail**2))
    for delay in rng.uniform(0.004, 0.06, reflections):
        impulse[samples(delay)] += wet * rng.uniform(-0.35, 0.35)
    impulse[0] += 1.0
    size = 1 << (len(wave) + length - 1).bit_length()
    return filtered(wave, np.fft.rfft(impulse, size), size)


def wander(rng: np.random.Generator, count: int, rate: float) -> Wave:
    """A slow random curve about 0 with standard deviation 1 that changes direction about `rate` times a second."""
    knots = int(count / RATE * rate) + 4
    heights = rng.standard_normal(knots)
    at = np.linspace(0, knots - 1.001, count)
    left = at.astype(int)
    blend = 0.5 - 0.5 * np.cos(np.pi * (at - left))
    smooth = heights[left] * (1 - blend) + heights[left + 1] * blend
    return (smooth - smooth.mean()) / max(float(np.std(smooth)), 1e-9)


def harmonics(frequency: Wave, weights: list[float] | Wave, phase: float = 0.0) -> Wave:
    """A tone that follows `frequency` (samples,), with harmonics 1, 2, ... at `weights`, silent where above Nyquist."""
    angle = 2 * np.pi * np.cumsum(frequency) / RATE + phase
    out = np.zeros(len(frequency))
    for number, weight in enumerate(weights, start=1):
        fade = np.clip((0.47 * RATE - number * frequency) / 300, 0, 1)
        if weight and fade.any():
            out += weight * fade * np.sin(number * angle)
    return out


def ringing(seconds: float, partials: list[tuple[float, float, float]], attack: float = 0.001) -> Wave:
    """Struck metal or glass: a sum of (frequency, strength, seconds to fall 60 dB)."""
    t = times(seconds)
    out = np.zeros(len(t))
    for frequency, strength, t60 in partials:
        if frequency < 0.47 * RATE:
            out += strength * 10 ** (-3 * t / t60) * np.sin(2 * np.pi * frequency * t)
    return out * np.clip(t / attack, 0, 1)


def gate(seconds: float, spans: list[tuple[float, float]], edge: float = 0.01) -> Wave:
    """1 inside each (start, end), 0 outside, with raised-cosine edges."""
    t = times(seconds)
    out = np.zeros(len(t))
    for start, end in spans:
        rise = np.clip((t - start) / edge, 0, 1)
        fall = np.clip((end - t) / edge, 0, 1)
        out = np.maximum(out, np.sin(np.pi / 2 * np.minimum(rise, fall)) ** 2)
    return out


def place(track: Wave, sound: Wave, start: float, gain: float = 1.0) -> None:
    """Adds `sound` into `track` from `start` on; what sticks out at the end is cut."""
    first = samples(start)
    part = sound[: max(0, len(track) - first)]
    track[first : first + len(part)] += gain * part


def pulses(rng: np.random.Generator, count: int, rate: float, jitter: float, strength: float = 0.0) -> Wave:
    """Unit impulses about `rate` a second; `jitter`, `strength`: relative standard deviations of gap and height."""
    gaps = np.maximum(0.2, 1 + jitter * rng.standard_normal(int(count / RATE * rate * 1.6) + 8)) * RATE / rate
    at = np.cumsum(gaps).astype(int)
    at = at[at < count]
    train = np.zeros(count)
    train[at] = 1 + strength * rng.standard_normal(len(at))
    return train
