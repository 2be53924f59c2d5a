"""`atmda augment` as users run it, on small recordings."""

import filecmp
import json
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import processes
import pytest
import soundfile as sf
from typer.testing import CliRunner

from atmda.cli import app
from atmda.cli.words import gather_parameters
from atmda.datasets import load_dataset
from atmda.soundscapes.manifest import read_manifest

RATE = 8_000
CLASSES = ("air_conditioner", "car_horn", "children_playing")


def augment(*arguments, code=0):
    one = () if "--num-workers" in arguments else ("--num-workers", 1)  # other processes take long to start
    result = CliRunner().invoke(app, ["augment", *map(str, (*one, *arguments))])
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}, not {code}: {result.output}") from result.exception
    assert "Traceback" not in result.output
    return result


def write(path, seconds=1.0, seed=0, level=0.1):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level
    sf.write(path, samples.clip(-1, 1), RATE)


@pytest.fixture
def data(tmp_path):
    """A data folder with UrbanSound8K (two folds of six clips) and TAU (three scenes) in their official layouts."""
    here = tmp_path / "data"
    rows = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for k in range(12):
        name, fold = f"{100 + k}-{k % 3}-0-0.wav", 1 + k % 2
        write(here / f"input/urbansound8k/audio/fold{fold}/{name}", 0.5 + 0.2 * k, k)
        rows.append(
            f"{name},{100 + k},0,1,1,{fold},{k % 3},{('air_conditioner', 'car_horn', 'children_playing')[k % 3]}"
        )
    (here / "input/urbansound8k/metadata").mkdir()
    (here / "input/urbansound8k/metadata/UrbanSound8K.csv").write_text("\n".join(rows))
    tau = here / "input/tau2019uas/TAU-urban-acoustic-scenes-2019-development"
    meta = ["filename\tscene_label\tidentifier\tsource_label"]
    for k, scene in enumerate(("park", "park", "street_traffic", "metro_station")):
        write(tau / f"audio/{scene}-lyon-{k}-{k}-a.wav", 3.0, 100 + k)
        meta.append(f"audio/{scene}-lyon-{k}-{k}-a.wav\t{scene}\tlyon-{k}\ta")
    (tau / "meta.csv").write_text("\n".join(meta))
    (tau / "evaluation_setup").mkdir()
    for part in ("train", "test", "evaluate"):
        (tau / f"evaluation_setup/fold1_{part}.csv").write_text("filename\tscene_label\n")
    return here


def same_files(first, second):
    """Whether two folders hold the same files, byte for byte."""
    names = [sorted(p.relative_to(f).as_posix() for p in f.rglob("*") if p.is_file()) for f in (first, second)]
    return names[0] == names[1] and not filecmp.cmpfiles(first, second, names[0], shallow=False)[1:][0]


def test_each_clip_gets_its_soundscape_in_the_layout_of_the_contract(data):
    shown = augment("--data-dir", data, "--duration", 3, "--json")
    told = json.loads(shown.stdout)
    output = Path(told["output"])
    assert output.parent == data / "input" and output.name.startswith("urbansound8k-20")
    assert len(output.name) == len("urbansound8k-") + 14
    records = read_manifest(output)
    assert len(records) == told["soundscapes"] == told["made"] == 12
    for record in records:
        wav = output / record["file"]
        clip, scene = Path(record["foreground"]).stem, record["scene"]
        assert record["file"] == f"fold{record['fold']}/{clip}-{scene}-0.wav"
        assert sf.info(wav).frames == 3 * 44_100
        assert (wav.parent / "jams" / f"{wav.stem}.jams").is_file()
        onset, offset, label = (wav.parent / "txt" / f"{wav.stem}.txt").read_text().rstrip("\n").split("\t")
        assert (float(onset), float(offset), label) == (record["onset"], record["offset"], record["label"])
        assert (data / "input/urbansound8k" / record["foreground"]).is_file()
        assert (data / "input/tau2019uas" / record["background"]).is_file()
        assert 6 <= record["snr"] <= 10 and record["seed"] == 123 and record["i"] == 0


def test_the_set_is_read_back_with_classes_folds_and_backgrounds(data):
    augment("--data-dir", data, "--output", data / "input/set")
    found = load_dataset("urbansound8k", data, "set")
    records = {Path(r["file"]).name: r for r in read_manifest(data / "input/set")}
    assert len(found.clips) == 12 and found.problems == ()
    for clip in found.clips:
        record = records[clip.name]
        assert (clip.label, clip.class_id, clip.fold) == (record["label"], record["class_id"], record["fold"])
        assert clip.background == Path(record["background"]).name
        assert (clip.onset, clip.offset) == (record["onset"], record["offset"])


def test_one_and_three_workers_write_the_same_bytes_wherever_the_data_lies(data, tmp_path):
    shutil.copytree(data, tmp_path / "elsewhere" / "copy")
    augment("--data-dir", data, "--n-soundscapes", 3, "-o", tmp_path / "one")
    elsewhere = tmp_path / "elsewhere" / "copy"
    augment("--data-dir", elsewhere, "--n-soundscapes", 3, "--num-workers", 3, "-o", tmp_path / "three")
    assert len(read_manifest(tmp_path / "one")) == 36
    assert same_files(tmp_path / "one", tmp_path / "three")


def test_a_fold_made_alone_is_the_fold_made_among_others(data, tmp_path):
    augment("--data-dir", data, "-o", tmp_path / "both", "--folds", "1,2")
    augment("--data-dir", data, "-o", tmp_path / "second", "--folds", "2")
    assert same_files(tmp_path / "both" / "fold2", tmp_path / "second" / "fold2")
    assert not (tmp_path / "second" / "fold1").exists()
    both, second = read_manifest(tmp_path / "both"), read_manifest(tmp_path / "second")
    assert [record for record in both if record["fold"] == 2] == second


def jams_in(folder):
    return len(list(folder.glob("fold*/jams/*.jams")))


def start(arguments, output, enough):
    """Run the command in a process of its own until `enough` soundscapes are there."""
    process = processes.start("augment", *map(str, arguments), str(output))
    deadline = time.monotonic() + 60
    while process.poll() is None and jams_in(output) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_killed_run_is_completed_to_the_same_bytes(data, tmp_path):
    arguments = ["--data-dir", data, "--n-soundscapes", 25, "--duration", 2]
    augment(*arguments, "-o", tmp_path / "whole")
    cut = tmp_path / "cut"
    process = start([*arguments, "--num-workers", 2, "-o"], cut, 30)
    process.kill()
    process.communicate()
    assert not (cut / "manifest.jsonl").exists()
    time.sleep(0.4)  # its workers notice and leave
    there = jams_in(cut)
    time.sleep(0.2)
    assert jams_in(cut) == there < 300, "orphaned workers go on"
    wav = next(cut.glob("fold1/*.wav"))
    wav.write_bytes(wav.read_bytes()[:1000])  # as a loss of power may leave it
    told = json.loads(augment(*arguments, "-o", cut, "--json").stdout)
    assert 0 < told["kept"] < 300 and told["kept"] + told["made"] == 300
    assert same_files(tmp_path / "whole", cut)


def test_ctrl_c_keeps_what_is_there_and_says_how_to_go_on(data, tmp_path):
    process = start(["--data-dir", data, "--n-soundscapes", 200, "--num-workers", 2, "-o"], tmp_path / "set", 10)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"--output {tmp_path / 'set'}" in said and "Traceback" not in said
    assert 10 <= jams_in(tmp_path / "set") < 2400


def test_a_finished_set_is_left_as_it_is(data, tmp_path):
    first = json.loads(augment("--data-dir", data, "--json", "-o", tmp_path / "set").stdout)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*.wav")}
    second = json.loads(augment("--data-dir", data, "--json", "-o", tmp_path / "set").stdout)
    assert (first["made"], second["made"], second["kept"]) == (12, 0, 12)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*.wav")}


def test_a_set_is_not_mixed_with_other_settings(data, tmp_path):
    augment("--data-dir", data, "-o", tmp_path / "set")
    shown = augment("--data-dir", data, "-o", tmp_path / "set", "--snr", "0", code=1)
    assert 'parameters.snr_dist ["uniform", 6, 10], not ["const", 0]' in shown.stderr
    write(data / "input/urbansound8k/audio/fold1/999-0-0-0.wav")
    with (data / "input/urbansound8k/metadata/UrbanSound8K.csv").open("a") as file:
        file.write("\n999-0-0-0.wav,999,0,1,1,1,0,air_conditioner")
    assert "foregrounds.recordings" in augment("--data-dir", data, "-o", tmp_path / "set", code=1).stderr


@pytest.mark.parametrize(
    "words",
    [
        ["--parameters", "snr_dist=(const,6) n_soundscapes=2 bg=park"],
        ["--parameters", "snr_dist=(const,6)", "n_soundscapes=2", "bg=park"],
        ["--parameters", "snr_dist=(const,", "6)", "n_soundscapes=2", "bg=park"],
        ["--parameters=snr_dist=(const,6)", "n_soundscapes=2", "bg=park"],
        ["--parameters", "snr_dist=(const,6)", "--parameters", "n_soundscapes=2 bg=park"],
        ["--snr", "6", "--n-soundscapes", "2", "--bg", "park"],
        ["--snr_dist", "(const,6)", "--n_soundscapes", "2", "--parameters", "bg=park"],
    ],
)
def test_the_originals_command_lines_are_understood(data, tmp_path, words):
    augment("--data-dir", data, "-o", tmp_path / "set", *words, "--folds", "1")
    records = read_manifest(tmp_path / "set")
    assert len(records) == 12
    assert {(r["snr"], r["scene"], r["fold"]) for r in records} == {(6, "park", 1)}


def test_words_after_parameters_end_at_the_next_flag_and_may_be_negative():
    words = ["--folds", "1", "--parameters", "snr_dist=(uniform,", "-6,", "-3)", "ref_db=-30", "-q", "--seed", "3"]
    assert gather_parameters(words) == [
        *("--folds", "1", "-q", "--seed", "3"),
        *("--parameters", "snr_dist=(uniform, -6, -3) ref_db=-30"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--parameters", "snr=3 snrr=4"], "no parameter 'snrr'"),
        (["--parameters", "snr_dist=(uniform,6)"], "takes 2 values"),
        (["--snr", "loud"], "'loud' is not a finite number"),
        (["--snr", "3", "--parameters", "snr_dist=4"], "--snr 3 and snr_dist in --parameters differ"),
        (["--bg", "beach"], "There are: metro_station, park, street_traffic."),
        (["--folds", "7"], "There are: 1, 2."),
        (["--clip-policy", "loudly"], "--clip-policy"),
        (["--fg-path", "x"], "go with --from-jams"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_before_anything_is_written(data, words, said):
    shown = augment("--data-dir", data, *words, code=2)
    assert said in shown.stderr and shown.stderr.count("\n") == 1
    assert sorted(entry.name for entry in (data / "input").iterdir()) == ["tau2019uas", "urbansound8k"]


def test_folders_of_ones_own_serve_as_events_and_backgrounds(tmp_path):
    for name in ("dog/a.wav", "dog/b.wav", "cat/a.wav"):
        write(tmp_path / "events" / name)
    write(tmp_path / "places" / "long.wav", 8.0)
    augment("--fg-dataset", tmp_path / "events", "--bg-dataset", tmp_path / "places", "-o", tmp_path / "set")
    records = read_manifest(tmp_path / "set")
    assert [r["file"] for r in records] == ["cat-a-places-0.wav", "dog-a-places-0.wav", "b-places-0.wav"]
    assert [(r["label"], r["class_id"], r["fold"]) for r in records] == [
        ("cat", 0, None),
        ("dog", 1, None),
        ("dog", 1, None),
    ]
    assert {r["background"] for r in records} == {"long.wav"}
    assert all((tmp_path / "set" / r["jams"]).is_file() for r in records)


def test_scenes_of_ones_own_are_sub_folders_and_folds_may_be_too(tmp_path):
    write(tmp_path / "events/fold3/dog/a.wav")
    for scene in ("kitchen", "cellar"):
        write(tmp_path / "places" / scene / "x.wav", 11.0)
    augment(
        *("--fg-dataset", tmp_path / "events", "--bg-dataset", tmp_path / "places", "-o", tmp_path / "set"),
        *("--n-soundscapes", 12),
    )
    records = read_manifest(tmp_path / "set")
    assert {(r["fold"], r["label"]) for r in records} == {(3, "dog")}
    assert {r["scene"] for r in records} == {"kitchen", "cellar"}


def test_recordings_that_cannot_be_used_are_named_and_the_rest_are_made(data, tmp_path):
    bad = sorted((data / "input/urbansound8k/audio/fold1").glob("*.wav"))
    bad[0].write_bytes(b"")
    bad[1].write_bytes(bad[1].read_bytes()[:600])
    shown = augment("--data-dir", data, "-o", tmp_path / "set", "--json", code=3)
    told = json.loads(shown.stdout)
    assert told["made"] == 10 and len(told["skipped"]) == 2
    for path in bad[:2]:
        assert path.name in shown.stderr


def test_short_and_silent_events_carry_their_note_into_the_manifest(data, tmp_path):
    clips = sorted((data / "input/urbansound8k/audio/fold1").glob("*.wav"))
    sf.write(clips[0], np.zeros(RATE), RATE)
    sf.write(clips[1], np.full(40, 0.3), RATE)
    augment("--data-dir", data, "-o", tmp_path / "set", "--folds", "1")
    notes = {Path(r["foreground"]).name: " ".join(r["notes"]) for r in read_manifest(tmp_path / "set")}
    assert "digital silence" in notes[clips[0].name]
    assert "fades shortened" in notes[clips[1].name]
    assert "cut from 4 s" in notes[clips[2].name]


def test_clipping_stops_the_run_where_it_is_refused(data, tmp_path):
    loud = ["--data-dir", data, "--ref-db", "-3"]
    refused = ("--clip-policy", "error", "--num-workers", 2)
    shown = augment(*loud, *refused, "-o", tmp_path / "error", code=1)
    assert "the sum clips" in shown.stderr and "--output" in shown.stderr
    augment(*loud, "--clip-policy", "scale", "-o", tmp_path / "scale")
    for record in read_manifest(tmp_path / "scale"):
        assert record["scale"] == pytest.approx(1 / record["peak"], rel=1e-5)
        assert np.abs(sf.read(tmp_path / "scale" / record["file"])[0]).max() <= 1.0


def test_a_set_is_rendered_again_from_its_jams_alone(data, tmp_path):
    augment("--data-dir", data, "-o", tmp_path / "set", "--n-soundscapes", 2)
    fronts, backs = data / "input/urbansound8k/audio", data / "input/tau2019uas"
    again = ("--from-jams", tmp_path / "set", "--fg-path", fronts, "--bg-path", backs, "--output", tmp_path / "again")
    told = json.loads(augment("--data-dir", data, *again, "--json").stdout)
    assert told["made"] == 24
    (tmp_path / "again/settings.json").write_bytes((tmp_path / "set/settings.json").read_bytes())
    key = "file"
    assert sorted(read_manifest(tmp_path / "again"), key=lambda r: r[key]) == sorted(
        read_manifest(tmp_path / "set"), key=lambda r: r[key]
    )
    (tmp_path / "again/manifest.jsonl").write_bytes((tmp_path / "set/manifest.jsonl").read_bytes())
    assert same_files(tmp_path / "set", tmp_path / "again")


def test_sets_that_scaper_wrote_are_rendered_with_class_fold_and_background(test_data, tmp_path):
    real = test_data / "data"
    again = ("--from-jams", test_data / "golden/scaper", "--fg-path", real / "urbansound8k-mini")
    augment(*again, "--bg-path", real / "tau2019uas-mini", "--output", tmp_path / "again")
    records = read_manifest(tmp_path / "again")
    assert len(records) == 8
    first = records[0]
    assert (first["label"], first["class_id"], first["fold"]) == ("drilling", 4, 3)
    assert Path(first["background"]).name == "airport-standin-3-3-a.wav"
    for record in records:
        ours, _ = sf.read(tmp_path / "again" / record["file"])
        theirs, _ = sf.read(test_data / "golden/scaper" / f"{Path(record['file']).stem}.flac")
        assert np.abs(ours - theirs).max() < 2e-4


def test_from_jams_says_what_is_missing(data, tmp_path):
    assert "needs --output" in augment("--from-jams", data, code=2).stderr
    assert "no .jams file" in augment("--from-jams", data, "-o", tmp_path / "x", code=1).stderr


def test_scaper_and_sox_are_asked_for_only_where_they_are(data, monkeypatch):
    monkeypatch.setattr("atmda.soundscapes.scaper_engine.find_spec", lambda name: None)
    monkeypatch.setattr("atmda.soundscapes.reverb.shutil.which", lambda name: None)
    assert "atmda[scaper]" in augment("--data-dir", data, "--engine", "scaper", code=1).stderr
    assert "sox" in augment("--data-dir", data, "--original-reverb", code=1).stderr


@pytest.mark.skipif(shutil.which("sox") is None, reason="needs the program sox")
def test_the_originals_reverb_colours_the_file_and_stands_in_its_jams(data, tmp_path):
    common = ("--data-dir", data, "--folds", "1")
    augment(*common, "-o", tmp_path / "dry")
    augment(*common, "-o", tmp_path / "wet", "--original-reverb")
    for record in read_manifest(tmp_path / "dry"):
        dry, wet = (sf.read(tmp_path / kind / record["file"])[0] for kind in ("dry", "wet"))
        assert len(dry) == len(wet) and np.abs(dry - wet).max() > 1e-3
    jams = json.loads((tmp_path / "wet" / record["jams"]).read_text())
    assert jams["annotations"][0]["sandbox"]["scaper"]["reverb"] == 0.0


def test_a_full_disk_is_told_before_anything_is_rendered(data, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(10**7, 10**7, 1000))
    shown = augment("--data-dir", data, "-o", tmp_path / "set", code=1)
    assert "GB are free" in shown.stderr
    assert not list((tmp_path / "set").rglob("*.wav"))


def test_a_file_of_settings_may_hold_numbers_and_distributions(data, tmp_path):
    lines = [
        'snr = ["uniform", 1, 2]',
        'bg = ["park", "metro_station"]',
        "seed = 9",
        "duration = 2.5",
        "event_time = 0.5",
    ]
    (tmp_path / "a.toml").write_text("[augment]\n" + "\n".join(lines))
    augment("--config", tmp_path / "a.toml", "--data-dir", data, "-o", tmp_path / "set")
    records = read_manifest(tmp_path / "set")
    assert all(1 <= r["snr"] <= 2 and r["seed"] == 9 and r["duration"] == 2.5 for r in records)
    assert {r["scene"] for r in records} == {"park", "metro_station"}
