"""The commands as users run them, on a small encoder."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
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


def infer(folder, *more, code=0):
    return atmda("infer", "--model", "spectral", "--audio-folder", folder, *more, code=code)


def rows(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_help_needs_neither_torch_nor_numpy_nor_pydantic():
    script = (
        "import sys; from atmda.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'numpy', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_every_listed_command_has_help_with_examples():
    listed = re.findall(r"^│ (\w+) ", atmda("--help").stdout, re.M)
    assert {"infer", "embed", "classify"} <= set(listed)
    for command in listed:
        assert f"atmda {command} " in atmda(command, "--help").stdout


def test_the_version_is_told():
    assert re.match(r"atmda \d+\.\d+", atmda("--version").stdout)


def test_infer_labels_each_recording_and_saves_the_columns_of_the_contract(tones):
    infer(tones, "--labels", LABELS, "--output", "out.csv")
    found = rows("out.csv")
    assert list(found[0])[:4] == ["filename", "label", "confidence", "score"]
    labels = {row["filename"]: row["label"] for row in found}
    assert labels["tone0.wav"] == "tone at 200"
    assert labels["tone4.wav"] == "tone at 1000"
    assert labels["tone8.wav"] == "tone at 1800"
    assert all(0.33 < float(row["confidence"]) <= 1 for row in found)


def test_infer_saves_below_the_data_folder_and_says_where(tones):
    result = infer(tones, "--labels", LABELS)
    (path,) = Path("data/results").iterdir()
    assert re.fullmatch(r"results_\d{8}T\d{6}\.csv", path.name)
    assert path.name in result.stderr
    assert len(rows(path)) == 9


def test_runs_within_one_second_do_not_overwrite_each_other(tones):
    for _ in range(3):
        infer(tones, "--labels", LABELS)
    assert len(list(Path("data/results").iterdir())) == 3


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_output_format_holds_the_same_rows(tones, ending):
    infer(tones, "--labels", LABELS, "--output", f"out.{ending}", "--top-k", 2)
    read = {"csv": pd.read_csv, "jsonl": lambda path: pd.read_json(path, lines=True), "parquet": pd.read_parquet}
    frame = read[ending](f"out.{ending}")
    assert len(frame) == 9
    assert list(frame.columns[:3]) == ["filename", "label", "confidence"]
    assert {"label_2", "confidence_2"} <= set(frame.columns)


def test_a_dash_writes_csv_to_stdout_and_nothing_else(tones):
    result = infer(tones, "--labels", LABELS, "--output", "-")
    assert result.stdout.splitlines()[0].startswith("filename,label,confidence")
    assert len(result.stdout.splitlines()) == 10


def test_json_is_one_document_on_stdout(tones):
    document = json.loads(infer(tones, "--labels", LABELS, "--json").stdout)
    assert len(document["results"]) == 9
    assert document["skipped"] == {}


def test_labels_come_from_a_file_with_blank_lines_and_no_last_newline(tones):
    Path("labels.txt").write_text("\n tone at 200\n\ntone at 1000 \r\ntone at 1800")
    document = json.loads(infer(tones, "--class-labels", "labels.txt", "--json").stdout)
    assert document["labels"] == ["tone at 200", "tone at 1000", "tone at 1800"]


def test_adaptation_by_audio_subtracts_the_mean_profile_of_the_background(tones, tmp_path, write_tone):
    for index in range(2):
        write_tone(tmp_path / "bg" / f"{index}.wav", 1000.0)
    plain = json.loads(infer(tones, "--labels", LABELS, "--json", "--top-k", 3).stdout)["results"]
    arguments = ("--labels", LABELS, "--json", "--top-k", 3, "--modality", "audio", "--bg-folder", tmp_path / "bg")
    adapted = json.loads(infer(tones, *arguments, "--temperature", 2).stdout)["results"]
    assert plain[4]["label"] == "tone at 1000"
    assert adapted[4]["label"] != "tone at 1000"
    assert adapted[4]["unadapted_label"] == "tone at 1000"


def test_adaptation_by_text_needs_and_uses_the_name_of_the_background(tones):
    arguments = ("--labels", LABELS, "--json", "--modality", "text", "--temperature", 3)
    assert "--bg-type" in infer(tones, *arguments, code=2).stderr
    adapted = json.loads(infer(tones, *arguments, "--bg-type", "hum at 1000").stdout)["results"]
    assert adapted[4]["label"] != "tone at 1000"


def test_the_flags_of_the_original_scripts_keep_working(tones, tmp_path):
    Path("class_labels.txt").write_text(LABELS.replace(",", "\n"))
    arguments = "--class_labels class_labels.txt --modality audio --temperature 0.5 --num_workers 2 --output out.csv"
    folders = ["--audio_folder_path", tones, "--bg_folder_path", tones]
    atmda("infer", "--model", "spectral", *arguments.split(), *folders)
    assert len(rows("out.csv")) == 9


def test_bad_recordings_are_named_and_skipped_and_the_exit_code_is_3(tones):
    (tones / "empty.wav").touch()
    (tones / "text.wav").write_text("not audio")
    cut = tones / "tone1.wav"
    cut.write_bytes(cut.read_bytes()[:8000])
    result = infer(tones, "--labels", LABELS, "--output", "out.csv", code=3)
    for name in ("empty.wav", "text.wav", "tone1.wav"):
        assert name in result.stderr
    assert len(rows("out.csv")) == 8


def test_a_folder_with_nothing_that_can_be_used_is_a_failure(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.wav").touch()
    assert "could be used" in infer(tmp_path / "bad", "--labels", LABELS, code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("--labels", LABELS), 2, "--audio-folder"),
        (("--audio-folder", "."), 2, "--class-labels"),
        (("--audio-folder", "gone", "--labels", LABELS), 1, "gone"),
        (("--audio-folder", ".", "--class-labels", "gone.txt"), 2, "gone.txt"),
        (("--audio-folder", ".", "--labels", LABELS, "--output", "out.doc"), 2, "out.doc"),
        (("--audio-folder", ".", "--labels", LABELS, "--modality", "audio"), 2, "--bg-folder"),
        (("--audio-folder", ".", "--labels", LABELS, "--model", "nosuch"), 2, "nosuch"),
        (("--nosuch",), 2, "--nosuch"),
    ],
)
def test_wrong_usage_is_one_sentence_that_names_the_setting(tones, monkeypatch, arguments, code, named):
    monkeypatch.chdir(tones)
    assert named in atmda("infer", *arguments, code=code).stderr


def test_a_label_that_says_nothing_to_the_encoder_is_named(tones):
    assert "'gobbledygook'" in infer(tones, "--labels", f"{LABELS},gobbledygook").stderr


def test_the_encoder_is_named_on_stderr_unless_quiet(tones):
    assert "Encoder: spectral" in infer(tones, "--labels", LABELS).stderr
    assert infer(tones, "--labels", LABELS, "--quiet").stderr == ""


def urbansound(root: Path, write_tone) -> Path:
    """Three folds of three classes in UrbanSound8K's own layout; the class is the pitch."""
    lines = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    classes = {0: "air_conditioner", 1: "car_horn", 3: "dog_bark"}
    for fold in (1, 2, 3):
        for class_id, name in classes.items():
            for take in range(2):
                file = f"{fold}{class_id}{take}-{class_id}-0-0.wav"
                pitch = 400.0 + 900.0 * class_id + 60 * take + 20 * fold
                write_tone(root / "input/urbansound8k/audio" / f"fold{fold}" / file, pitch, 1.0)
                lines.append(f"{file},1,0,4,1,{fold},{class_id},{name}")
    (root / "input/urbansound8k/metadata").mkdir(parents=True)
    (root / "input/urbansound8k/metadata/UrbanSound8K.csv").write_text("\n".join(lines) + "\n")
    return root


def embed(*arguments, code=0):
    return atmda("embed", "--model", "spectral", *arguments, code=code)


def test_a_data_set_is_embedded_with_its_labels_and_folds(tmp_path, write_tone):
    data = urbansound(tmp_path / "data", write_tone)
    result = embed("--dataset", "urbansound8k", "--data-dir", data, "--output", "emb")
    assert result.stdout.strip() == "emb"
    table = read_embeddings(Path("emb"))
    assert len(table) == 18
    assert set(table.labels) == {"air conditioner", "car horn", "dog bark"}
    assert set(table.folds.tolist()) == {1, 2, 3}
    assert table.classes[3] == "dog bark"
    assert table.identity["encoder"] == "spectral"


@pytest.mark.parametrize("kind", ["npz", "pt"])
def test_one_file_formats_hold_the_same_embeddings_as_the_store(tmp_path, write_tone, kind):
    data = urbansound(tmp_path / "data", write_tone)
    embed("--dataset", "urbansound8k", "--data-dir", data, "--output", "emb")
    embed("--dataset", "urbansound8k", "--data-dir", data, "--output", f"emb.{kind}", "--format", kind)
    np.testing.assert_array_equal(
        read_embeddings(Path(f"emb.{kind}")).embeddings, read_embeddings(Path("emb")).embeddings
    )
    assert not Path(f"emb.{kind}.partial").exists()
    assert (
        "exists already"
        in embed(
            "--dataset", "urbansound8k", "--data-dir", data, "--output", f"emb.{kind}", "--format", kind, code=1
        ).stderr
    )


def test_embedding_again_into_the_same_store_does_nothing(tones):
    embed("--audio-folder", tones, "--output", "emb")
    CALLS["encode"] = 0
    embed("--audio-folder", tones, "--output", "emb")
    assert CALLS["encode"] == 0
    assert len(read_embeddings(Path("emb"))) == 9


def test_recordings_that_came_later_are_added(tones, write_tone):
    embed("--audio-folder", tones, "--output", "emb")
    write_tone(tones / "a_new_one.wav")
    embed("--audio-folder", tones, "--output", "emb")
    assert read_embeddings(Path("emb")).clips[-1] == "a_new_one.wav"


def test_a_skipped_recording_is_tried_again_once_all_others_are_done(tones, write_tone):
    (tones / "bad.wav").touch()
    assert "bad.wav" in embed("--audio-folder", tones, "--output", "emb", code=3).stderr
    assert "bad.wav" in embed("--audio-folder", tones, "--output", "emb", code=3).stderr
    write_tone(tones / "bad.wav")
    embed("--audio-folder", tones, "--output", "emb")
    assert "bad.wav" in read_embeddings(Path("emb")).clips


def test_shards_of_a_job_array_fill_one_store(tones):
    for job in (1, 2, 3):
        embed("--audio-folder", tones, "--output", "emb", "--shard", f"{job}/3")
    assert sorted(read_embeddings(Path("emb")).clips) == [f"tone{index}.wav" for index in range(9)]


def test_a_store_of_another_encoder_is_not_added_to(tones, monkeypatch):
    embed("--audio-folder", tones, "--output", "emb")
    import spectral

    monkeypatch.setattr(spectral, "load", lambda request: spectral.SpectralEncoder("other"))
    error = embed("--audio-folder", tones, "--output", "emb", code=1).stderr
    assert "weights_sha256 is none, not other" in error


def classified(*arguments):
    return json.loads(atmda("classify", "--json", *arguments).stdout)


def test_classify_runs_a_grid_with_one_encoder_and_one_set_of_text_anchors(tmp_path, write_tone):
    data = urbansound(tmp_path / "data", write_tone)
    embed("--dataset", "urbansound8k", "--data-dir", data, "--output", "emb")
    CALLS.update(load=0, text=0)
    document = classified(
        *("--embeddings", "emb", "--mode", "zs,tgap,sv", "--modality", "none,text,audio", "--bg-type", "hum at 400"),
        *("--bg-embeddings", "emb", "--temperature", "0,0.5", "--top-n", 4),
    )
    assert CALLS["load"] == 1
    assert CALLS["text"] == 2  # the classes, the background
    cells = {(cell["mode"], cell["modality"], cell["temperature"]): cell for cell in document["results"]}
    assert len(cells) == 3 * (1 + 2 + 2)
    assert cells["sv", "none", None]["accuracy"] == 1.0
    assert [fold["n"] for fold in cells["sv", "none", None]["folds"]] == [6, 6, 6]
    for mode in ("zs", "tgap", "sv"):
        assert cells[mode, "text", 0.0]["accuracy"] == cells[mode, "none", None]["accuracy"]


def test_supervised_classification_loads_no_encoder(tmp_path, write_tone):
    data = urbansound(tmp_path / "data", write_tone)
    embed("--dataset", "urbansound8k", "--data-dir", data, "--output", "emb")
    CALLS["load"] = 0
    classified("--embeddings", "emb", "--mode", "sv")
    assert CALLS["load"] == 0


def test_the_original_dictionary_is_classified_by_the_classes_of_its_data_set(tmp_path, write_tone):
    data = urbansound(tmp_path / "data", write_tone)
    embed("--dataset", "urbansound8k", "--data-dir", data, "--output", "emb.pt", "--format", "pt")
    document = classified("--embeddings_path", "emb.pt", "--dataset", "urbansound8k", "--mode", "sv")
    assert document["results"][0]["accuracy"] == 1.0
    assert "--dataset" in atmda("classify", "--embeddings", "emb.pt", "--mode", "sv", code=2).stderr


def test_anchors_made_elsewhere_stand_in_for_an_encoder(tmp_path):
    embeddings = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    names = np.array(["dog", "cat", "sea waves"])
    np.savez(
        "e.npz", embeddings=embeddings, clips=list("abcdef"), labels=names[[0, 1, 2, 0, 1, 2]], folds=[1] * 3 + [2] * 3
    )
    np.savez("t.npz", embeddings=np.eye(3, dtype=np.float32), labels=["dog", "cat", "sea_waves"])
    CALLS["load"] = 0
    document = classified("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--mode", "zs,tgap", "--top-n", 1)
    assert [cell["accuracy"] for cell in document["results"]] == [1.0, 1.0]
    assert CALLS["load"] == 0


def test_many_more_neighbours_than_a_class_has_training_clips_are_warned_of(tmp_path):
    embeddings = np.eye(2, dtype=np.float32)[[0, 1] * 6]
    names = np.array(["dog", "cat"])[[0, 1] * 6]
    np.savez("e.npz", embeddings=embeddings, clips=list("abcdefghijkl"), labels=names, folds=[1] * 4 + [2] * 8)
    np.savez("t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["dog", "cat"])
    arguments = ("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--mode", "tgap")
    warned = "--top-n 4 clips a class, but 4 training clips for 2 classes are 2 each"
    assert warned in atmda(*arguments, "--top-n", 4).stderr
    assert "warning" not in atmda(*arguments, "--top-n", 3).stderr


def test_data_without_folds_is_one_test_set_for_zero_shot_only(tmp_path):
    np.savez("e.npz", embeddings=np.eye(2, dtype=np.float32), clips=["a", "b"], labels=["dog", "cat"])
    np.savez("t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["dog", "cat"])
    document = classified("--embeddings", "e.npz", "--text-embeddings", "t.npz")
    assert document["results"][0]["folds"] == [{"fold": None, "accuracy": 1.0, "n": 2}]
    arguments = ("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--mode", "sv")
    assert "no folds" in atmda(*arguments, code=2).stderr


def test_each_soundscape_is_adapted_by_its_own_background(tmp_path):
    X = np.array([[1, 0.9], [0.9, 1]], np.float32)
    np.savez("e.npz", embeddings=X, clips=["a", "b"], labels=["dog", "cat"], backgrounds=["x.wav", "y.wav"])
    np.savez("t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["dog", "cat"])
    np.savez("bg.npz", embeddings=np.array([[1, 0], [0, 1]], np.float32), clips=["fold1/x.wav", "y.wav"])
    arguments = ("--embeddings", "e.npz", "--text-embeddings", "t.npz", "--modality", "none,audio")
    none, audio = classified(*arguments, "--bg-embeddings", "bg.npz", "--temperature", 0.5)["results"]
    assert none["accuracy"] == 1.0
    assert audio["accuracy"] == 0.0  # each clip lost the half of its own background
    np.savez("bg.npz", embeddings=X, clips=["x.wav", "z.wav"])
    assert "y.wav" in atmda("classify", *arguments, "--bg-embeddings", "bg.npz", code=1).stderr


def test_backgrounds_of_another_encoder_are_refused_with_the_field_named(tmp_path):
    def made_by(name):
        return np.asarray(json.dumps({"encoder": name, "weights_sha256": "1"}))

    eye = np.eye(2, dtype=np.float32)
    np.savez("e.npz", embeddings=eye, clips=["a", "b"], labels=["dog", "cat"], identity=made_by("one"))
    np.savez("bg.npz", embeddings=eye, clips=["x", "y"], identity=made_by("two"))
    np.savez("t.npz", embeddings=eye, labels=["dog", "cat"])
    arguments = (
        "--embeddings",
        "e.npz",
        "--text-embeddings",
        "t.npz",
        "--modality",
        "audio",
        "--bg-embeddings",
        "bg.npz",
    )
    assert "its encoder is two" in atmda("classify", *arguments, code=1).stderr


def test_saved_results_are_a_document_two_tables_and_a_page(tmp_path):
    np.savez("e.npz", embeddings=np.eye(2, dtype=np.float32), clips=["a", "b"], labels=["<dog>", "cat"])
    np.savez("t.npz", embeddings=np.eye(2, dtype=np.float32), labels=["<dog>", "cat"])
    atmda("classify", "--embeddings", "e.npz", "--text-embeddings", "t.npz", "--save-results", "res")
    assert {path.name for path in Path("res").iterdir()} == {
        "results.json",
        "results.csv",
        "predictions.csv",
        "report.html",
    }
    assert [row["zs none"] for row in rows("res/predictions.csv")] == ["<dog>", "cat"]
    page = Path("res/report.html").read_text()
    assert "&lt;dog&gt;" in page
    assert "<dog>" not in page


def test_completion_offers_encoders_data_sets_and_scenes():
    from atmda.settings.completion import dataset_names, encoder_names, scene_names

    assert "compact" in encoder_names("com")
    assert dataset_names("urban") == ["urbansound8k"]
    assert scene_names("street") == ["street_pedestrian", "street_traffic"]
