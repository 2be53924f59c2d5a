"""Known fault: of floats times 2^31 or 2^15 a dog became a car horn, and `augment` clipped them to a square wave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from spectral import SpectralEncoder

from atmda.core.audio import open_audio
from atmda.core.embeddings.engine import embed_clips
from atmda.soundscapes.rendering import Event, Mix, Renderer

RATE = 16_000
CHANCE = np.random.default_rng(1)
SOUND = np.round(CHANCE.uniform(-0.6, 0.6, 2 * RATE) * 2**15).astype(np.float32) / 2**15
POWERS = {15: "divided by 2^15", 23: "divided by 2^23", 31: "divided by 2^31"}


def write(path: Path, samples: np.ndarray, subtype: str = "FLOAT") -> Path:
    sf.write(path, samples, RATE, subtype)
    return path


def background(path: Path, start: float = 0.0) -> tuple[np.ndarray, list[str]]:
    mix = Mix(1.0, (Event("background", path, start, 0.0, 1.0, 0.0),), sample_rate=RATE)
    rendered = Renderer().render(mix)
    return rendered.samples, rendered.notes


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2])
def test_integers_stored_as_floats_are_the_same_samples(
    tmp_path: Path, power: int, subtype: str, channels: int
) -> None:
    sound = np.stack([SOUND, SOUND[::-1]][:channels], axis=1)
    audio = open_audio(write(tmp_path / "a.wav", sound * 2.0**power, subtype))
    expected = open_audio(write(tmp_path / "b.wav", sound, subtype)).read(RATE)
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert len(audio.notes) == 1 and POWERS[power] in audio.notes[0] and "integers stored as floats" in audio.notes[0]


def test_a_quiet_part_of_them_is_divided_by_the_same(tmp_path: Path) -> None:
    sound = np.concatenate([SOUND / 2**12, SOUND]).astype(np.float32)
    path = write(tmp_path / "a.wav", np.round(sound * 2.0**23))
    part = open_audio(path, start=0.5, end=1.5).read(RATE)
    np.testing.assert_array_equal(part, np.round(sound * 2.0**23)[RATE // 2 : 3 * RATE // 2] / 2**23)


def test_floats_between_whole_numbers_are_divided_and_noted_too(tmp_path: Path) -> None:
    audio = open_audio(write(tmp_path / "a.wav", (SOUND * 0.77) * 2.0**15))
    assert np.abs(audio.read(RATE)).max() < 1 and "far beyond full scale" in audio.notes[0]


def test_augment_mixes_what_was_recorded_and_not_a_square_wave(tmp_path: Path) -> None:
    good, _ = background(write(tmp_path / "b.wav", SOUND))
    for power in POWERS:
        mixed, notes = background(write(tmp_path / "a.wav", SOUND * 2.0**power))
        np.testing.assert_array_equal(mixed, good)
        assert any("a.wav" in note and POWERS[power] in note for note in notes)


def test_what_augment_clips_is_noted(tmp_path: Path) -> None:
    assert any("reach 6" in note for note in background(write(tmp_path / "a.wav", SOUND * 10))[1])


def test_integers_in_memory_are_recognised_too() -> None:
    samples = np.round(SOUND * 2**15).astype(np.int16)
    results = embed_clips(SpectralEncoder(), [(samples, RATE), (SOUND, RATE)])
    integers, floats = (result for unit in results for result in unit)
    np.testing.assert_array_equal(integers.embedding, floats.embedding)
    assert POWERS[15] in integers.notes[0] and floats.notes == ()


@pytest.mark.parametrize("gain", [1.5, 5.0, 50.0])
def test_recorders_of_floats_go_beyond_full_scale_and_stay_as_they_are(tmp_path: Path, gain: float) -> None:
    sound = (SOUND * gain).astype(np.float32)
    audio = open_audio(write(tmp_path / "a.wav", sound))
    np.testing.assert_array_equal(audio.read(RATE), sound)
    assert audio.notes == (
        [] if gain == 1.5 else [f"its samples reach {np.abs(sound).max():.3g}, where 1 is full scale"]
    )


def test_a_square_wave_at_full_scale_is_no_integer_stored_as_float(tmp_path: Path) -> None:
    audio = open_audio(write(tmp_path / "a.wav", np.sign(SOUND)))
    np.testing.assert_array_equal(audio.read(RATE), np.sign(SOUND))
    assert audio.notes == []
