"""Rivals, profiles and descriptions as `classify` and `infer` take them."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from atmda.cli import app

TEXT = np.array([[1, 0], [0, 1]], np.float32)
X = np.array([[3, 4], [5, 0], [0, 2], [0, 4]], np.float32)


def store(folder: Path, **more) -> Path:
    path = folder / "clips.npz"
    np.savez(path, embeddings=X, clips=list("abcd"), labels=["hum", "hum", "hiss", "hiss"], folds=[1, 2, 1, 2], **more)
    np.savez(folder / "text.npz", embeddings=TEXT, labels=["hum", "hiss"])
    np.savez(folder / "bg.npz", embeddings=np.array([[0, 1], [1, 0]], np.float32), clips=["park.wav", "tram.wav"])
    return path


def test_infer_takes_descriptions_and_not_templates_with_them(tmp_path, write_tone):
    write_tone(tmp_path / "clips/a.wav")
    (tmp_path / "how.tsv").write_text("label\tdescription\nhum\ta low hum\nhiss\ta bright hiss\n")
    arguments = ["infer", "--labels", "hum,hiss", "--audio-folder", str(tmp_path / "clips"), "--model", "spectral"]
    arguments += ["--descriptions", str(tmp_path / "how.tsv"), "--output", "-"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    both = CliRunner().invoke(app, [*arguments, "--templates", "A {label}"])
    assert (both.exit_code, "do not go together" in " ".join(both.output.split())) == (2, True)


@pytest.mark.parametrize(("mode", "what"), [("zs-em", "all clips of a test set"), ("zs-cleared", "the background of")])
def test_infer_refuses_what_one_recording_cannot_give(mode, what, tmp_path):
    ran = CliRunner().invoke(app, ["infer", "--labels", "a,b", "--audio-folder", str(tmp_path), "--mode", mode])
    assert ran.exit_code == 2
    assert what in " ".join(ran.output.split())


def test_a_profile_without_its_mean_over_classes_changes_no_label(tmp_path):
    clips = store(tmp_path, backgrounds=["park.wav", "park.wav", "tram.wav", "tram.wav"])
    arguments = ["classify", "--embeddings", str(clips), "--text-embeddings", str(tmp_path / "text.npz"), "--json"]
    arguments += ["--keep-lengths", "--modality", "audio", "--bg-embeddings", str(tmp_path / "bg.npz")]
    found = [CliRunner().invoke(app, [*arguments, "--profile", kind]) for kind in ("published", "mean-removed")]
    assert len({json.dumps(json.loads(ran.stdout)["results"]) for ran in found}) == 1
    named = CliRunner().invoke(app, [*arguments, "--profile", "mean-remove"])
    assert (named.exit_code, "mean-removed" in named.output) == (2, True)


def test_classify_clears_clips_of_the_backgrounds_they_were_mixed_from(tmp_path):
    clips = store(tmp_path, backgrounds=["park.wav", "park.wav", "tram.wav", "tram.wav"])
    arguments = ["classify", "--embeddings", str(clips), "--text-embeddings", str(tmp_path / "text.npz"), "--json"]
    arguments += ["--keep-lengths", "--mode", "sv-cleared,zs-cleared"]
    ran = CliRunner().invoke(app, [*arguments, "--bg-embeddings", str(tmp_path / "bg.npz")])
    assert [cell["accuracy"] for cell in json.loads(ran.stdout)["results"]] == [1.0, 1.0]
    missing = CliRunner().invoke(app, arguments)
    assert (missing.exit_code, "--bg-embeddings" in missing.output) == (2, True)


def test_classify_names_what_drift_needs_and_warns_of_small_test_sets(tmp_path):
    clips = store(tmp_path)
    arguments = ["classify", "--embeddings", str(clips), "--text-embeddings", str(tmp_path / "text.npz")]
    refused = CliRunner().invoke(app, [*arguments, "--mode", "das"])
    assert (refused.exit_code, "classes in noise" in " ".join(refused.output.split())) == (2, True)
    warned = CliRunner().invoke(app, [*arguments, "--mode", "zs-em", "--keep-lengths"])
    assert (warned.exit_code, "2.5 clips a class" in " ".join(warned.output.split())) == (0, True)
