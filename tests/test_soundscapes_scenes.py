"""`augment --scene-duration`: long scenes of many events, with a table that says what is heard when."""

from __future__ import annotations

import csv
import filecmp
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from processes import run

from atmda.datasets import load_dataset
from atmda.datasets.annotations import read_annotations
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.augment import AugmentSettings
from atmda.settings.loading import make_settings
from atmda.soundscapes import rendering, streaming
from atmda.soundscapes.loudness import integrated_loudness
from atmda.soundscapes.manifest import read_manifest
from atmda.tasks.augment import augment

RATE = 44_100
SCENES = ("augment", "--fg-dataset", "events", "--bg-dataset", "places", "--scene-duration", "20")
ALONE = ("--num-workers", "1")  # other processes take long to start
ONE_LOUDNESS = 0.5  # LU by which noise of a fraction of a second may miss its level


def write(path: Path, seconds: float, seed: int, level: float = 0.05) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.random.default_rng(seed).standard_normal(round(seconds * RATE)).clip(-4, 4) * level, RATE)


@pytest.fixture(autouse=True)
def sources(tmp_path: Path) -> None:
    """Events of two classes in two folds, and recordings of two kinds of place, in the folder where tests work."""
    for k, name in enumerate(("fold1/dog/a", "fold1/siren/b", "fold2/dog/c", "fold2/siren/d")):
        write(tmp_path / f"events/{name}.wav", 0.6 + 0.3 * k, k, 0.2)
    for k, name in enumerate(("park/p", "park/q", "park/r", "street/s")):
        write(tmp_path / f"places/{name}.wav", 6.0 + k, 10 + k)


def scenes(*more: object, code: int = 0) -> dict:
    shown = run(*SCENES, *ALONE, "--json", *map(str, more))
    assert shown[0] == code, shown[2]
    assert "Traceback" not in shown[2]
    return json.loads(shown[1])


def same_files(first: str, second: str, but: tuple[str, ...] = ()) -> bool:
    names = [sorted(str(p.relative_to(f)) for p in Path(f).rglob("*") if p.is_file()) for f in (first, second)]
    kept = [[name for name in found if name not in but] for found in names]
    return kept[0] == kept[1] and not any(filecmp.cmpfiles(first, second, kept[0], shallow=False)[1:])


def rows(folder: str) -> list[dict[str, str]]:
    with Path(folder, "annotations.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_set_is_found_under_its_name_with_labels_jams_and_a_table(tmp_path):
    told = scenes("--n-scenes", 4, "--events-per-minute", 12, "--data-dir", "data")
    output = Path(told["output"])
    assert output.parent == Path("data/input") and output.name.startswith("events-scenes-20")
    assert told["made"] == sum(told["scenes"].values()) == 4
    records = read_manifest(output)
    assert [(r["i"], r["fold"]) for r in records] == [(0, 1), (1, 2), (2, 1), (3, 2)]
    for record in records:
        assert record["file"] == f"{record['scene']}-{record['i']}.wav"
        assert sf.info(output / record["file"]).frames == 20 * RATE
        lines = [line.split("\t") for line in (output / record["txt"]).read_text().splitlines()]
        assert lines == [[repr(e["onset"]), repr(e["offset"]), e["label"]] for e in record["events"]]
        times = [event["onset"] for event in record["events"]]
        assert times == sorted(times) and all(event["offset"] <= 20 for event in record["events"])
        assert {Path(e["foreground"]).parts[0] for e in record["events"]} <= {f"fold{record['fold']}"}
    found = rows(str(output))
    assert list(found[0]) == ["filename", "start", "end", "label", "snr", "source", "background", "fold"]
    assert len(found) == sum(len(r["events"]) for r in records) > 4


def test_the_table_is_read_as_annotations_without_a_word_and_the_set_as_a_data_set():
    scenes("--n-scenes", 2, "--events-per-minute", 30, "-o", "data/input/set")
    problems: list[str] = []
    read = read_annotations(Path("data/input/set/annotations.csv"), problems)
    assert problems == []
    listed = rows("data/input/set")
    expected = [(row["filename"], float(row["start"]), float(row["end"]), (row["label"],)) for row in listed]
    assert [(row.recording, row.start, row.end, row.labels) for row in read] == expected
    assert {row.fold for row in read} == {1, 2}
    found = load_dataset("urbansound8k", Path("data"), "set")
    assert found.problems == ()
    assert [set(clip.labels) for clip in found.clips] == [{"dog", "siren"}] * 2


def test_each_event_sounds_where_the_table_says_at_its_snr_over_the_background(tmp_path):
    """What is left of a scene when that with inaudible events is taken from it is the events, each at its place."""
    common = ("--n-scenes", 1, "--scene-duration", 45, "--events-per-minute", 12, "--bg", "park")
    common += ("--event-duration", 0.6)
    scenes("-o", "set", *common, "--snr", "choose,[-6,0,6]")
    scenes("-o", "quiet", *common, "--snr", -150)
    record, still = read_manifest(Path("set"))[0], read_manifest(Path("quiet"))[0]
    assert [e["onset"] for e in record["events"]] == [e["onset"] for e in still["events"]]
    events = sf.read(Path("set", record["file"]))[0] - sf.read(Path("quiet", still["file"]))[0]
    background = sf.read(Path("quiet", still["file"]))[0]
    alone = [
        event
        for k, event in enumerate(record["events"])
        if all(abs(event["onset"] - o["onset"]) > 0.7 for n, o in enumerate(record["events"]) if n != k)
    ]
    assert len(alone) >= 2 and len({event["snr"] for event in alone}) >= 2
    listed = np.zeros(len(events), bool)
    for event in record["events"]:
        listed[int(event["onset"] * RATE) : round(event["offset"] * RATE) + 1] = True
    assert np.abs(events[~listed]).max() == 0.0
    for event in alone:
        first, last = int(event["onset"] * RATE), round(event["offset"] * RATE)
        there = events[first:last]
        level = integrated_loudness(there, RATE)
        assert level == pytest.approx(-36.0 + event["snr"], abs=ONE_LOUDNESS)
        local = background[max(0, first - 2 * RATE) : last + 2 * RATE]
        assert level - integrated_loudness(local, RATE) == pytest.approx(event["snr"], abs=2 * ONE_LOUDNESS)
        source, _ = sf.read(Path("events", event["foreground"]))
        fit = np.corrcoef(there[500:-500], source[: last - first][500 : len(there) - 500])[0, 1]
        assert fit > 0.99


def test_names_of_every_kind_are_written_into_the_table_and_read_again():
    odd = os.fsdecode(b'd\xffg, "loud"')
    for folder in ("events/fold1", "events/fold2"):
        Path(folder, "dog").rename(Path(folder, odd))
    Path("places/street").rename(os.fsdecode(b"places/stra\xdfe"))
    scenes("--n-scenes", 4, "--events-per-minute", 12, "-o", "set")
    problems: list[str] = []
    read = read_annotations(Path("set/annotations.csv"), problems)
    assert problems == [] and len(read) == sum(len(record["events"]) for record in read_manifest(Path("set")))
    assert any("loud" in row.labels[0] for row in read) and any(row.recording.startswith("stra") for row in read)


def test_one_and_two_workers_write_the_same_bytes():
    scenes("--n-scenes", 3, "-o", "one")
    assert run(*SCENES, "--n-scenes", "3", "-o", "two", "--num-workers", "2")[0] == 0
    assert same_files("one", "two")


def test_a_block_of_any_size_gives_the_same_bytes(monkeypatch):
    scenes("--n-scenes", 1, "-o", "one")
    monkeypatch.setattr(rendering, "BLOCK", 99_991)
    scenes("--n-scenes", 1, "-o", "other")
    assert same_files("one", "other")


@pytest.mark.parametrize("policy", ["warn", "scale"])
def test_scenes_are_rendered_again_from_their_jams_to_the_same_bytes(policy):
    scenes("--n-scenes", 2, "-o", "set", "--events-per-minute", 9, "--ref-db", -12, "--clip-policy", policy)
    record = read_manifest(Path("set"))[0]
    assert record["peak"] > 1 and (record["scale"] < 1) == (policy == "scale")
    flags = ("--from-jams", "set", "--fg-path", "events", "--bg-path", "places", "-o", "again", *ALONE)
    code, _, errors = run("augment", *flags)
    assert code == 0 and "contradict" not in errors
    assert same_files("set", "again", but=("settings.json",))
    if policy == "scale":
        assert np.abs(sf.read(Path("again", record["file"]))[0]).max() == pytest.approx(1.0, abs=1e-4)


def test_jams_edited_by_hand_is_rendered_and_listed_as_edited():
    scenes("--n-scenes", 1, "-o", "set", "--events-per-minute", 12)
    jams = next(Path("set/jams").iterdir())
    whole = json.loads(jams.read_text())
    event = next(o for o in whole["annotations"][0]["data"] if o["value"]["role"] == "foreground")
    event["value"] |= {"snr": 20, "label": "cat"}
    jams.write_text(json.dumps(whole))
    flags = ("--from-jams", "set", "--fg-path", "events", "--bg-path", "places", "-o", "again", *ALONE)
    code, _, errors = run("augment", *flags)
    assert code == 0 and "1 JAMS file contradicts its own record" in errors
    before, after = rows("set"), rows("again")
    assert (after[0]["label"], float(after[0]["snr"])) == ("cat", 20.0)
    assert after[1:] == before[1:] and after[0]["start"] == before[0]["start"]
    notes = read_manifest(Path("again"))[0]["notes"]
    assert any("label is cat, the record said" in note for note in notes)


def keys(value: object) -> object:
    """The keys of nested objects; the first of each list stands for all."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    return [keys(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_the_jams_of_a_scene_has_the_fields_that_scaper_writes(test_data):
    scenes("--n-scenes", 1, "-o", "set", "--events-per-minute", 12)
    ours = json.loads(next(Path("set/jams").iterdir()).read_text())
    theirs = json.loads(next((test_data / "golden/scaper").glob("*.jams")).read_text())
    assert keys({**ours, "sandbox": {}}) == keys(theirs)
    specs = [found["annotations"][0]["sandbox"]["scaper"]["fg_spec"] for found in (ours, theirs)]
    assert {len(spec) for spec in specs[0]} == {len(specs[1][0])}


@pytest.mark.slow
def test_the_jams_package_loads_and_validates_a_scene():
    jams = pytest.importorskip("jams")
    scenes("--n-scenes", 1, "-o", "set", "--events-per-minute", 12)
    record = read_manifest(Path("set"))[0]
    loaded = jams.load(str(Path("set", record["jams"])), validate=True, strict=True)
    annotation = loaded.annotations[0]
    assert annotation.namespace == "scaper" and annotation.validate(strict=True)
    told = [(o.time, o.value["label"], o.value["snr"]) for o in annotation.data if o.value["role"] == "foreground"]
    assert told == [(e["onset"], e["label"], e["snr"]) for e in record["events"]]
    assert annotation.sandbox.scaper["n_events"] == len(told)


def test_a_killed_run_is_completed_to_the_same_bytes():
    """What a kill leaves: whole scenes, one half written, no manifest and no table; a loss of power also cut a file."""
    scenes("--n-scenes", 5, "-o", "set")
    Path("set").rename("whole")
    for source in sorted(Path("whole").rglob("*")):
        copy = Path("cut", source.relative_to("whole"))
        if source.is_dir():
            copy.mkdir(parents=True)
        elif source.stem[-2:] not in ("-3", "-4") and source.name not in ("manifest.jsonl", "annotations.csv"):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    wav = next(Path("cut").glob("*-0.wav"))
    wav.write_bytes(wav.read_bytes()[:1000])
    Path("cut/.tmp-1234-park-3.wav").write_bytes(b"RIFF")
    told = scenes("--n-scenes", 5, "-o", "cut")
    assert (told["kept"], told["made"]) == (2, 3)
    assert same_files("whole", "cut")


def test_scenes_of_a_replaced_recording_are_made_again():
    scenes("--n-scenes", 4, "-o", "set", "--events-per-minute", 9)
    touched = sum("park/q.wav" in json.dumps(record) for record in read_manifest(Path("set")))
    assert 0 < touched < 4
    write(Path("places/park/q.wav"), 7.0, 99)
    told = scenes("--n-scenes", 4, "-o", "set", "--events-per-minute", 9)
    assert (told["changed"], told["kept"]) == (touched, 4 - touched)


def test_a_recording_that_cannot_be_used_is_left_out_and_the_scene_is_made():
    Path("places/park/q.wav").write_bytes(b"no sound")
    sf.write("places/park/r.wav", np.zeros(8 * RATE), RATE)
    Path("events/fold1/dog/a.wav").write_bytes(b"")
    scenes("--n-scenes", 1, "-o", "set", "--bg", "park", "--events-per-minute", 40)
    record = read_manifest(Path("set"))[0]
    notes = " ".join(record["notes"])
    for name in ("park/q.wav", "park/r.wav", "fold1/dog/a.wav"):
        assert f"{name} is left out: " in notes
    assert {b["background"] for b in record["backgrounds"]} == {"park/p.wav"}
    assert {e["label"] for e in record["events"]} == {"siren"}


def test_where_no_background_is_left_the_scene_is_skipped_and_named():
    for path in Path("places").rglob("*.wav"):
        path.write_bytes(b"no sound")
    code, _, errors = run(*SCENES, *ALONE, "-o", "set", "--n-scenes", "1")
    assert code == 1 and "not one background of" in errors and "Traceback" not in errors


@pytest.mark.parametrize(
    ("given", "said", "setting"),
    [
        ({"scene_duration": 600, "duration": "5"}, "`duration` does not go with `scene_duration`", "duration"),
        ({"scene_duration": 600, "event_time": "5"}, "Events begin at any time", "event_time"),
        ({"scene_duration": 600, "parameters": "n_soundscapes=2"}, "`n_scenes` is their number", "parameters"),
        ({"scene_duration": 600, "engine": "scaper"}, "`engine` does not go with", "engine"),
        ({"scene_duration": 600, "original_reverb": True}, "without reverb", "original_reverb"),
        ({"scene_duration": 1}, "between 10 and 86,400 s", "scene_duration"),
        ({"scene_duration": float("nan")}, "between 10 and 86,400 s", "scene_duration"),
        ({"scene_duration": 600, "events_per_minute": 61}, "between 0 and 60", "events_per_minute"),
        ({"scene_duration": 600, "n_scenes": 0}, "between 1 and 1,000,000", "n_scenes"),
        ({"events_per_minute": 2}, "`events_per_minute` goes with `scene_duration`", "events_per_minute"),
        ({"n_scenes": 2}, "`n_scenes` goes with `scene_duration`", "n_scenes"),
        ({"scene_duration": 600, "from_jams": "x", "output": "y"}, "does not go with `from_jams`", "scene_duration"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_by_name(given, said, setting):
    with pytest.raises(SettingsError) as caught:
        augment(make_settings(AugmentSettings, {"data_dir": "nowhere", **given}))
    assert said in str(caught.value) and caught.value.setting == setting
    assert not Path("nowhere").exists()


def test_a_scene_without_events_is_background_alone():
    scenes("--n-scenes", 1, "--events-per-minute", 0, "-o", "set")
    record = read_manifest(Path("set"))[0]
    assert record["events"] == [] and (Path("set") / record["txt"]).read_bytes() == b""
    assert rows("set") == []
    assert scenes("--n-scenes", 1, "--events-per-minute", 0, "-o", "set")["kept"] == 1


def test_a_scene_that_cannot_be_written_leaves_nothing_half_done(monkeypatch, tmp_path):
    def full(block):
        raise OSError(28, "No space left on device", "park-0.wav")

    monkeypatch.setattr(streaming, "steps_of", full)
    with pytest.raises(AtmdaError, match="cannot be written"):
        augment(
            make_settings(
                AugmentSettings,
                {"fg_dataset": "events", "bg_dataset": "places", "scene_duration": 20, "output": tmp_path / "set"}
                | {"num_workers": 1, "n_scenes": 1},
            )
        )
    assert not [path for path in (tmp_path / "set").rglob("*") if path.suffix in (".wav", ".jams")]
