"""Known faults: WAV files of recorders that lost power, or with odd chunks, were said to hold no samples."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from atmda.core.audio import open_audio
from atmda.core.audio.riff import Spliced, recovered
from atmda.errors import AudioError
from atmda.soundscapes.rendering import Event, Mix, Renderer

RATE = 16_000


def noise(seconds: float, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * RATE), channels)).astype(np.float32)


def wav(path: Path, seconds: float = 2.0, subtype: str = "PCM_16", channels: int = 1) -> bytes:
    sf.write(path, noise(seconds, channels), RATE, subtype, format="WAV")
    return path.read_bytes()


def without_sizes(content: bytes, riff: bool = True) -> bytes:
    """As a recorder leaves it that writes the sizes at the end and did not come to it."""
    at = content.index(b"data") + 4
    changed = content[:at] + bytes(4) + content[at + 4 :]
    return changed[:4] + bytes(4) + changed[8:] if riff else changed


def with_chunk(content: bytes, chunk: bytes, before: bytes) -> bytes:
    at = content.index(before)
    return content[:at] + chunk + content[at:]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW", "IMA_ADPCM"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("riff", [True, False])
def test_a_recorder_that_lost_power_loses_no_samples(tmp_path: Path, subtype: str, channels: int, riff: bool) -> None:
    whole = wav(tmp_path / "whole.wav", 2.0, subtype, channels)
    (tmp_path / "lost.wav").write_bytes(without_sizes(whole, riff))
    audio = open_audio(tmp_path / "lost.wav")
    expected = open_audio(tmp_path / "whole.wav").read(RATE)
    np.testing.assert_array_equal(audio.read(RATE)[: len(expected)], expected)
    assert audio.frames >= len(expected)
    assert len(audio.notes) == 1 and "lost power" in audio.notes[0]


def test_a_recorder_of_long_files_that_lost_power_loses_none_either(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", noise(2.0), RATE, "PCM_16", format="RF64")
    expected = open_audio(tmp_path / "a.wav").read(RATE)
    content = (tmp_path / "a.wav").read_bytes()
    at = content.index(b"ds64") + 8
    (tmp_path / "a.wav").write_bytes(content[:at] + bytes(24) + content[at + 24 :])
    audio = open_audio(tmp_path / "a.wav")
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert "lost power" in audio.notes[0]


def test_a_part_of_it_is_the_same_part(tmp_path: Path) -> None:
    whole = wav(tmp_path / "whole.wav", 3.0)
    (tmp_path / "lost.wav").write_bytes(without_sizes(whole))
    part = open_audio(tmp_path / "lost.wav", start=1.25, end=2.5).read(RATE)
    np.testing.assert_array_equal(part, open_audio(tmp_path / "whole.wav").read(RATE)[20_000:40_000])


def test_a_last_sample_that_was_half_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(without_sizes(wav(tmp_path / "a.wav", 1.0, channels=2))[:-3])
    assert len(open_audio(tmp_path / "a.wav").read(RATE)) == RATE - 1


@pytest.mark.parametrize("before", [b"fmt ", b"data"])
@pytest.mark.parametrize("length", [1, 5, 77])
def test_an_odd_chunk_without_padding_hides_no_samples(tmp_path: Path, before: bytes, length: int) -> None:
    whole = wav(tmp_path / "whole.wav")
    chunk = b"note" + struct.pack("<I", length) + b"x" * length
    (tmp_path / "odd.wav").write_bytes(with_chunk(whole, chunk, before))
    audio = open_audio(tmp_path / "odd.wav")
    np.testing.assert_array_equal(audio.read(RATE), open_audio(tmp_path / "whole.wav").read(RATE))
    assert audio.notes == ["a chunk of odd length in it has no padding; it was read nonetheless"]


def test_an_odd_chunk_with_its_padding_is_as_it_should_be(tmp_path: Path) -> None:
    whole = wav(tmp_path / "whole.wav")
    (tmp_path / "odd.wav").write_bytes(with_chunk(whole, b"note" + struct.pack("<I", 5) + b"abcde\0", b"data"))
    audio = open_audio(tmp_path / "odd.wav")
    assert len(audio.read(RATE)) == 2 * RATE and audio.notes == []


def test_an_odd_chunk_in_a_cut_file_is_truncated_still(tmp_path: Path) -> None:
    whole = with_chunk(wav(tmp_path / "a.wav"), b"note" + struct.pack("<I", 5) + b"abcde", b"data")
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match="truncated"):
        open_audio(tmp_path / "a.wav")


def test_a_file_that_is_empty_but_for_chunks_behind_the_data_holds_no_samples(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", noise(0.0), RATE)
    content = (tmp_path / "a.wav").read_bytes()
    for chunk in (b"LIST" + struct.pack("<I", 4) + b"INFO", b"LIST" + struct.pack("<I", 3000) + bytes(3000)):
        (tmp_path / "a.wav").write_bytes(content + chunk)
        with pytest.raises(AudioError, match="it holds no samples"):
            open_audio(tmp_path / "a.wav")


def test_good_files_are_read_by_libsndfile_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav(tmp_path / "a.wav")
    monkeypatch.setattr("atmda.core.audio.sndfile.recovered", None)
    assert open_audio(tmp_path / "a.wav").read(RATE).shape == (2 * RATE,)


def test_a_long_one_is_streamed_and_never_in_memory(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", np.tile(noise(10.0), (120, 1)), RATE)
    (tmp_path / "a.wav").write_bytes(without_sizes((tmp_path / "a.wav").read_bytes()))
    tracemalloc.start()
    for _ in open_audio(tmp_path / "a.wav").windows(RATE, 10.0):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12e6  # the file has 38 MB


def test_a_stream_over_a_mended_file_seeks_and_reads_as_a_file_does(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    whole = wav(path, 0.1)
    path.write_bytes(without_sizes(whole))
    mended = recovered(path, len(whole))
    assert mended is not None
    stream = Spliced(path, mended)
    content = stream.read()
    assert content is not None and content.endswith(whole[-3200:]) and stream.read() == b""
    assert stream.seek(-10, 2) == len(content) - 10 and stream.read(4) == content[-10:-6]
    assert stream.seek(-2, 1) == stream.tell() == len(content) - 8
    stream.close()
    stream.close()


@pytest.mark.parametrize("seed", range(4))
def test_a_wav_damaged_anywhere_in_its_header_is_read_or_named(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / "a.wav", np.random.default_rng(seed)
    whole = with_chunk(wav(path, 0.2), b"LIST" + struct.pack("<I", 5) + b"abcde", b"data")
    for _ in range(300):
        content = bytearray(without_sizes(whole) if chance.random() < 0.5 else whole)
        for place in chance.integers(0, 70, chance.integers(1, 5)):
            content[place] = chance.integers(256)
        path.write_bytes(bytes(content))
        try:
            open_audio(path).read(RATE)
        except AudioError as error:
            assert str(path) in str(error)


def test_a_background_of_a_recorder_that_lost_power_can_be_mixed_and_is_noted(tmp_path: Path) -> None:
    (tmp_path / "lost.wav").write_bytes(without_sizes(wav(tmp_path / "whole.wav", 4.0)))
    rendered = {}
    for name in ("whole", "lost"):
        event = Event("background", tmp_path / f"{name}.wav", 1.0, 0.0, 2.0, 0.0)
        renderer = Renderer()
        mix = Mix(2.0, (event,), sample_rate=RATE)
        rendered[name], again = renderer.render(mix), renderer.render(mix)
        assert again.notes == rendered[name].notes
    np.testing.assert_array_equal(rendered["lost"].samples, rendered["whole"].samples)
    assert rendered["whole"].notes == []
    assert "lost power" in rendered["lost"].notes[0] and "lost.wav" in rendered["lost"].notes[0]
