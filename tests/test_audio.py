from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from atmda.core.audio import from_array, open_audio
from atmda.errors import AudioError


def noise(seconds, rate=22_050, channels=1):
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 96_000])
def test_a_recording_is_resampled_with_soxr_hq_after_the_channels_are_averaged(tmp_path, rate):
    samples = noise(0.7, rate, 2)
    sf.write(tmp_path / "a.wav", samples, rate, "FLOAT")
    expected = samples.mean(axis=1)
    if rate != 16_000:
        expected = soxr.resample(expected, rate, 16_000, "HQ")
    np.testing.assert_array_equal(open_audio(tmp_path / "a.wav").read(16_000), expected)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
@pytest.mark.parametrize("seconds", [0.01, 1.0, 3.3, 65.0])
def test_the_windows_of_a_recording_put_end_to_end_are_the_whole_recording(tmp_path, rate, seconds):
    sf.write(tmp_path / "a.wav", noise(seconds, rate), rate)
    windows = list(open_audio(tmp_path / "a.wav").windows(16_000, 1.0))
    assert all(len(window) == 16_000 for window in windows[:-1])
    assert 0 < len(windows[-1]) <= 16_000
    np.testing.assert_array_equal(np.concatenate(windows), open_audio(tmp_path / "a.wav").read(16_000))


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "aiff", "au", "caf", "w64", "mp3"])
def test_every_format_libsndfile_writes_is_read(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    sf.write(path, noise(0.5)[:, 0], 22_050)
    assert len(open_audio(path).read(22_050)) >= 0.5 * 22_050


def refused(path):
    with pytest.raises(AudioError) as caught:
        open_audio(path).read(16_000)
    assert str(path) in str(caught.value)
    return caught.value.reason


def test_an_empty_file_is_named_with_its_reason(tmp_path):
    (tmp_path / "a.wav").touch()
    assert refused(tmp_path / "a.wav") == "it is empty (0 bytes)"


def test_a_missing_file_is_named(tmp_path):
    assert "cannot be opened" in refused(tmp_path / "a.wav")


def test_a_text_file_called_wav_is_named(tmp_path):
    (tmp_path / "a.wav").write_text("not audio")
    assert "not audio" in refused(tmp_path / "a.wav")


def test_a_header_without_frames_is_named(tmp_path):
    sf.write(tmp_path / "a.wav", np.zeros(0, np.float32), 16_000)
    assert "no samples" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_numbers_are_named(tmp_path, value):
    samples = noise(0.5)
    samples[100] = value
    sf.write(tmp_path / "a.wav", samples, 22_050, "FLOAT")
    assert "not numbers" in refused(tmp_path / "a.wav")


@pytest.mark.parametrize("ending", ["wav", "aiff", "flac", "ogg"])
def test_a_file_cut_in_half_is_truncated_and_not_silently_short(tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    sf.write(path, noise(3.0)[:, 0], 22_050)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert any(word in refused(path) for word in ("truncated", "decoding stopped", "libsndfile"))


def test_a_wav_written_by_a_stream_that_did_not_know_its_length_is_whole(tmp_path):
    path = tmp_path / "a.wav"
    sf.write(path, noise(1.0)[:, 0], 22_050, "PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(content))
    assert len(open_audio(path).read(22_050)) == 22_050


def test_a_waveform_in_memory_gives_the_same_samples_as_its_file(tmp_path):
    samples = noise(0.4, 44_100, 2)
    sf.write(tmp_path / "a.wav", samples, 44_100, "FLOAT")
    np.testing.assert_array_equal(from_array(samples, 44_100).read(16_000), open_audio(tmp_path / "a.wav").read(16_000))


def test_an_hour_is_read_in_blocks():
    blocks = []

    def generate():
        for _ in range(4):
            blocks.append(1)
            yield np.zeros(160_000, np.float32)

    from atmda.core.audio import Audio

    windows = Audio("long", 16_000, 640_000, generate).windows(16_000, 10.0)
    next(windows)
    assert len(blocks) == 1


def test_the_real_recordings_are_whole(test_data):
    for path in sorted(Path(test_data, "golden").glob("*.wav")) + sorted(Path(test_data, "data/demo").rglob("*.wav")):
        audio = open_audio(path)
        assert len(audio.read(audio.sample_rate)) == audio.frames


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 192_000])
@pytest.mark.parametrize("ending", ["wav", "flac", "aiff", "w64"])
def test_a_part_of_a_recording_is_exactly_its_frames(tmp_path, rate, ending):
    path = tmp_path / f"a.{ending}"
    sf.write(path, noise(1.5, rate, 2), rate)
    whole = open_audio(path).read(rate)
    for start, end in ((0.0, 0.5), (0.3333, 1.0001), (1.25, None), (None, 0.1), (0.5, 1.5)):
        part = open_audio(path, start=start, end=end)
        first, last = round((start or 0) * rate), len(whole) if end is None else round(end * rate)
        np.testing.assert_array_equal(part.read(rate), whole[first:last])
        assert part.frames == last - first


def test_a_part_longer_than_a_block_is_read_in_blocks(tmp_path):
    sf.write(tmp_path / "a.wav", noise(70.0, 8_000), 8_000)
    whole = open_audio(tmp_path / "a.wav").read(8_000)
    np.testing.assert_array_equal(
        open_audio(tmp_path / "a.wav", start=2.0, end=69.0).read(8_000), whole[16_000:552_000]
    )


@pytest.mark.parametrize(("start", "end"), [(2.0, 3.0), (0.5, 9.0), (1.0, 1.0), (1.5, None)])
def test_a_part_outside_the_recording_is_refused_with_its_length(tmp_path, start, end):
    sf.write(tmp_path / "a.wav", noise(1.5), 22_050)
    with pytest.raises(AudioError, match=r"a\.wav: the part from .* is not in it: it lasts 1\.5 s"):
        open_audio(tmp_path / "a.wav", start=start, end=end)
