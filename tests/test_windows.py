"""Long recordings are embedded window by window: exact times, the same bytes on any worker count and after a kill."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile as sf

from atmda.core.audio import AS_USUAL, open_audio
from atmda.core.audio.cut import Cut
from atmda.core.audio.long import LongRecording
from atmda.core.clip import Clip
from atmda.core.embeddings.store import read_store
from atmda.core.embeddings.windows import embed_windows
from atmda.core.encoders import load_encoder
from atmda.errors import SettingsError
from tests import processes


def spans(seconds: float, window: float, hop: float, rate: int = 8000) -> list[tuple[float, float]]:
    cut, frames = Cut.of(window, hop), round(seconds * rate)
    return [tuple(map(float, cut.span(k, frames, rate))) for k in range(cut.count(frames, rate))]


def noise(path: Path, seconds: float, rate: int = 16_000, channels: int = 1) -> Path:
    rng = np.random.default_rng(7)
    samples = rng.standard_normal((round(seconds * rate), channels)) * 0.05
    place = round(0.4 * len(samples))
    samples[place : place + rate // 2] *= 8
    sf.write(path, samples, rate)
    return path


def test_the_last_window_ends_with_the_recording() -> None:
    assert spans(10, 4, 4) == [(0, 4), (4, 8), (6, 10)]
    assert spans(8, 4, 4) == [(0, 4), (4, 8)]
    assert spans(9, 4, 2) == [(0, 4), (2, 6), (4, 8), (5, 9)]
    assert spans(3, 4, 1) == [(0, 3)]


def test_windows_apart_do_not_add_one_where_the_next_would_begin_behind_the_end() -> None:
    assert spans(10, 2, 5) == [(0, 2), (5, 7)]
    assert spans(11, 2, 5) == [(0, 2), (5, 7), (9, 11)]


def test_times_are_exact_after_a_million_windows() -> None:
    cut, rate = Cut.of(0.3, 0.1), 44_100
    frames = rate * 200_000
    assert cut.span(1_000_003, frames, rate) == (Fraction("100000.3"), Fraction("100000.6"))
    assert float(cut.span(1_000_003, frames, rate)[0]) == 100000.3


def test_a_window_or_hop_of_nothing_is_refused() -> None:
    for window, hop in ((0, 1), (1, 0), (-1, None), (float("nan"), 1)):
        with pytest.raises(SettingsError, match="more than 0"):
            Cut.of(window, hop)


@pytest.mark.parametrize("rate", [16_000, 44_100, 22_050, 192_000])
def test_windows_hold_the_samples_of_their_time_at_any_rate(tmp_path: Path, rate: int) -> None:
    path = noise(tmp_path / "a.wav", 9.7, rate)
    whole = open_audio(path).read(16_000)
    recording = LongRecording.open(path, "a", Cut.of(2, 1.5), AS_USUAL)
    for stretch in recording.stretches():
        for (start, end), audio in zip(stretch.spans, stretch.audio(16_000), strict=True):
            samples = audio.read(16_000)
            assert len(samples) == 32_000 and end - start == pytest.approx(2)
            np.testing.assert_allclose(samples, whole[round(start * 16_000) :][:32_000], atol=2e-6)


def test_a_stretch_in_the_middle_reads_what_the_whole_recording_has_there(tmp_path: Path, monkeypatch: object) -> None:
    path = noise(tmp_path / "a.flac", 30.33, 44_100, channels=2)
    whole = open_audio(path).read(16_000)
    from atmda.core.audio import long

    monkeypatch.setattr(long, "STRETCH_SECONDS", 7)  # type: ignore[attr-defined]
    recording = LongRecording.open(path, "a", Cut.of(2, 1), AS_USUAL)
    stretches = list(recording.stretches())
    assert len(stretches) == 5 and sum(len(stretch.windows) for stretch in stretches) == recording.windows
    for stretch in stretches[1:]:
        first, samples = stretch.samples(16_000)
        start, end = stretch.places(16_000)[0][0], stretch.places(16_000)[-1][1]
        assert first <= start and end <= first + len(samples)
        np.testing.assert_allclose(samples[start - first : end - first], whole[start:end], atol=2e-6)


def test_windows_that_do_not_overlap_are_embedded_as_clips_of_their_own(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 11)
    encoder = load_encoder("compact")
    found = [w for s in embed_windows(encoder, iter([Clip(path, "a.wav")]), Cut.of(4)) for w in s.windows]
    assert [clip.name for clip, _ in found] == ["a.wav#t=0,4", "a.wav#t=4,8", "a.wav#t=7,11"]
    parts = [Clip(path, "part", start=clip.start, end=clip.end) for clip, _ in found]
    np.testing.assert_array_equal(np.stack([result.embedding for _, result in found]), encoder.embed_audio(parts))


def test_windows_that_overlap_are_close_to_clips_of_their_own(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 20)
    encoder = load_encoder("compact")
    found = [w for s in embed_windows(encoder, iter([Clip(path, "a.wav")]), Cut.of(5, 1)) for w in s.windows]
    assert len(found) == 16
    parts = [Clip(path, "part", start=clip.start, end=clip.end) for clip, _ in found]
    cosines = (np.stack([result.embedding for _, result in found]) * encoder.embed_audio(parts)).sum(axis=1)
    assert cosines.min() > 0.85 and cosines.mean() > 0.95
    levels = [result.level for _, result in found]
    assert levels[int(np.argmax(levels))] == max(levels) > min(levels) + 3  # the burst at 8 s is in some of them


def test_a_recording_shorter_than_a_window_or_a_patch_is_one_window(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 0.4)
    encoder = load_encoder("compact")
    (stretch,) = embed_windows(encoder, iter([Clip(path, "a.wav")]), Cut.of(5, 1))
    ((clip, result),) = stretch.windows
    assert (clip.start, clip.end) == (0, 0.4)
    np.testing.assert_array_equal(result.embedding, encoder.embed_audio([path])[0])


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str


def embed(folder: Path, output: Path, *more: str) -> Ended:
    words = ("embed", "--audio-folder", str(folder), "--output", str(output), "--model", "compact", *more)
    return Ended(*processes.run(*words))


def test_a_store_of_windows_has_their_times_and_is_the_same_on_any_worker_count(tmp_path: Path) -> None:
    folder = tmp_path / "audio"
    folder.mkdir()
    noise(folder / "a.wav", 12)
    noise(folder / "b.wav", 3.5, 44_100)
    for workers in ("1", "3"):
        done = embed(folder, tmp_path / workers, "--window", "2", "--hop", "0.5", "--num-workers", workers)
        assert done.code == 0, done.stderr
    one, three = (pq.read_table(tmp_path / workers / "part-00000.parquet") for workers in ("1", "3"))
    assert one.equals(three)
    assert one["clip"].to_pylist()[:2] == ["a.wav#t=0,2", "a.wav#t=0.5,2.5"]
    assert (one["start"][-1].as_py(), one["end"][-1].as_py()) == (1.5, 3.5)
    assert set(one["source"].to_pylist()) == {"a.wav", "b.wav"}
    assert read_store(tmp_path / "1").starts is not None


def test_a_store_of_other_windows_is_not_mixed_in(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 4)
    assert embed(path, tmp_path / "store", "--window", "2").code == 0
    again = embed(path, tmp_path / "store", "--window", "2", "--hop", "1")
    assert again.code == 1 and "hop is 2 s, not 1 s" in again.stderr
    plain = embed(path, tmp_path / "store")
    assert plain.code == 1 and "made in another way" in plain.stderr


def test_a_store_with_windows_missing_is_filled_to_the_same_rows(tmp_path: Path) -> None:
    from atmda.core.embeddings.manifest import Manifest, read_manifest
    from atmda.core.embeddings.store import EmbeddingStore

    path = noise(tmp_path / "a.wav", 12)
    assert embed(path, tmp_path / "store", "--window", "2", "--hop", "1").code == 0
    whole = read_store(tmp_path / "store")
    manifest = read_manifest(tmp_path / "store")
    assert isinstance(manifest, Manifest)
    EmbeddingStore.open(tmp_path / "store", manifest).forget({"a.wav#t=3,5", "a.wav#t=10,12"})
    again = embed(path, tmp_path / "store", "--window", "2", "--hop", "1")
    assert again.code == 0 and "9 windows are done" in again.stderr
    found = read_store(tmp_path / "store")
    order = [found.clips.index(clip) for clip in whole.clips]
    np.testing.assert_array_equal(found.embeddings[order], whole.embeddings)


def test_a_recording_that_was_replaced_is_cut_and_embedded_again(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 6)
    noise(tmp_path / "b.wav", 4)
    assert embed(tmp_path, tmp_path / "store", "--window", "2").code == 0
    noise(path, 9)
    again = embed(tmp_path, tmp_path / "store", "--window", "2")
    assert again.code == 0 and "1 recordings have changed" in again.stderr
    assert "7 windows embedded, those of 1 recording again since they had changed." in again.stderr
    assert sorted(read_store(tmp_path / "store").clips)[:5] == [
        "a.wav#t=0,2", "a.wav#t=2,4", "a.wav#t=4,6", "a.wav#t=6,8", "a.wav#t=7,9",
    ]  # fmt: skip


@pytest.mark.parametrize("hop", ["2", "1"])
def test_a_recording_damaged_in_its_middle_keeps_the_windows_around_and_names_the_rest(
    tmp_path: Path, hop: str
) -> None:
    good = noise(tmp_path / "a.flac", 40)
    content = bytearray(good.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 6000] = bytes(6000)
    good.write_bytes(content)
    done = embed(good, tmp_path / "store", "--window", "2", "--hop", hop)
    assert done.code == 3 and "a.flac from 1" in done.stderr
    starts = read_store(tmp_path / "store").starts
    assert starts is not None and starts.min() == 0 and starts.max() == 38
    assert 0.8 < len(starts) / (20 if hop == "2" else 39) < 1


def test_jobs_of_an_array_share_one_long_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from atmda.core.audio import long

    monkeypatch.setattr(long, "STRETCH_SECONDS", 3)
    path = noise(tmp_path / "a.wav", 12)
    for job in (1, 2, 3):
        assert embed(path, tmp_path / "shared", "--window", "1", "--shard", f"{job}/3").code == 0
    assert embed(path, tmp_path / "alone", "--window", "1").code == 0
    shared, alone = read_store(tmp_path / "shared"), read_store(tmp_path / "alone")
    assert not shared.problems and sorted(shared.clips) == sorted(alone.clips)
    parts = [len(pq.read_table(file)) for file in sorted((tmp_path / "shared").glob("*.parquet"))]
    assert parts == [6, 3, 3]
    order = [shared.clips.index(clip) for clip in alone.clips]
    np.testing.assert_array_equal(shared.embeddings[order], alone.embeddings)


def test_a_hop_without_a_window_is_refused(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 1)
    done = embed(path, tmp_path / "store", "--hop", "1")
    assert done.code == 2 and "--window" in done.stderr


def sparse_rf64(path: Path, rate: int, channels: int, seconds: int, form: str = "RF64") -> None:
    """16-bit samples, all zero but for half a second of noise 10 s before the end; over 4 GB in no room."""
    frame = 2 * channels
    length = rate * seconds * frame
    facts = struct.pack("<HHIIHH", 1, channels, rate, rate * frame, frame, 16)
    if form == "RF64":
        ds64 = struct.pack("<QQQI", length + 80, length, rate * seconds, 0)
        header = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<I", 28) + ds64
        header += b"fmt " + struct.pack("<I", 16) + facts + b"data\xff\xff\xff\xff"
    else:
        guid = bytes.fromhex("f3acd3118cd100c04f8edb8a")
        header = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00" + struct.pack("<Q", length + 104)
        header += b"wave" + guid + b"fmt " + guid + struct.pack("<Q", 40) + facts
        header += b"data" + guid + struct.pack("<Q", length + 24)
    noise = (np.random.default_rng(1).standard_normal((rate // 2, channels)) * 3000).astype("<i2")
    with path.open("wb") as file:
        file.write(header)
        file.seek(len(header) + (rate * (seconds - 10) + rate // 4) * frame)
        file.write(noise.tobytes())
        file.truncate(len(header) + length)


@pytest.mark.parametrize(
    ("form", "rate", "channels", "seconds"), [("RF64", 384_000, 8, 720), ("W64", 192_000, 4, 2900)]
)
def test_times_are_right_at_the_end_of_a_file_of_more_than_4_gigabytes(
    tmp_path: Path, form: str, rate: int, channels: int, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atmda.core.audio import long

    path = tmp_path / f"big.{form.lower()}"
    sparse_rf64(path, rate, channels, seconds, form)
    assert path.stat().st_size > 1 << 32
    monkeypatch.setattr(long, "STRETCH_SECONDS", 3)
    recording = LongRecording.open(path, "big", Cut.of(1), AS_USUAL)
    assert recording.seconds == seconds and recording.windows == seconds
    stretch = next(s for s in recording.stretches() if seconds - 10 in s.windows)
    loud = {}
    for (start, _), audio in zip(stretch.spans, stretch.audio(16_000), strict=True):
        loud[start] = float(np.abs(audio.read(16_000)).max())
    assert max(loud, key=lambda start: loud[start]) == seconds - 10
    assert sum(level > 1e-3 for level in loud.values()) == 1
