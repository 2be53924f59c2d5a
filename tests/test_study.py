"""A whole study: each part made once, shared between studies, gone on with after a kill, and told as one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from processes import run, start, wait_for
from spectral import CALLS

import atmda
from atmda.core.evaluation.kept import Kept, read_kept, write_kept
from atmda.errors import AtmdaError, SettingsError, StoreError
from atmda.settings.loading import make_settings, settings_in
from atmda.settings.study import StudySettings
from atmda.settings.study_files import find_study, study_names
from atmda.tasks.statistics.analysis import analyse

STUDY = """
name = "tones"
modes = ["zs", "sv"]
modalities = ["none", "text", "audio"]
temperatures = [0.5, 1]

[[datasets]]
folder = "events"

[[mixes]]
backgrounds = "places"
scenes = ["hum1000"]
snrs = [0]
duration = 1
event_time = 0
event_duration = 1

[[encoders]]
model = "spectral"
"""


@pytest.fixture(autouse=True)
def events(tmp_path: Path, write_tone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight events of two classes in two folds, and two places with a hum each."""
    monkeypatch.setenv("ATMDA_NO_FIGURES", "true")  # which take longer than all else
    for fold in (1, 2):
        for place, hz in enumerate((200, 700)):
            for number in range(2):
                frequency = hz + 20 * number + 5 * fold + place
                write_tone(tmp_path / f"events/fold{fold}/tone{hz}/{fold}-{number}.wav", frequency)
    for hz in (1000, 1500):
        write_tone(tmp_path / f"places/hum{hz}/{hz}.wav", hz)


def written(text: str = STUDY, name: str = "tones.toml") -> str:
    Path(name).write_text(text)
    return name


def study(*words: str, code: int = 0) -> dict:
    found, out, errors = run("study", *words, "--json", "--num-workers", "1")
    assert found == code, errors
    return json.loads(out)


def done(kind: str = "*") -> dict[str, int]:
    """When each artifact of a kind was made."""
    return {path.parent.name: path.stat().st_mtime_ns for path in Path("data/study").glob(f"{kind}-*/done.json")}


def test_a_study_is_one_table_and_one_document_that_name_what_made_every_number():
    document = study(written())
    frame = pd.read_parquet("data/results/tones/results.parquet")
    assert json.loads(Path("data/results/tones/results.json").read_text())["cells"] == document["cells"]
    assert [len(done(kind)) for kind in ("soundscapes", "embeddings", "scores")] == [1, 3, 4]
    cells = {(c["set"], c["mode"], c["modality"], c["temperature"]): c for c in document["cells"]}
    assert len(cells) == 2 * (1 + 1 + 2 * 2)  # modes by: clean; none, two modalities at two temperatures
    assert cells["clean", "zs", "none", None]["accuracy"] == 1.0
    park = cells["hum1000 0 dB", "sv", "audio", 0.5]
    assert (park["scene"], park["snr"], park["seed"], park["encoder"]) == ("hum1000", 0.0, 123, "spectral")
    assert len(frame) == 2 * len(cells) and set(frame["n"]) == {4} and set(frame["fold"]) == {"1", "2"}
    told = document["artifacts"][park["artifact"]]
    assert told["bg_prompts"][0] == "This is a sound of hum1000"
    zs = document["artifacts"][cells["clean", "zs", "none", None]["artifact"]]
    assert document["prompts"][zs["prompts"]]["tone200"] == ["This is a sound of tone200"]
    assert document["encoders"]["spectral"]["encoder"] == "spectral"
    assert str(Path.cwd()) not in json.dumps(document)


def test_a_second_run_makes_nothing_and_writes_the_same_bytes():
    study(written())
    before, files = done(), [Path("data/results/tones", name) for name in ("results.json", "results.parquet")]
    content, calls = [file.read_bytes() for file in files], dict(CALLS)
    study("tones.toml")
    assert (done(), [file.read_bytes() for file in files]) == (before, content)
    assert CALLS["encode"] == calls["encode"]


def test_a_study_ends_in_a_page_with_the_rivals_and_the_gap():
    document = study(written(STUDY.replace('"sv"]', '"sv", "sv-unit"]')))
    page = Path(document["report"]).read_text()
    assert Path(document["report"]) == Path("data/results/tones/report.html")
    assert "cannot be told from these clips: accuracy stays as it is" in page
    for heading in ("Accuracy against signal-to-noise ratio", "Rivals", "The modality gap", "What made the numbers"):
        assert heading in page, heading
    rivals = pd.read_csv("data/results/tones/tables/all_rivals.csv")
    assert set(rivals["method"]) == {"zs", "sv", "sv-unit"} and rivals["p"].notna().sum() == 2 * 3
    assert not Path("data/results/tones/figures").exists()


def test_two_studies_share_what_they_have_in_common():
    study(written())
    before = done()
    study(written(STUDY.replace("[0.5, 1]", "[0.5]").replace('"zs", ', ""), "less.toml"))
    assert set(done("soundscapes")) | set(done("embeddings")) <= set(before)
    assert len(done("scores")) == len([name for name in before if name.startswith("scores")]) + 1
    made = atmda.study("tones.toml", modes="tgap", num_workers=1, no_figures=True)  # its own scores alone
    assert made.made == 2 and {cell.content["mode"] for cell in made.cells} == {"tgap"}


def test_scores_are_kept_so_that_statistics_need_no_second_run():
    made = atmda.study(written(), num_workers=1, no_figures=True)
    for cell in made.cells:
        kept = cell.kept()
        found = kept.cells[cell.place]
        assert (found.mode, found.modality, found.temperature) == tuple(
            cell.content[name] for name in ("mode", "modality", "temperature")
        )
        assert np.array_equal(found.scores.argmax(axis=1), found.predicted)
        accuracies = [float((found.predicted == kept.y)[kept.folds == fold].mean()) for fold in (1, 2)]
        assert cell.content["accuracy"] == pytest.approx(np.mean(accuracies))
    assert kept.sources is not None and len(set(kept.sources)) == 8 // 2  # a name in both classes counts once
    found = analyse(made.cells[-1].classified(), point=made.cells[-1].about, n_samples=50)
    assert found.cells[0]["dataset"] == "events" and len(found.gains) == 4


def test_a_method_that_hears_the_background_itself_runs_where_there_is_one():
    document = study(written(STUDY.replace('["none", "text", "audio"]', '"none"').replace('"sv"', '"zs-cleared"')))
    assert [(cell["set"], cell["mode"]) for cell in document["cells"]] == [
        ("clean", "zs"),
        ("hum1000 0 dB", "zs"),
        ("hum1000 0 dB", "zs-cleared"),
    ]


def test_subtracted_backgrounds_run_in_a_study_and_keep_the_share_that_top_n_asks_for():
    modes = STUDY.replace('["none", "text", "audio"]', '"none"').replace('"sv"', '"tgap-unit", "sv-subtracted"')
    document = study(written(modes.replace("temperatures", 'top_n = "share"\ntemperatures')))
    assert [(cell["set"], cell["mode"]) for cell in document["cells"] if cell["mode"] != "zs"] == [
        ("clean", "tgap-unit"),
        ("hum1000 0 dB", "tgap-unit"),
        ("hum1000 0 dB", "sv-subtracted"),
    ]


def test_a_replaced_recording_makes_what_rests_on_it_anew_and_nothing_else(write_tone):
    study(written())
    before = done()
    write_tone(Path("places/hum1000/1000.wav"), 1100)
    study("tones.toml")
    new = set(done()) - set(before)
    assert sorted(name.split("-")[0] for name in new) == ["embeddings", "embeddings", "scores", "scores", "soundscapes"]


def test_a_killed_study_goes_on_without_doing_again_what_was_finished():
    process = start("study", written(), "--num-workers", "1", pause=0.08)
    wait_for(lambda: done("scores"), process)
    process.kill()
    process.wait(30)
    before = done()
    assert 2 <= len(before) < 8
    study("tones.toml")
    assert len(done()) == 8 and before.items() <= done().items()


def test_a_dry_run_names_what_is_missing_and_writes_nothing(tmp_path):
    written()
    before = sorted(tmp_path.rglob("*"))
    document = study("tones.toml", "--dry-run")
    assert sorted(tmp_path.rglob("*")) == before
    assert [part["items"] for part in document["missing"] if part["kind"] == "soundscapes"] == [8]
    assert document["bytes"] > 8 * 2 * 44_100
    study("tones.toml")
    assert study("tones.toml", "--dry-run")["missing"] == []
    assert "0 parts are missing" in run("study", "tones.toml", "--dry-run")[2]


def test_only_so_many_parts_are_made_as_are_asked_for():
    written()
    assert study("tones.toml", "--max-runs", "2")["left"][0].startswith("events clean")
    assert len(done()) == 2
    study("tones.toml", "--max-runs", "1")
    assert len(done()) == 3
    assert study("tones.toml")["left"] == [] and len(done()) == 8


def test_the_jobs_of_an_array_divide_the_sets_and_a_last_run_gathers_them():
    written()
    study("tones.toml", "--shard", "1/2")
    assert not done("soundscapes") and not Path("data/results/tones/results.json").exists()
    study("tones.toml", "--shard", "2/2")
    before = done()
    assert len(study("tones.toml")["cells"]) == 12 and done() == before


def test_soundscapes_can_go_once_they_are_embedded():
    study(written(), "--discard-soundscapes")
    assert not list(Path("data/study").glob("soundscapes-*"))
    before = done()
    assert len(study("tones.toml")["cells"]) == 12 and done() == before


def test_a_data_set_that_is_missing_is_named_and_does_not_stop_the_others():
    written(STUDY + '[[datasets]]\nname = "esc50"\n')
    code, _, errors = run("study", "tones.toml", "--num-workers", "1")
    assert code == 3 and "atmda fetch esc50" in errors and errors.count("esc50 is missing") == 1
    document = json.loads(Path("data/results/tones/results.json").read_text())
    assert {cell["dataset"] for cell in document["cells"]} == {"events"}
    assert len(document["failed"]) > 1
    written('name = "none"\nmodalities = "none"\n[[datasets]]\nname = "esc50"\n[[encoders]]\nmodel = "spectral"\n')
    code, _, errors = run("study", "tones.toml")
    assert code == 1 and "Nothing of the study could be made" in errors


def test_nothing_is_mixed_for_an_encoder_that_is_not_there():
    written(STUDY.replace('"spectral"', '"laion-clap"'))
    assert study("tones.toml", "--dry-run")["missing"][0]["items"] == 8  # still told how much it would be
    code, _, errors = run("study", "tones.toml")
    assert code == 1 and "atmda fetch laion-clap" in errors and not done()


def test_scores_that_were_damaged_are_named_and_the_others_told():
    study(written())
    place = next(Path("data/study").glob("scores-*"))
    (place / "results.json").write_text("{}")
    document = study("tones.toml", code=3)
    assert place.name in next(iter(document["failed"].values())) and 0 < len(document["cells"]) < 12


def test_one_method_that_cannot_run_does_not_take_the_others_with_it():
    text = STUDY.replace('folder = "events"', 'embeddings = "e.npz"\ntext_embeddings = "t.npz"')
    text = text[: text.index("[[mixes]]")].replace(', "text", "audio"', "")
    np.savez("e.npz", embeddings=np.eye(2, dtype=np.float32), clips=["a", "b"], labels=["dog", "cat"])
    np.savez("t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["dog", "cat"])
    document = study(written(text), code=3)
    assert [(cell["mode"], cell["accuracy"]) for cell in document["cells"]] == [("zs", 1.0)]
    assert "no folds to train on" in next(iter(document["failed"].values()))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("modes =", "mode =", r"Mode in tones\.toml is not a setting\. Did you mean modes"),
        ("snrs =", "snr =", r"mix 1 has snr, which is no key\. Did you mean snrs"),
        ("folder =", "foldr =", r"data set 1 has foldr, which is no key\. Did you mean folder"),
        ("model =", "mode =", r"encoder 1 has mode, which is no key\. Did you mean model"),
        ('"zs", "sv"', '"zz"', r"'zz' is no mode\. Did you mean zs"),
        ("snrs = [0]", 'snrs = ["loud"]', r"snr_dist: 'loud'|snr_dist.*loud"),
        ("duration = 1", 'duration = "long"', "duration"),
        ('"hum1000"', '"all"', r"`modalities`: text needs scenes"),
        ('folder = "events"', "", "a data set is a `name`, a `folder` or `embeddings`"),
        ("[[datasets]]", '[[datasets]]\nannotations = "a.csv"', "cannot be mixed"),
    ],
)
def test_a_file_that_says_what_cannot_be_is_refused_by_name_before_anything_is_written(old, new, said):
    written(STUDY.replace(old, new))
    with pytest.raises(SettingsError, match=said):
        atmda.study("tones.toml")
    assert not Path("data").exists()


def test_what_a_study_is_can_be_said_in_python_and_by_the_environment(monkeypatch):
    made = atmda.study(written(), temperatures=(2,), modes="zs", num_workers=1, output="mine", no_figures=True)
    assert {cell.content["temperature"] for cell in made.cells} == {None, 2.0}
    assert len(made.to_pandas()) == 2 * 4 and Path("mine/results.json").is_file()
    monkeypatch.setenv("ATMDA_TEMPERATURES", "3")
    assert {cell["temperature"] for cell in study("tones.toml")["cells"]} == {None, 3.0}


def test_the_studies_that_come_with_atmda_are_found_by_name_and_can_be():
    assert study_names() == ["mini", "own", "paper"]
    for name in ("paper", "mini.toml", "configs/own.toml"):
        found = settings_in(find_study(name), StudySettings)
        made = make_settings(StudySettings, {key: value for key, (value, _) in found.items()})
        made.check()
        assert made.name in name
    with pytest.raises(SettingsError, match="Did you mean paper"):
        find_study("papre")


def test_the_mini_study_runs_on_the_real_small_sets(test_data):
    Path("data/input").mkdir(parents=True)
    for name in ("urbansound8k", "tau2019uas"):
        (Path("data/input") / name).symlink_to(test_data / "data" / f"{name}-mini")
    parts = study("mini", "--dry-run")["missing"]
    assert sum(part["items"] for part in parts if part["kind"] == "soundscapes") == 8 * 297
    assert not any(part["blocked"] for part in parts)


def original(name: str, percent: object) -> None:
    Path("results").mkdir(exist_ok=True)
    Path(f"results/{name}.txt").write_text(f"Model=LAION-CLAP, train_type=zs, acc/mAP={percent}%")


def test_results_of_the_original_scripts_become_a_study():
    original("urbansound8k_1219_results_zs_None_0.5", "75.500")
    original("urbansound8k-20240923151200_1228_results_zs_None_0.5", "60.000")
    original("urbansound8k-20240923151200_1228_results_tgap_audio_0.2", "62.250")
    original("urbansound8k-20240923151200_1228_results_tgap_text_0.8", "much")
    entry = {"class_gt": 3, "embd": torch.zeros(2), "fold": 1}
    torch.save({f"1-3-0-{n}-park-0.wav": entry for n in range(3)}, "results/urbansound8k-20240923151200_1228.pt")
    document = study("--from-results", "results", code=3)
    rows = [(c["set"], c["mode"], c["modality"], c["temperature"], c["accuracy"]) for c in document["cells"]]
    name = "urbansound8k-20240923151200_1228"
    assert rows == [
        (name, "zs", "none", None, 0.6),
        (name, "tgap", "audio", 0.2, 0.6225),
        ("clean", "zs", "none", None, 0.755),
    ]
    assert document["cells"][0]["scene"] == "park" and document["cells"][0]["folds"][0]["n"] == 3
    assert pd.read_parquet("data/results/results/results.parquet")["value"].tolist() == [0.6, 0.6225, 0.755]
    with pytest.raises(AtmdaError, match="there are no results in it"):
        atmda.study(from_results="events")


def test_results_that_classify_saved_become_a_study():
    np.savez("e.npz", embeddings=np.eye(2, dtype=np.float32), clips=["a", "b"], labels=["dog", "cat"])
    np.savez("t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["dog", "cat"])
    run("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--save-results", "saved/one")
    (cell,) = study("--from-results", "saved")["cells"]
    assert (cell["dataset"], cell["set"], cell["mode"], cell["accuracy"]) == ("one", "e.npz", "zs", 1.0)


def test_every_result_of_classify_records_its_sentences():
    run("embed", "--audio-folder", "events", "--labels-from", "folders", "--output", "e", "--model", "spectral")
    _, out, _ = run("classify", "--embeddings", "e", "--templates", "A {label};Some {label}", "--json")
    document = json.loads(out)
    assert document["templates"] == ["A {label}", "Some {label}"]
    assert document["prompts"]["tone700"] == ["A tone700", "Some tone700"]


@pytest.mark.parametrize("several", [False, True])
def test_cells_come_back_from_their_file_as_they_were(several):
    X = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
    np.savez("e.npz", embeddings=X, clips=list("abcdefghijkl"), labels=list("xxxyyy") * 2, folds=[1, 2, 3] * 4)
    np.savez("t.npz", embeddings=np.eye(2, 3, dtype=np.float32), labels=["x", "y"])
    given = {"modality": ("none", "audio"), "temperature": ("auto", 0.5), "bg_embeddings": "e.npz"}
    done = atmda.classify("e.npz", text_embeddings="t.npz", mode=("zs", "tgap"), top_n="auto", **given)
    y = np.stack([done.y == 0, done.y < 2], axis=1) if several else done.y
    kept = Kept(done.table.clips, done.classes, y, done.table.folds, done.table.sources, done.cells)
    write_kept(Path("cells.parquet"), kept)
    again = read_kept(Path("cells.parquet"))
    assert np.array_equal(again.y, y) and again.classes == done.classes and again.sources is None
    assert len(again.cells) == 6
    for mine, theirs in zip(again.cells, done.cells, strict=True):
        np.testing.assert_array_equal(mine.scores, theirs.scores)
        np.testing.assert_array_equal(mine.predicted, theirs.predicted)
        assert (mine.mode, mine.temperature, mine.folds) == (theirs.mode, theirs.temperature, theirs.folds)
    Path("cells.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError, match=r"cells\.parquet"):
        read_kept(Path("cells.parquet"))
