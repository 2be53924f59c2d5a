"""Loudness against the standard's own figures and against the filter written as a loop."""

import numpy as np
import pytest

from atmda.soundscapes.loudness import FLOOR, integrated_loudness, k_weighted, k_weighting_sections

RATE = 44_100


def tone(frequency, seconds, level=1.0, rate=RATE):
    return level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def loop_filtered(samples, rate):
    """Two biquads in direct form I, sample by sample."""
    for b0, b1, b2, a1, a2 in k_weighting_sections(rate):
        out = np.zeros(len(samples))
        x1 = x2 = y1 = y2 = 0.0
        for n, x in enumerate(samples):
            out[n] = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, out[n], y1
        samples = out
    return samples


def test_a_full_scale_sine_at_997_hz_reads_minus_3_lufs():
    # ITU-R BS.1770-4: 0 dBFS at 997 Hz in one channel reads -3.01 LKFS
    assert integrated_loudness(tone(997, 5), RATE) == pytest.approx(-3.01, abs=0.05)


def test_the_shelf_lifts_high_tones_by_four_decibels_and_the_high_pass_cuts_rumble():
    mid, high, low = (integrated_loudness(tone(f, 5, 0.1), RATE) for f in (500, 8000, 20))
    assert high - mid == pytest.approx(4.0, abs=0.3)
    assert mid - low > 9


@pytest.mark.parametrize("count", [1, 47, 48, 49, 3071, 3072, 3073, 20_000])
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_the_filter_in_blocks_is_the_filter_as_a_loop(count, rate):
    samples = np.random.default_rng(count).standard_normal(count)
    assert np.abs(k_weighted(samples, rate) - loop_filtered(samples, rate)).max() < 1e-9


def test_twice_the_amplitude_is_six_decibels_more():
    noise = np.random.default_rng(0).standard_normal(3 * RATE) * 0.05
    assert integrated_loudness(2 * noise, RATE) - integrated_loudness(noise, RATE) == pytest.approx(6.0206, abs=1e-4)


def test_silence_around_an_event_is_gated_away():
    loud = np.random.default_rng(0).standard_normal(2 * RATE) * 0.1
    padded = np.concatenate([np.zeros(6 * RATE), loud, np.zeros(6 * RATE)])
    assert integrated_loudness(padded, RATE) == pytest.approx(integrated_loudness(loud, RATE), abs=0.9)
    assert integrated_loudness(padded, RATE) > 10 * np.log10(np.mean(padded**2)) + 5


@pytest.mark.parametrize("count", [1, 10, 441, 4410, 17_640, 22_049])
def test_a_short_clip_reads_as_its_repetition(count):
    clip = np.random.default_rng(count).standard_normal(count) * 0.1
    repeated = np.tile(clip, int(np.ceil(0.5 / (count / RATE))))
    assert integrated_loudness(clip, RATE) == integrated_loudness(repeated, RATE)


def test_silence_and_the_nearly_silent_read_the_floor():
    assert integrated_loudness(np.zeros(RATE), RATE) == FLOOR
    assert integrated_loudness(np.full(RATE, 1e-30), RATE) == FLOOR
    assert integrated_loudness(tone(997, 1, 1e-5), RATE) == FLOOR


@pytest.mark.parametrize("seconds", [0.5, 0.77, 1.0, 3.99, 10.0])
@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000])
def test_it_agrees_with_pyloudnorm(seconds, rate):
    pyloudnorm = pytest.importorskip("pyloudnorm")
    count = round(seconds * rate)
    noise = np.random.default_rng(1).standard_normal(count) * np.linspace(0.2, 0.0001, count)
    theirs = pyloudnorm.Meter(rate).integrated_loudness(noise)
    assert integrated_loudness(noise, rate) == pytest.approx(theirs, abs=1e-6)
