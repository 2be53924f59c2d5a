"""Known faults: of a JAMS edited by hand the sound followed the annotation, the manifest what it had been before."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from atmda.cli import app
from atmda.datasets import load_dataset
from atmda.soundscapes.loudness import integrated_loudness
from atmda.soundscapes.manifest import read_manifest

RATE = 8_000
SET_RATE = 44_100
Edit = Callable[[Callable[[dict[str, Any]], object]], None]


def augment(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["augment", *map(str, arguments), "--num-workers", "1"])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One soundscape of 4 s in `set`: 1 s of 100-8-0-0.wav (a siren of UrbanSound8K) at 1 s, at SNR 6, in a park."""
    sources = ("fg/fold1/siren/100-8-0-0.wav", 1.0), ("fg2/fold3/dog bark/200-3-0-0.wav", 1.0), ("bg/park/p.wav", 4.0)
    for k, (name, seconds) in enumerate((*sources, ("bg/metro/m.wav", 4.0))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        samples = np.random.default_rng(k).standard_normal(round(seconds * RATE)) * 0.05
        sf.write(tmp_path / name, samples, RATE)
    sources_of = ("--fg-dataset", tmp_path / "fg", "--bg-dataset", tmp_path / "bg", "--bg", "park")
    augment(
        *sources_of, "--duration", 4, "--event-time", 1, "--event-duration", 1, "--snr", 6, "--output", tmp_path / "set"
    )
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Edit:
    (path,) = (folder / "set").rglob("*.jams")

    def change(how: Callable[[dict[str, Any]], object]) -> None:
        whole = json.loads(path.read_text())
        how(whole)
        path.write_text(json.dumps(whole))

    return change


def again(folder: Path, source: str = "set", output: str = "again") -> tuple[dict[str, Any], str]:
    """The soundscape rendered again: its record, and stderr."""
    where = ("--fg-path", folder, "--bg-path", folder / "bg", "--output", folder / output)
    result = augment("--from-jams", folder / source, *where)
    (record,) = read_manifest(folder / output)
    return record, result.stderr


def listed(folder: Path, record: dict[str, Any]) -> list[tuple[float, float, str]]:
    """The lines of its label file."""
    lines = [line.split("\t") for line in (folder / "again" / record["txt"]).read_text().splitlines()]
    return [(float(onset), float(offset), label) for onset, offset, label in lines]


def front(whole: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = whole["annotations"][0]["data"][1]["value"]
    return value


def back(whole: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = whole["annotations"][0]["data"][0]["value"]
    return value


def moved(whole: dict[str, Any], when: float, **more: object) -> None:
    observation = whole["annotations"][0]["data"][1]
    observation["time"] = observation["value"]["event_time"] = when
    observation["value"].update(more)


def test_an_unedited_soundscape_gives_its_record_and_files_again(folder: Path) -> None:
    record, said = again(folder)
    assert [record] == read_manifest(folder / "set") and "contradict" not in said
    for key in ("file", "jams", "txt"):
        assert (folder / "again" / record[key]).read_bytes() == (folder / "set" / record[key]).read_bytes()


def test_an_edited_snr_onset_and_background_stand_in_the_manifest_as_they_sound(folder: Path, edit: Edit) -> None:
    def change(whole: dict[str, Any]) -> None:
        moved(whole, 2.5, snr=12.0)
        back(whole).update(source_file="bg/metro/m.wav", label="metro")

    edit(change)
    record, said = again(folder)
    assert (record["snr"], record["onset"], record["offset"]) == (12.0, 2.5, 3.5)
    assert (record["background"], record["scene"]) == ("metro/m.wav", "metro")
    for note in (
        "snr: the annotation says 12, the record said 6",
        "onset: the annotation says 2.5, the record said 1",
        "background: the annotation says metro/m.wav, the record said park/p.wav",
        "scene: the annotation says metro, the record said park",
    ):
        assert note in record["notes"]
    assert "1 JAMS file contradicts its own record" in said
    contents = (
        sha256((folder / "again" / record["file"]).read_bytes()),
        sha256((folder / "bg/metro/m.wav").read_bytes()),
    )
    assert [record["sha256"][key] for key in ("file", "background")] == [content.hexdigest() for content in contents]
    sound, _ = sf.read(folder / "again" / record["file"])
    event = sound[round(2.5 * SET_RATE) : round(3.5 * SET_RATE)]
    assert integrated_loudness(sound[: 2 * SET_RATE], SET_RATE) == pytest.approx(-36.0, abs=0.5)
    assert integrated_loudness(event, SET_RATE) == pytest.approx(-24.0, abs=0.6)
    assert listed(folder, record) == [(2.5, 3.5, "siren")]
    (clip,) = load_dataset("urbansound8k", folder, str(folder / "again")).clips
    assert (clip.background, clip.onset, clip.offset) == ("m.wav", 2.5, 3.5)


def test_a_soundscape_rendered_twice_after_an_edit_agrees_with_itself_and_keeps_the_notes(
    folder: Path, edit: Edit
) -> None:
    edit(lambda whole: moved(whole, 2.0, snr=0.0))
    first, _ = again(folder)
    second, said = again(folder, "again", "third")
    assert second == first and "contradict" not in said and first["notes"]
    assert (folder / "third" / first["jams"]).read_bytes() == (folder / "again" / first["jams"]).read_bytes()
    assert load_dataset("urbansound8k", folder, str(folder / "third")).problems == ()


def test_an_edited_event_brings_its_label_class_and_fold(folder: Path, edit: Edit) -> None:
    edit(lambda whole: front(whole).update(source_file="fg2/fold3/dog bark/200-3-0-0.wav", label="dog bark"))
    record, _ = again(folder)
    assert (record["label"], record["fold"]) == ("dog bark", 3)
    assert record["class_id"] is None  # of one's own folders a file cannot tell which number a class has
    assert record["foreground"].endswith("fold3/dog bark/200-3-0-0.wav")
    assert "label: the annotation says dog bark, the record said siren" in record["notes"]


def test_an_edited_label_gets_its_data_sets_class_id(folder: Path, edit: Edit) -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["sandbox"]["atmda"]["class_id"] = 8  # as UrbanSound8K numbers sirens
        front(whole).update(label="dog bark")

    edit(change)
    record, _ = again(folder)
    assert (record["label"], record["class_id"]) == ("dog bark", 3)


def test_an_event_after_the_end_is_neither_heard_nor_listed_but_named(folder: Path, edit: Edit) -> None:
    edit(lambda whole: moved(whole, 5.0))
    record, said = again(folder)
    assert [record[key] for key in ("label", "class_id", "onset", "offset", "snr", "foreground")] == [None] * 6
    assert record["event_loudness"] is None and record["background"] == "park/p.wav"
    words = "begins at 5 s, after the end at 4 s: it does not sound and is not listed"
    assert any(words in note for note in record["notes"]) and words in said.replace("\n", " ")
    assert (folder / "again" / record["txt"]).read_bytes() == b""
    data = json.loads((folder / "again" / record["jams"]).read_text())["annotations"][0]["data"]
    assert [observation["value"]["role"] for observation in data] == ["background"]


def test_of_two_events_the_one_that_sounds_is_listed(folder: Path, edit: Edit) -> None:
    def change(whole: dict[str, Any]) -> None:
        data = whole["annotations"][0]["data"]
        data.append(json.loads(json.dumps(data[1])))
        moved(whole, 9.0)

    edit(change)
    record, said = again(folder)
    assert (record["label"], record["onset"]) == ("siren", 1.0) and "does not sound" in said
    assert listed(folder, record) == [(1.0, 2.0, "siren")]


@pytest.mark.parametrize(
    ("when", "length", "offset", "words"),
    [
        (3.5, 1.0, 4.0, "cut at the end of the soundscape, 4 s"),
        (1.0, 2.5, 2.0, "event ends at 2 s, with its recording"),
    ],
)
def test_an_event_that_ends_early_has_the_offset_that_is_heard(
    folder: Path, edit: Edit, when: float, length: float, offset: float, words: str
) -> None:
    edit(lambda whole: moved(whole, when, event_duration=length))
    record, _ = again(folder)
    assert (record["onset"], record["offset"], record["event_duration"]) == (when, offset, offset - when)
    assert any(words in note for note in record["notes"])
    assert listed(folder, record) == [(when, offset, "siren")]
    second, said = again(folder, "again", "third")
    assert second == record and "contradict" not in said


def test_an_observation_whose_own_time_differs_is_named_and_the_list_follows_the_sound(
    folder: Path, edit: Edit
) -> None:
    edit(lambda whole: whole["annotations"][0]["data"][1].update(time=3.0))
    record, said = again(folder)
    assert record["onset"] == 1.0 and "contradicts" in said
    assert "siren: it begins at its event_time, 1 s; the observation says 3 s" in record["notes"]
    assert listed(folder, record) == [(1.0, 2.0, "siren")]


def test_an_edited_level_and_a_replaced_recording_are_named(folder: Path, edit: Edit) -> None:
    edit(lambda whole: whole["annotations"][0]["sandbox"]["scaper"].update(ref_db=-30))
    sf.write(folder / "bg/park/p.wav", np.random.default_rng(9).standard_normal(4 * RATE) * 0.02, RATE)
    record, _ = again(folder)
    assert record["parameters"]["ref_db"] == -30
    assert "ref_db: the annotation says -30, the record said -36" in record["notes"]
    assert "background: park/p.wav is not the recording that it was" in record["notes"]


def test_notes_of_the_earlier_rendering_do_not_stay(folder: Path, edit: Edit) -> None:
    edit(lambda whole: whole["sandbox"]["atmda"].update(notes=["clipped: the peak was 3", "event placed at 1 s"]))
    record, _ = again(folder)
    assert record["notes"] == ["event placed at 1 s"]


def test_a_set_below_other_folders_contradicts_nothing(folder: Path, edit: Edit) -> None:
    edit(lambda whole: back(whole).update(source_file="/elsewhere/park/p.wav"))
    record, said = again(folder)
    assert record["background"] == "park/p.wav" and record["notes"] == [] and "contradict" not in said
