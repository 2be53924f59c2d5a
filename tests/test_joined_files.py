"""Known fault: only the first part was read of chained Ogg, of joined MP3, and of WAV whose header tells of less."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from atmda.core.audio import open_audio

RATE = 16_000
CHANCE = np.random.default_rng(1)
FIRST, SECOND = (CHANCE.uniform(-0.5, 0.5, frames).astype(np.float32) for frames in (20_000, 33_000))
KINDS = {
    "vorbis.ogg": ("OGG", "VORBIS"), "opus.ogg": ("OGG", "OPUS"), "a.flac": ("FLAC", "PCM_16"),
    "a.mp3": ("MP3", "MPEG_LAYER_III"),
}  # fmt: skip


def written(
    path: Path, samples: np.ndarray, container: str, subtype: str, rate: int = RATE
) -> tuple[bytes, np.ndarray]:
    sf.write(path, samples, rate, subtype, format=container)
    return path.read_bytes(), open_audio(path).read(rate)


@pytest.mark.parametrize("name", KINDS)
def test_all_recordings_of_a_joined_file_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    first, heard_first = written(path, FIRST, *KINDS[name])
    second, heard_second = written(path, SECOND, *KINDS[name])
    for parts, heard in (
        ((first, second), (heard_first, heard_second)),
        ((first, first), (heard_first, heard_first)),
        ((second, first, second), (heard_second, heard_first, heard_second)),
    ):
        path.write_bytes(b"".join(parts))
        audio, expected = open_audio(path), np.concatenate(heard)
        np.testing.assert_array_equal(audio.read(RATE), expected)
        assert audio.notes == [] and audio.frames == len(expected)


@pytest.mark.parametrize("name", ["vorbis.ogg", "a.flac"])
def test_a_part_over_their_border_is_the_same_part(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = [written(path, sound, *KINDS[name])[0] for sound in (FIRST, SECOND)]
    path.write_bytes(b"".join(content))
    expected = open_audio(path).read(RATE)
    for start, end in ((0.5, 2.0), (1.5, 2.0), (1.25, 2.0), (0.0, 1.25), (1.0, None)):
        part = open_audio(path, start=start, end=end).read(RATE)
        last = None if end is None else round(end * RATE)
        np.testing.assert_allclose(part, expected[round(start * RATE) : last], atol=1e-6)


def test_mp3_with_tags_between_them_are_all_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    first, heard_first = written(path, FIRST, *KINDS["a.mp3"])
    second, heard_second = written(path, SECOND, *KINDS["a.mp3"])
    version_1 = b"TAG" + bytes(125)
    version_2 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    path.write_bytes(version_2 + first + version_1 + version_2 + second + version_1)
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), np.concatenate([heard_first, heard_second]))


@pytest.mark.parametrize("name", KINDS)
def test_a_recording_of_another_rate_behind_the_first_is_noted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    first, heard = written(path, FIRST, *KINDS[name])
    second, _ = written(path, SECOND, *KINDS[name], rate=24_000)
    path.write_bytes(first + second)
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), heard)
    assert f"the last {len(second)} bytes were left" in audio.notes[0]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_a_wav_whose_header_tells_of_less_than_follows_is_read_to_its_end(
    tmp_path: Path, subtype: str, container: str
) -> None:
    path = tmp_path / "a.wav"
    content, expected = written(path, SECOND, container, subtype)
    at = content.index(b"data") + 4
    path.write_bytes(content[:at] + struct.pack("<I", 8000) + content[at + 4 :])
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert len(audio.notes) == 1 and "its header tells of 8000 bytes of samples" in audio.notes[0]


@pytest.mark.parametrize("container", ["AU", "AIFF", "W64", "CAF", "NIST", "AVR"])
def test_what_is_left_behind_the_samples_of_others_is_noted(tmp_path: Path, container: str) -> None:
    path = tmp_path / "a"
    content, expected = written(path, FIRST, container, "PCM_16")
    path.write_bytes(content + CHANCE.bytes(5000))
    audio = open_audio(path)
    heard = audio.read(RATE)
    np.testing.assert_array_equal(heard[: len(expected)], expected)
    fate = "left" if len(heard) == len(expected) else "read, too"
    assert f"its header tells of less than is in it; the last 5000 bytes were {fate}" in audio.notes[0]


@pytest.mark.parametrize(
    "behind", [b"LIST" + struct.pack("<I", 40) + bytes(40), b"odd " + struct.pack("<I", 3) + b"abc", bytes(5000)]
)
def test_chunks_and_zeros_behind_the_samples_are_no_samples(tmp_path: Path, behind: bytes) -> None:
    content, expected = written(tmp_path / "a.wav", FIRST, "WAV", "PCM_16")
    (tmp_path / "a.wav").write_bytes(content + behind)
    audio = open_audio(tmp_path / "a.wav")
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert audio.notes == []


def test_a_wav_behind_a_wav_is_noted(tmp_path: Path) -> None:
    content, expected = written(tmp_path / "a.wav", FIRST, "WAV", "PCM_16")
    (tmp_path / "a.wav").write_bytes(content + content)
    audio = open_audio(tmp_path / "a.wav")
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert audio.notes == [f"another recording follows the first in it; the last {len(content)} bytes were left"]
