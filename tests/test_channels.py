"""Known faults: stereo whose channels cancel was "digital silence" with a label; a dead channel halved the level."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile as sf
from spectral import SpectralEncoder
from typer.testing import CliRunner

from atmda.cli import app
from atmda.core.audio import Reading, from_array, open_audio
from atmda.core.embeddings.engine import embed_clips
from atmda.errors import AudioError, SettingsError

RATE = 16_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
NOISE = np.random.default_rng(1).uniform(-0.1, 0.1, RATE).astype(np.float32)
ZERO = np.zeros(RATE, np.float32)


def atmda(*arguments, code=0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def write(path: Path, *channels: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    sf.write(path, np.stack(channels, axis=1), RATE, "FLOAT")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "in/cancel.wav", TONE, -TONE)
    write(tmp_path / "in/dead.wav", ZERO, TONE)
    write(tmp_path / "in/good.wav", TONE, NOISE)
    write(tmp_path / "in/silent.wav", ZERO, ZERO)
    return tmp_path / "in"


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="") as file:
        return {row["filename"]: row for row in csv.DictReader(file)}


def labelled(folder: Path, *more: object) -> dict[str, dict[str, str]]:
    atmda("infer", "--model", "spectral", "--labels", "a,b", "--audio-folder", folder, "-o", "out.csv", *more)
    return rows(Path("out.csv"))


def test_channels_that_cancel_are_told_and_not_called_digital_silence(folder: Path) -> None:
    found = labelled(folder)
    assert "channels cancel" in found["cancel.wav"]["note"] and "digital silence" not in found["cancel.wav"]["note"]
    assert "digital silence" in found["silent.wav"]["note"]
    assert found["good.wav"]["note"] == ""


def test_a_dead_channel_is_told_with_its_number(folder: Path) -> None:
    assert "of its 2 channels channel 1 is silent" in labelled(folder)["dead.wav"]["note"]


def test_an_input_with_nothing_plugged_in_is_silent_for_all_its_hiss(tmp_path: Path) -> None:
    audio = open_audio(write(tmp_path / "a.wav", TONE, NOISE * 1e-3))
    audio.read(RATE)
    assert "channel 2 is silent" in audio.notes[0]


def test_a_program_can_leave_out_silent_recordings_by_a_column(folder: Path) -> None:
    found = labelled(folder)
    assert list(found["good.wav"])[:3] == ["filename", "label", "confidence"]
    silent = {"cancel.wav": "true", "dead.wav": "false", "good.wav": "false", "silent.wav": "true"}
    assert {name: row["silent"] for name, row in found.items()} == silent
    for ending in ("jsonl", "parquet"):
        labels = ("--labels", "a,b", "--audio-folder", folder, "-o", f"out.{ending}")
        atmda("infer", "--model", "spectral", *labels)
    lines = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [line["silent"] for line in lines] == [True, False, False, True]
    assert pq.read_table("out.parquet")["silent"].to_pylist() == [True, False, False, True]


def test_a_store_remembers_which_recordings_are_silent(folder: Path) -> None:
    atmda("embed", "--model", "spectral", "--audio-folder", folder, "--output", "emb")
    atmda("infer", "--model", "spectral", "--labels", "a,b", "--embeddings", "emb", "-o", "out.csv")
    assert [row["silent"] for row in rows(Path("out.csv")).values()] == ["true", "false", "false", "true"]


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("mix", (NOISE + TONE) / 2), ("left", NOISE), ("right", TONE), ("loudest", TONE), ("1", NOISE), ("2", TONE)],
)
def test_one_channel_is_read_exactly_as_it_is_stored(tmp_path: Path, channel: str, expected: np.ndarray) -> None:
    path = write(tmp_path / "a.wav", NOISE, TONE)
    reading = Reading(channel=channel)
    np.testing.assert_array_equal(open_audio(path, reading=reading).read(RATE), expected)
    stored = np.stack([NOISE, TONE], axis=1)
    np.testing.assert_array_equal(from_array(stored, RATE, reading=reading).read(RATE), expected)
    part = open_audio(path, start=0.25, end=0.5, reading=reading)
    np.testing.assert_array_equal(part.read(RATE), expected[RATE // 4 : RATE // 2])


def test_the_loudest_channel_is_that_of_the_whole_recording_not_of_its_beginning(tmp_path: Path) -> None:
    quiet, late = np.tile(NOISE, 40), np.concatenate([np.tile(ZERO, 38), TONE, TONE])
    audio = open_audio(write(tmp_path / "a.wav", quiet, late), reading=Reading(channel="loudest"))
    np.testing.assert_array_equal(audio.read(RATE), late)


def test_a_channel_that_a_recording_lacks_is_told_and_the_others_go_on(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "in/mono.wav", TONE)
    more = ("--channel", "right", "--json")
    told = json.loads(
        atmda("infer", "--model", "spectral", "--labels", "a,b", "--audio-folder", folder, *more, code=3).stdout
    )
    assert told["skipped"] == {"mono.wav": "it has one channel; there is no `channel` right"}
    with pytest.raises(AudioError, match="it has 2 channels; there is no `channel` 3"):
        open_audio(folder / "good.wav", reading=Reading(channel="3"))


def test_infer_reads_the_channel_that_is_asked_for(folder: Path) -> None:
    found = labelled(folder, "--channel", "right")
    assert {name: row["silent"] for name, row in found.items()}["silent.wav"] == "true"
    assert found["cancel.wav"]["silent"] == "false" and found["cancel.wav"]["note"] == ""
    assert found["dead.wav"]["score"] == labelled(folder, "--channel", "loudest")["dead.wav"]["score"]


@pytest.mark.parametrize("value", ["0", "-1", "middle", "1.5", ""])
def test_a_channel_that_cannot_be_is_refused_before_anything_is_read(folder: Path, value: str) -> None:
    shown = atmda("embed", "--audio-folder", folder, "--channel", value, code=2)
    assert "--channel" in shown.stderr and "loudest" in shown.stderr


def test_a_channel_that_cannot_be_is_refused_in_python_too() -> None:
    for channel in ("middle", "0", "-1", ""):
        with pytest.raises(SettingsError, match="`channel`"):
            Reading(channel=channel)


def test_a_store_of_another_channel_is_not_gone_on_with_and_the_mix_is_what_it_always_was(folder: Path) -> None:
    embed = ("embed", "--model", "spectral", "--audio-folder", folder, "--output")
    atmda(*embed, "left", "--channel", "left")
    atmda(*embed, "mix")
    assert json.loads(Path("left/_manifest.json").read_text())["identity"]["channel"] == "left"
    assert json.loads(Path("mix/_manifest.json").read_text())["identity"] == SpectralEncoder().identity
    assert "channel is left, not" in atmda(*embed, "left", "--channel", "right", code=1).stderr
    assert "channel is left, not" in atmda(*embed, "left", code=1).stderr
    assert "channel is" in atmda(*embed, "mix", "--channel", "left", code=1).stderr
    atmda(*embed, "left", "--channel", "LEFT")


def test_prototypes_of_another_channel_are_refused(folder: Path, tmp_path: Path) -> None:
    for name, tone in (("x", TONE), ("y", NOISE)):
        (tmp_path / "examples").mkdir(exist_ok=True)
        write(tmp_path / f"examples/{name}/1.wav", tone, NOISE)
    infer = ("infer", "--model", "spectral", "--audio-folder", folder)
    atmda(*infer, "--mode", "sv", "--examples", "examples", "--channel", "left", "--save-prototypes", "p.npz")
    atmda(*infer, "--prototypes", "p.npz", "--channel", "left")
    assert "channel" in atmda(*infer, "--prototypes", "p.npz", code=1).stderr


def test_a_channel_is_refused_where_nothing_is_read(folder: Path) -> None:
    atmda("embed", "--model", "spectral", "--audio-folder", folder, "--output", "emb")
    shown = atmda("infer", "--labels", "a,b", "--embeddings", "emb", "--channel", "left", code=2)
    assert "--channel" in shown.stderr


def test_waveforms_in_memory_have_channels_too() -> None:
    ((result,),) = embed_clips(SpectralEncoder(), [(np.stack([TONE, -TONE], axis=1), RATE)])
    assert result.silent and "cancel" in result.notes[0]
    chosen = embed_clips(SpectralEncoder(), [(np.stack([TONE, -TONE], axis=1), RATE)], reading=Reading("right"))
    assert not next(chosen)[0].silent


def test_many_microphones_that_hear_different_things_do_not_cancel(tmp_path: Path) -> None:
    sounds = np.random.default_rng(2).normal(0, 0.1, (RATE, 128)).astype(np.float32)
    audio = from_array(sounds, RATE)
    audio.read(RATE)
    assert audio.notes == []
    nearly = from_array(np.stack([TONE, -0.99 * TONE], axis=1), RATE)
    nearly.read(RATE)
    assert "channels cancel" in nearly.notes[0] and nearly.peak > 0
