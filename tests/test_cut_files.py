"""Known fault: a file that was cut short was labelled as whole, in any container but RIFF, RIFX, FORM and Ogg."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from atmda.core.audio import open_audio
from atmda.errors import AudioError

RATE = 8_000
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, RATE).astype(np.float32)
#: no length in them: PAF, PVF and IRCAM never, XI as libsndfile writes it; SD2 keeps its header in another file
LENGTHLESS = ("PAF", "PVF", "IRCAM", "XI")
#: DWVW is not read by soundfile, cut or whole; raw samples have no header
LEFT_OUT = {"RAW", "SD2", "DWVW_12", "DWVW_16", "DWVW_24"}


def written(path: Path, container: str, subtype: str) -> bytes:
    try:
        sf.write(path, NOISE, RATE, subtype, format=container)
    except sf.LibsndfileError:
        pytest.skip("libsndfile does not write it")
    return path.read_bytes()


def read(path: Path) -> tuple[int, list[str]]:
    audio = open_audio(path)
    return len(audio.read(audio.sample_rate)), audio.notes


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        (container, subtype)
        for container in sf.available_formats()
        for subtype in sf.available_subtypes(container)
        if not LEFT_OUT & {container, subtype} and not subtype.startswith(("MPEG_LAYER_I", "NMS"))
    ]
    + [("MP3", "MPEG_LAYER_III")],
)
def test_a_file_cut_at_60_percent_is_refused_or_noted(tmp_path: Path, container: str, subtype: str) -> None:
    path = tmp_path / f"a.{container.lower()}"
    whole = written(path, container, subtype)
    frames, notes = read(path)
    assert frames >= RATE
    if container in LENGTHLESS:
        assert "whether it was cut cannot be known" in notes[0]
    else:
        assert notes == []
    path.write_bytes(whole[: len(whole) * 6 // 10])
    if container in LENGTHLESS:
        frames, notes = read(path)
        assert frames < RATE and "whether it was cut cannot be known" in notes[0]
    else:
        with pytest.raises(AudioError, match="truncated"):
            read(path)


@pytest.mark.parametrize("value", [0x7FFFF000, 0x7FFFFFDB, 0x7FFFFFFF, 0x80000000, 0xFFFFFF00, 0xFFFFFFDB, 0xFFFFFFFF])
@pytest.mark.parametrize("container", ["WAV", "AU"])
def test_a_file_written_to_a_pipe_is_read_to_its_end(tmp_path: Path, value: int, container: str) -> None:
    path = tmp_path / "a.wav"
    content = bytearray(written(path, container, "PCM_16"))
    expected = open_audio(path).read(RATE)
    place, order = (content.index(b"data") + 4, "<") if container == "WAV" else (8, ">")
    content[place : place + 4] = struct.pack(order + "I", value)
    path.write_bytes(bytes(content))
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), expected)
    known = value in (0x7FFFFFFF, 0xFFFFFFFF)
    assert audio.notes == [] if known else "as programs do that write to a pipe" in audio.notes[0]


@pytest.mark.parametrize("value", [40_000, 0x00FFFFFF, 0x7FFE0000, 0xFFFE0000])
def test_other_lengths_than_a_pipe_leaves_are_promises(tmp_path: Path, value: int) -> None:
    content = bytearray(written(tmp_path / "a.wav", "WAV", "PCM_16"))
    content[40:44] = struct.pack("<I", value)
    (tmp_path / "a.wav").write_bytes(bytes(content))
    with pytest.raises(AudioError, match="truncated"):
        open_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_flac_that_does_not_tell_its_length_is_read_to_its_end(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.flac"
    sound = np.tile(NOISE, 40)  # more than a block
    sf.write(path, sound, RATE, subtype)
    expected = open_audio(path).read(RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(bytes(content))
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert audio.notes == [] and audio.frames == len(sound)
    np.testing.assert_array_equal(
        open_audio(path, start=31.0, end=32.5).read(RATE), expected[31 * RATE : 65 * RATE // 2]
    )
    path.write_bytes(bytes(content[: len(content) * 6 // 10]))
    with pytest.raises(AudioError, match="truncated or damaged"):
        open_audio(path).read(RATE)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_caf_whose_data_reach_to_the_end_is_read(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.caf"
    content = bytearray(written(path, "CAF", subtype))
    expected = open_audio(path).read(RATE)
    place = content.index(b"data") + 4
    content[place : place + 8] = b"\xff" * 8
    path.write_bytes(bytes(content))
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert audio.notes == []


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_bw64_is_read_and_its_length_is_kept(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.wav"
    content = written(path, "RF64", subtype)
    expected = open_audio(path).read(RATE)
    path.write_bytes(b"BW64" + content[4:] + b"axml" + struct.pack("<I", 2000) + b"x" * 2000)
    audio = open_audio(path)
    np.testing.assert_array_equal(audio.read(RATE), expected)
    assert audio.notes == []
    path.write_bytes((b"BW64" + content[4:])[: len(content) * 6 // 10])
    with pytest.raises(AudioError, match="truncated"):
        open_audio(path)


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_an_rf64_with_an_empty_ds64_is_read_to_its_end(tmp_path: Path, magic: bytes) -> None:
    path = tmp_path / "a.wav"
    content = written(path, "RF64", "PCM_16")
    expected = open_audio(path).read(RATE)
    place = content.index(b"ds64")
    (length,) = struct.unpack("<I", content[place + 4 : place + 8])
    rest = content[place + 8 + length :]
    for empty in (b"ds64" + struct.pack("<I", length) + bytes(length), b"ds64" + bytes(4), b""):
        path.write_bytes(magic + content[4:place] + empty + rest)
        audio = open_audio(path)
        np.testing.assert_array_equal(audio.read(RATE), expected)
        assert "all that follows was read" in audio.notes[0]


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
def test_more_than_4_gib_are_all_there(tmp_path: Path, magic: bytes) -> None:
    path = tmp_path / "a.wav"
    content = bytearray(written(path, "RF64", "PCM_16"))
    samples = 5 * 2**30
    start = content.index(b"data") + 8
    place = content.index(b"ds64") + 8
    content[place + 8 : place + 16] = struct.pack("<Q", samples)
    path.write_bytes(magic + bytes(content[4:start]))
    os.truncate(path, start + samples)  # takes no room on the disk
    assert open_audio(path).frames == samples // 2
    os.truncate(path, start + samples - 2)
    with pytest.raises(AudioError, match="truncated"):
        open_audio(path)


def test_raw_samples_without_a_header_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(1000))
    with pytest.raises(AudioError, match="not audio"):
        open_audio(tmp_path / "a.raw")


@pytest.mark.parametrize("container", ["AU", "AVR", "CAF", "MAT4", "MAT5", "NIST", "RF64", "SDS", "VOC", "W64", "XI"])
def test_a_header_damaged_anywhere_is_read_or_named(tmp_path: Path, container: str) -> None:
    path, chance = tmp_path / "a", np.random.default_rng(2)
    whole = written(path, container, "DPCM_16" if container == "XI" else "PCM_16")[:4000]
    for _ in range(60):
        content = bytearray(whole)
        for place in chance.integers(4, 350, chance.integers(1, 8)):
            content[place] = chance.choice((0, 255, chance.integers(256)))
        path.write_bytes(bytes(content))
        try:
            open_audio(path).read(RATE)
        except AudioError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("length", range(12, 60, 3))
def test_a_header_that_ends_in_the_middle_of_a_number_is_named(tmp_path: Path, length: int) -> None:
    """An RF64 whose ds64 chunk was cut once ended in a struct.error."""
    sf.write(tmp_path / "a.rf64", np.zeros(800), 16_000, format="RF64", subtype="DOUBLE")
    (tmp_path / "a.rf64").write_bytes((tmp_path / "a.rf64").read_bytes()[:length])
    with pytest.raises(AudioError):
        open_audio(tmp_path / "a.rf64").read(16_000)
