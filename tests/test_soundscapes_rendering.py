"""The renderer against scaper's reference soundscapes, and what it does with sources that do not fit."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import soundfile as sf

from atmda.errors import AtmdaError, AudioError
from atmda.soundscapes.files import txt_bytes, wav_bytes, wav_size
from atmda.soundscapes.jams_reading import Finder, read_jams
from atmda.soundscapes.loudness import integrated_loudness
from atmda.soundscapes.rendering import Event, Mix, Renderer, fade_edges, gain

RATE = 44_100


@pytest.fixture
def noise(tmp_path):
    """A function that writes noise and gives its path."""

    def write(name, seconds, level=0.1, rate=RATE, channels=1, seed=0, subtype="PCM_24"):
        samples = np.random.default_rng(seed).standard_normal((round(seconds * rate), channels)) * level
        sf.write(tmp_path / name, samples.clip(-1, 1), rate, subtype=subtype)
        return tmp_path / name

    return write


def mix_of(background, event, snr=6.0, onset=2.0, length=2.0, duration=5.0, **more):
    return Mix(
        duration,
        (Event("background", background, 0.0, 0.0, duration, 0.0), Event("foreground", event, 0.0, onset, length, snr)),
        **more,
    )


def test_it_agrees_with_what_scaper_rendered(test_data):
    golden = test_data / "golden" / "scaper"
    fronts = Finder(test_data / "data" / "urbansound8k-mini", "fg_path")
    backs = Finder(test_data / "data" / "tau2019uas-mini", "bg_path")
    files = sorted(golden.glob("*.jams"))
    assert len(files) == 8
    for path in files:
        rendered = Renderer().render(read_jams(path, fronts, backs).mix)
        reference, rate = sf.read(path.with_suffix(".flac"))
        assert (len(rendered.samples), rate) == (len(reference), RATE)
        assert np.abs(rendered.samples - reference).max() < 2e-4, path.name


@pytest.mark.parametrize("snr", [-6.0, 0.0, 12.0])
def test_the_event_stands_at_its_snr_over_the_background(noise, snr):
    background, event = noise("b.wav", 5, 0.02), noise("e.wav", 2, 0.3, seed=1)
    alone = Renderer().render(replace(mix_of(background, event), events=mix_of(background, event).events[:1])).samples
    mixed = Renderer().render(mix_of(background, event, snr)).samples
    assert integrated_loudness(alone, RATE) == pytest.approx(-36.0, abs=1e-3)
    difference = (mixed - alone)[2 * RATE : 4 * RATE]
    assert integrated_loudness(difference, RATE) == pytest.approx(-36.0 + snr, abs=0.1)


def test_outside_the_event_there_is_the_background_alone(noise):
    mix = mix_of(noise("b.wav", 5), noise("e.wav", 2, seed=1))
    alone = Renderer().render(replace(mix, events=mix.events[:1])).samples
    mixed = Renderer().render(mix).samples
    assert np.array_equal(mixed[: 2 * RATE], alone[: 2 * RATE])
    assert np.array_equal(mixed[4 * RATE :], alone[4 * RATE :])
    assert not np.array_equal(mixed, alone)


def test_fades_are_quarter_sines():
    samples = np.ones(1000, np.float32)
    fade_edges(samples, 441, 441)
    assert samples[0] == 0 and samples[-1] == pytest.approx(0, abs=1e-6)
    assert samples[220] == pytest.approx(np.sin(np.pi / 4), abs=1e-3)
    assert samples[440] == samples[500] == 1


def test_a_cached_background_gives_the_same_samples(noise):
    renderer, mix = Renderer(), mix_of(noise("b.wav", 5), noise("e.wav", 2, seed=1))
    first, second, fresh = renderer.render(mix), renderer.render(mix), Renderer().render(mix)
    assert np.array_equal(first.samples, second.samples) and np.array_equal(first.samples, fresh.samples)
    assert first.loudness == second.loudness


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
def test_sources_of_any_rate_and_channels_fill_the_soundscape(noise, rate):
    mix = mix_of(noise("b.wav", 5, rate=rate, channels=2), noise("e.wav", 1.0, rate=rate, seed=1))
    samples = Renderer().render(mix).samples
    assert len(samples) == 5 * RATE
    assert np.abs(samples[-100:]).max() > 0


def test_a_short_background_is_repeated(noise):
    background = noise("b.wav", 1.3)
    samples = Renderer().render(Mix(5.0, (Event("background", background, 0, 0, 5, 0),))).samples
    once = samples[: round(1.3 * RATE)]
    assert np.allclose(samples[round(1.3 * RATE) : 2 * round(1.3 * RATE)], once, atol=1e-6)


def test_only_the_part_of_a_long_recording_that_is_used_is_read(noise, monkeypatch):
    long = noise("long.wav", 120, rate=8000)
    read = []
    original = sf.SoundFile.read

    def counted(self, frames=-1, *more, **named):
        read.append(frames)
        return original(self, frames, *more, **named)

    monkeypatch.setattr(sf.SoundFile, "read", counted)
    Renderer().render(mix_of(long, long))
    assert read == [5 * 8000, 2 * 8000]


def test_an_event_that_reaches_past_the_end_is_cut(noise):
    rendered = Renderer().render(mix_of(noise("b.wav", 5), noise("e.wav", 2, seed=1), onset=4.5))
    assert len(rendered.samples) == 5 * RATE


@pytest.mark.parametrize("count", [1, 2, 3, 100, 440])
def test_an_event_under_ten_milliseconds_is_mixed_and_noted(tmp_path, noise, count):
    sf.write(tmp_path / "e.wav", np.full(count, 0.5), RATE)
    rendered = Renderer().render(mix_of(noise("b.wav", 5), tmp_path / "e.wav", length=count / RATE))
    assert np.isfinite(rendered.samples).all()
    assert any("fades shortened" in note for note in rendered.notes)


def test_silent_and_nearly_silent_events_are_noted(tmp_path, noise):
    background = noise("b.wav", 5)
    sf.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    sf.write(tmp_path / "faint.wav", np.random.default_rng(0).standard_normal(RATE) * 1e-5, RATE, subtype="FLOAT")
    silent = Renderer().render(mix_of(background, tmp_path / "silent.wav", length=1.0))
    faint = Renderer().render(mix_of(background, tmp_path / "faint.wav", length=1.0))
    assert silent.notes == ["event is digital silence"]
    assert "quieter than -70 LUFS" in faint.notes[0]


def test_clipping_is_noted_scaled_or_refused(noise):
    mix = mix_of(noise("b.wav", 5), noise("e.wav", 2, seed=1), ref_db=-6.0, snr=9.0)
    warned = Renderer().render(mix)
    scaled = Renderer().render(mix, "scale")
    assert warned.peak > 1 and "clipped" in warned.notes[0]
    assert np.abs(scaled.samples).max() == pytest.approx(1.0, abs=1e-6)
    assert scaled.scale == pytest.approx(1 / warned.peak)
    assert np.allclose(scaled.samples, warned.samples * scaled.scale, atol=1e-6)
    with pytest.raises(AtmdaError, match=r"dog-park-0: the sum clips, its peak is \d+\.\d+"):
        Renderer().render(mix, "error", "dog-park-0")


def test_full_scale_recordings_are_clipped_after_resampling_as_sox_does(tmp_path):
    square = np.sign(np.sin(2 * np.pi * 441 * np.arange(48_000) / 48_000))
    sf.write(tmp_path / "square.wav", square, 48_000, subtype="FLOAT")
    alone = Mix(1.0, (Event("background", tmp_path / "square.wav", 0, 0, 1.0, 0),))
    rendered = Renderer().render(alone)
    loudness = rendered.loudness[0]
    assert rendered.peak == pytest.approx(gain(-36.0 - loudness), rel=1e-5)


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "cut", "nan"])
def test_a_source_that_cannot_be_used_is_named(tmp_path, noise, damage):
    path = tmp_path / "bad.wav"
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("no sound at all")
    elif damage == "cut":
        whole = noise("whole.wav", 2).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "nan":
        sf.write(path, np.full(RATE, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"bad\.wav"):
        Renderer().render(mix_of(noise("b.wav", 5), path))


def test_wav_files_are_plain_16_bit_and_read_back_within_half_a_step(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, 1000).astype(np.float32)
    data = wav_bytes(samples, RATE)
    (tmp_path / "x.wav").write_bytes(data)
    back, rate = sf.read(tmp_path / "x.wav")
    assert (rate, len(data), bytes(data[36:40])) == (RATE, wav_size(1000), b"data")
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert np.abs(back - samples).max() <= 1.0 / 32768
    assert np.array_equal(np.frombuffer(wav_bytes(np.float32([2, -2]), RATE)[44:], "<i2"), [32767, -32768])


def test_labels_are_onset_offset_and_label_between_tabs():
    assert txt_bytes([(1.5, 5.5, "dog bark")]) == b"1.5\t5.5\tdog bark\n"


def test_json_of_the_references_is_what_they_were_rendered_from(test_data):
    for path in (test_data / "golden" / "scaper").glob("*.jams"):
        sandbox = json.loads(path.read_text())["annotations"][0]["sandbox"]["scaper"]
        assert (sandbox["ref_db"], sandbox["sr"], sandbox["reverb"]) == (-36, RATE, None)


@pytest.mark.parametrize("role", ["background", "foreground"])
def test_a_source_far_beyond_full_scale_is_refused_before_it_becomes_a_soundscape_of_nan(tmp_path, noise, role):
    """Resampled, 1e38 overflowed: the soundscape was NaN, its peak in the manifest too, and the exit code 0."""
    sf.write(tmp_path / "huge.wav", np.full(16_000, 1.3e38, np.float32), 16_000, "FLOAT")
    good = noise("good.wav", 5)
    sources = (tmp_path / "huge.wav", good) if role == "background" else (good, tmp_path / "huge.wav")
    with pytest.raises(AudioError, match=r"its samples reach 1\.3e\+38"):
        Renderer().render(mix_of(*sources))
