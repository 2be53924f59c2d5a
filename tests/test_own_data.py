"""Recordings and labels of one's own, through the commands: tables, folders, examples, prototypes, stores."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from spectral import CALLS
from typer.testing import CliRunner

from atmda.cli import app
from atmda.core.embeddings.formats import read_embeddings

LABELS = "tone at 200,tone at 1000,tone at 1800"


def atmda(*arguments, code=0):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}, not {code}: {result.output}") from result.exception
    assert "Traceback" not in result.output
    return result


def infer(*arguments, code=0):
    return atmda("infer", "--model", "spectral", *arguments, code=code)


def embed(*arguments, code=0):
    return atmda("embed", "--model", "spectral", *arguments, code=code)


def classified(*arguments):
    return json.loads(atmda("classify", "--json", *arguments).stdout)


@pytest.fixture
def mine(tmp_path, write_tone):
    """Four recordings a class, two of each source, in sub-folders named after the class."""
    for pitch, name in ((200, "low"), (1000, "mid_range"), (1800, "high")):  # words that say nothing to the encoder
        for take in range(4):
            write_tone(tmp_path / "mine" / name / f"{name}{take}.wav", pitch + 15.0 * take, 0.5)
    return tmp_path / "mine"


def annotations(mine: Path, extra: str = "") -> Path:
    found = sorted(mine.rglob("*.wav"))
    lines = ["filename,label,source", *(f"{p.name},{p.parent.name},{p.stem[:-1]}{int(p.stem[-1]) // 2}" for p in found)]
    Path("labels.csv").write_text("\n".join(lines) + "\n" + extra)
    return Path("labels.csv")


def test_a_folder_with_a_table_of_labels_is_embedded_and_classified(mine):
    embed("--audio-folder", mine, "-r", "--annotations", annotations(mine), "--output", "emb")
    table = read_embeddings(Path("emb"))
    assert set(table.labels) == {"low", "mid range", "high"}
    assert table.sources[0] == "high0"
    document = classified("--embeddings", "emb", "--mode", "sv", "--cv", 2)
    assert document["results"][0]["accuracy"] == 1.0
    assert document["classes"] == ["high", "low", "mid range"]
    assert [fold["n"] for fold in document["results"][0]["folds"]] == [6, 6]


def test_sub_folders_are_labels_where_asked_for(mine):
    embed("--audio-folder", mine, "-r", "--labels-from", "folders", "--output", "emb")
    assert read_embeddings(Path("emb")).labels[0] == "high"


def test_clips_of_one_source_never_stand_on_both_sides_of_folds_made_here(mine):
    embed("--audio-folder", mine, "-r", "--annotations", annotations(mine), "--output", "emb")
    done = __import__("atmda").classify("emb", mode="sv", cv=2)
    for source in set(done.groups):
        assert len({fold for fold, own in zip(done.folds.tolist(), done.groups, strict=True) if own == source}) == 1


def test_what_does_not_fit_is_warned_of_by_name(mine):
    warned = embed(
        *("--audio-folder", mine, "-r", "--annotations", annotations(mine, "gone.wav,low,x\n"), "--output", "emb")
    ).stderr
    assert "gone.wav" in warned


def test_unlabelled_clips_are_left_out_of_classify_and_named(mine, write_tone):
    table = annotations(mine)
    write_tone(mine / "low" / "unknown.wav", 300.0)
    assert "low/unknown.wav" in embed("--audio-folder", mine, "-r", "--annotations", table, "--output", "emb").stderr
    result = atmda("classify", "--embeddings", "emb", "--mode", "sv", "--cv", 2)
    assert "1 clips have no label; left out: low/unknown.wav" in result.stderr


def test_data_with_folds_of_its_own_refuses_other_ones(mine):
    np.savez("e.npz", embeddings=np.eye(4), clips=list("abcd"), labels=list("xyxy"), folds=[1, 1, 2, 2])
    assert "folds of its own" in atmda("classify", "--embeddings", "e.npz", "--mode", "sv", "--cv", 2, code=2).stderr


@pytest.mark.parametrize("mode", ["sv", "tgap", "knn"])
def test_infer_labels_by_examples_of_ones_own(tones, mine, mode):
    result = infer("--mode", mode, "--examples", mine, "--audio-folder", tones, "--json")
    document = json.loads(result.stdout)
    assert document["labels"] == ["high", "low", "mid range"]
    labels = {row["filename"]: row["label"] for row in document["results"]}
    if mode != "tgap":  # its sentences ("high") say nothing to this encoder
        assert [labels[f"tone{n}.wav"] for n in (0, 4, 8)] == ["low", "mid range", "high"]


def test_examples_can_be_a_store_or_a_folder_with_a_table(tones, mine):
    embed("--audio-folder", mine, "-r", "--annotations", annotations(mine), "--output", "emb")
    by_store = json.loads(infer("--mode", "sv", "--examples", "emb", "--audio-folder", tones, "--json").stdout)
    by_table = json.loads(
        infer(
            *("--mode", "sv", "--examples", mine, "--annotations", "labels.csv", "--audio-folder", tones, "--json")
        ).stdout
    )
    assert by_store["results"] == by_table["results"]


def test_kept_prototypes_give_the_same_labels_without_the_examples(tones, mine):
    first = json.loads(
        infer(
            *("--mode", "sv", "--examples", mine, "--save-prototypes", "mine.npz", "--audio-folder", tones, "--json")
        ).stdout
    )
    shutil.rmtree(mine)
    again = json.loads(infer("--prototypes", "mine.npz", "--audio-folder", tones, "--json").stdout)
    assert again["results"] == first["results"]
    assert again["mode"] == "sv"


def test_prototypes_of_another_encoder_are_refused_with_the_field_named(tones, mine, monkeypatch):
    infer("--mode", "sv", "--examples", mine, "--save-prototypes", "mine.npz", "--audio-folder", tones)
    import spectral

    monkeypatch.setattr(spectral, "load", lambda request: spectral.SpectralEncoder("other"))
    assert "weights_sha256" in infer("--prototypes", "mine.npz", "--audio-folder", tones, code=1).stderr


def test_a_file_that_holds_no_prototypes_is_named(tones):
    Path("p.npz").write_text("hello")
    assert "p.npz" in infer("--prototypes", "p.npz", "--audio-folder", tones, code=1).stderr


def test_stored_embeddings_are_labelled_without_reading_audio_again(tones):
    whole = json.loads(infer("--labels", LABELS, "--audio-folder", tones, "--json").stdout)
    embed("--audio-folder", tones, "--output", "emb")
    shutil.rmtree(tones)
    CALLS["encode"] = 0
    again = json.loads(infer("--labels", LABELS, "--embeddings", "emb", "--json").stdout)
    assert again["results"] == whole["results"]
    assert CALLS["encode"] == 0


def test_stored_embeddings_with_kept_prototypes_need_no_encoder(tones, mine):
    embed("--audio-folder", tones, "--output", "emb")
    infer("--mode", "sv", "--examples", mine, "--save-prototypes", "mine.npz", "--audio-folder", tones)
    CALLS["load"] = 0
    infer("--prototypes", "mine.npz", "--embeddings", "emb")
    assert CALLS["load"] == 0


def test_a_label_without_an_example_is_named(tones, mine):
    warned = infer("--mode", "sv", "--examples", mine, "--labels", "low,high,siren", "--audio-folder", tones).stderr
    assert "the label 'siren' is without an example" in warned
    assert "4 of 12 examples have not one of the labels" in warned


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--labels", LABELS, "--bg-type", "park"), "--bg-type is used with --modality text alone"),
        (("--labels", LABELS, "--bg-folder", "x"), "--bg-folder is used with --modality audio alone"),
        (("--labels", LABELS, "--temperature", "1"), "--temperature is used with --modality text or audio alone"),
        (("--labels", LABELS, "--examples", "x"), "--examples is used with --mode tgap or sv alone"),
        (("--mode", "sv"), "--mode sv needs --examples"),
        (
            ("--mode", "knn", "--examples", "x", "--modality", "text", "--bg-type", "park"),
            "--mode knn has no prototypes",
        ),
        (("--labels", LABELS, "--mode", "nosuch"), "There is no method 'nosuch'"),
        (("--labels", LABELS, "--embeddings", "x"), "both say what to label"),
    ],
)
def test_settings_that_do_not_go_together_are_refused_before_an_encoder_is_loaded(tones, arguments, named):
    CALLS["load"] = 0
    assert named in infer("--audio-folder", tones, *arguments, code=2).stderr
    assert CALLS["load"] == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--modality", "text"), "--modality text needs --bg-type"),
        (("--modality", "audio"), "--modality audio needs --bg-embeddings"),
        (("--bg-type", "park"), "--bg-type is used with --modality text alone"),
        (("--temperature", "1"), "--temperature is used with --modality text or audio alone"),
        (("--top-n", "5"), "--top-n is used with --mode tgap alone"),
        (("--mode", "nosuch"), "'nosuch' is no mode"),
        (("--metric", "acuracy"), "Did you mean accuracy"),
        (("--metric", "map", "--cv", "9"), "--cv 9: 4 recordings cannot make 9 folds"),
        (("--templates", "a sound"), "has no {label} in it"),
    ],
)
def test_classify_refuses_what_does_not_go_together_before_an_encoder_is_loaded(arguments, named):
    np.savez("e.npz", embeddings=np.eye(4), clips=list("abcd"), labels=list("xyxy"))
    CALLS["load"] = 0
    assert named in atmda("classify", "--model", "spectral", "--embeddings", "e.npz", *arguments, code=2).stderr
    assert CALLS["load"] == 0


def test_a_file_of_settings_may_hold_what_one_run_does_not_use(tones):
    Path("atmda.toml").write_text('[infer]\nbg_type = "park"\ntemperature = 0.2\n')
    infer("--audio-folder", tones, "--labels", LABELS, "--config", "atmda.toml")


def test_labels_that_mean_the_same_prompt_are_merged_with_a_note(tones):
    result = infer("--audio-folder", tones, "--labels", "tone_at_200,tone at 1000,Tone at 200", "--json")
    assert json.loads(result.stdout)["labels"] == ["tone_at_200", "tone at 1000"]
    assert "'Tone at 200' means the same as 'tone_at_200'" in result.stderr


def test_a_label_file_with_a_header_gives_its_column(tones):
    Path("classes.csv").write_text("index,mid,display_name\n0,/m/1,tone at 200\n1,/m/2,tone at 1000\n")
    document = json.loads(infer("--audio-folder", tones, "--class-labels", "classes.csv", "--json").stdout)
    assert document["labels"] == ["tone at 200", "tone at 1000"]


def test_hundreds_of_unknown_words_make_one_line(tones):
    labels = ",".join(f"gobbledygook{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300))
    warned = infer("--audio-folder", tones, "--labels", labels).stderr
    assert warned.count("warning") == 1
    assert "300 of 300 labels say little to spectral" in warned
    assert "and 295 more" in warned


def test_one_embedding_that_is_not_a_number_is_left_out_and_named():
    X = np.eye(4, dtype=np.float32)
    X[2] = np.nan
    np.savez("e.npz", embeddings=X, clips=list("abcd"), labels=list("xyxy"), folds=[1, 1, 2, 2])
    result = atmda("classify", "--embeddings", "e.npz", "--mode", "sv", "--json")
    assert "1 embeddings hold values that are not numbers; left out: c" in result.stderr
    assert json.loads(result.stdout)["clips"] == 3


def test_a_class_without_training_clips_in_a_fold_is_warned_of_by_name():
    X = np.eye(4, dtype=np.float32)
    np.savez("e.npz", embeddings=X, clips=list("abcd"), labels=["cat", "dog", "cat", "cat"], folds=[1, 1, 2, 2])
    result = atmda("classify", "--embeddings", "e.npz", "--mode", "sv")
    assert "fold 1: 'dog' has no training clip and is never chosen there" in result.stderr


def several_labels(n: int = 40) -> None:
    rng = np.random.default_rng(0)
    members = rng.random((n, 3)) < 0.4
    members[:, 0] |= ~members.any(axis=1)
    names = np.array(["cat", "dog", "rain"])
    X = members @ np.eye(3, 8) + 0.2 * rng.standard_normal((n, 8))
    labels = [";".join(names[row]) for row in members]
    splits = ["train"] * (n // 2) + ["test"] * (n - n // 2)
    np.savez("e.npz", embeddings=X.astype(np.float32), clips=[f"c{i}" for i in range(n)], labels=labels, splits=splits)
    np.savez("t.npz", embeddings=np.eye(3, 8, dtype=np.float32), labels=names)


def test_clips_with_several_labels_are_scored_by_macro_map_on_the_official_split():
    several_labels()
    document = classified(
        "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--mode", "zs,tgap,sv,logreg", "--top-n", 5
    )
    assert document["metrics"] == ["map"]
    for cell in document["results"]:
        assert cell["map"] > 0.8, cell
        assert [fold["fold"] for fold in cell["folds"]] == ["test"]
        assert cell["folds"][0]["n"] == 20
    error = atmda(
        *("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--metric", "accuracy"), code=2
    ).stderr
    assert "--metric accuracy is not defined for several labels a clip" in error


def noisy(n: int = 120) -> None:
    """Clips that all carry one background, more of it than the published temperature undoes."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, n)
    background = np.zeros(8, np.float32)
    background[2] = 4.0
    X = np.eye(3, 8)[y] + 0.15 * rng.standard_normal((n, 8)) + background
    names = np.array(["cat", "dog", "rain"])
    np.savez(
        "e.npz",
        embeddings=X.astype(np.float32),
        clips=[f"c{i}" for i in range(n)],
        labels=names[y],
        folds=np.arange(n) % 4,
    )
    np.savez("t.npz", embeddings=np.eye(3, 8, dtype=np.float32), labels=names)
    np.savez("bg.npz", embeddings=background[None], clips=["bg"])


def test_the_temperature_is_chosen_on_the_training_folds_and_told_by_fold():
    noisy()
    fixed, chosen = classified(
        *("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--modality", "audio", "--bg-embeddings", "bg.npz"),
        *("--temperature", "0.5,auto", "--logit-scale", "auto", "--metric", "accuracy,ece"),
    )["results"]
    assert chosen["temperature"] == "auto"
    assert chosen["accuracy"] > fixed["accuracy"] + 0.1
    for fold in chosen["folds"]:
        assert fold["chosen"]["temperature"] > 0.5
        assert fold["chosen"]["logit_scale"] > 1
    assert chosen["ece"] < 0.2


def test_of_a_metric_that_is_an_error_the_smallest_is_chosen():
    """The largest calibration error once won."""
    noisy()
    words = ("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--modality", "audio", "--bg-embeddings", "bg.npz")
    fixed, chosen = classified(*words, "--temperature", "0.5,auto", "--logit-scale", "10", "--metric", "log_loss")[
        "results"
    ]
    assert chosen["log_loss"] < fixed["log_loss"]


def test_top_n_is_chosen_on_the_training_folds():
    noisy()
    (cell,) = classified("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--mode", "tgap", "--top-n", "auto")[
        "results"
    ]
    assert {fold["chosen"]["top_n"] for fold in cell["folds"]} <= {3, 5, 8, 10, 15, 20, 25, 35, 50}


def test_a_choice_looks_at_no_test_clip():
    """Labels of the test fold are turned round: what is chosen for it stays."""
    noisy()
    arguments = ("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--modality", "audio")
    arguments += ("--bg-embeddings", "bg.npz", "--temperature", "auto")
    before = classified(*arguments)["results"][0]["folds"]
    arrays = dict(np.load("e.npz"))
    arrays["labels"] = np.where(arrays["folds"] == 0, np.roll(arrays["labels"], 7), arrays["labels"])
    np.savez("e.npz", **arrays)
    after = classified(*arguments)["results"][0]["folds"]
    assert after[0]["chosen"] == before[0]["chosen"]
    assert after[0]["accuracy"] != before[0]["accuracy"]


def test_baselines_of_scikit_learn_are_modes(mine):
    embed("--audio-folder", mine, "-r", "--annotations", annotations(mine), "--output", "emb")
    modes = "knn,logreg,svm,rf,mlp"
    metrics = "accuracy,balanced_accuracy,macro_f1,top3,ece,log_loss"
    arguments = ("--embeddings", "emb", "--cv", 2, "--mode", modes, "--modality", "none", "--metric")
    for cell in classified(*arguments, "accuracy,balanced_accuracy,macro_f1")["results"]:
        assert cell["accuracy"] >= 0.5, cell["mode"]
    assert "3 classes: the right one is always among 3" in atmda("classify", *arguments, metrics, code=2).stderr


def test_results_hold_numbers_and_predictions_hold_scores_and_probabilities():
    noisy()
    arguments = ("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--logit-scale", 10, "--save-results", "res")
    atmda("classify", *arguments)
    with Path("res/results.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert 0 < float(row["accuracy"]) <= 1
    assert float(row["interval_low"]) < float(row["accuracy"]) < float(row["interval_high"])
    assert 0 <= float(row["fold_0"]) <= 1
    with Path("res/predictions.csv").open() as file:
        first = next(csv.DictReader(file))
    assert -5 < float(first["zs none score"]) < 5
    assert 1 / 3 <= float(first["zs none probability"]) <= 1
    document = json.loads(Path("res/results.json").read_text())
    assert document["methods"]["zs"]["source"].startswith("Acevedo")


def test_every_method_and_metric_is_listed_with_its_source():
    listed = json.loads(atmda("classify", "--list-methods", "--json").stdout)
    assert {"zs", "tgap", "sv", "knn", "logreg", "svm", "rf", "mlp"} <= {method["name"] for method in listed["methods"]}
    assert {"accuracy", "macro_f1", "map", "ece"} <= {metric["name"] for metric in listed["metrics"]}


def test_several_templates_are_averaged_and_renormalised(tones):
    templates = "a recording of {label};the sound of {label}"
    document = json.loads(infer("--audio-folder", tones, "--labels", LABELS, "--templates", templates, "--json").stdout)
    assert document["results"][4]["label"] == "tone at 1000"


def test_help_names_no_type_of_a_switch_and_no_panel_holds_help_alone():
    for command in ((), ("infer",), ("embed",), ("classify",), ("augment",), ("fetch",)):
        shown = atmda(*command, "--help").stdout
        assert "<bool>" not in shown
        assert "--help" in shown
        if command:
            assert "─ Options ─" not in shown


@pytest.mark.parametrize(
    ("command", "said"),
    [("infer", "9 recordings to label"), ("embed", "9 clips, 0 classes"), ("classify", "2 test sets: 1 of 2, 2 of 2")],
)
def test_verbose_says_more(tones, command, said):
    np.savez("e.npz", embeddings=np.eye(4), clips=list("abcd"), labels=list("xyxy"), folds=[1, 1, 2, 2])
    arguments = {
        "infer": ("--model", "spectral", "--audio-folder", tones, "--labels", LABELS),
        "embed": ("--model", "spectral", "--audio-folder", tones, "--output", "emb", "--force"),
        "classify": ("--embeddings", "e.npz", "--mode", "sv"),
    }[command]
    assert said not in atmda(command, *arguments).stderr
    assert said in atmda(command, *arguments, "-v").stderr
