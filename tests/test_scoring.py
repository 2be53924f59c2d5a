"""How `infer` scores unless told otherwise: as suits the encoder, said aloud, and as published where that is asked."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import atmda
from atmda import load_encoder
from atmda.cli import app
from atmda.core.methods.prototype_file import KeptPrototypes
from atmda.core.methods.prototypes import supervised, unit_rows


def ran(*words, code=0):
    result = CliRunner().invoke(app, ["infer", *map(str, words)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def stored():
    """Six clips of two classes as compact might embed them, to learn from and to label."""
    rows = unit_rows(np.random.default_rng(0).standard_normal((6, 640)))
    np.savez(
        "x.npz", embeddings=rows, clips=[f"c{i}" for i in range(6)], labels=["hum", "hum", "hum", "hiss"] + ["hiss"] * 2
    )
    return rows, np.array([0, 0, 0, 1, 1, 1])


WORDS = ("--embeddings", "x.npz", "--examples", "x.npz", "--labels", "hum,hiss", "--save-prototypes", "p.npz", "--json")


@pytest.mark.parametrize("mode", ["sv", "tgap"])
def test_compact_is_scored_by_unit_prototypes_unless_the_published_ones_are_asked_for(mode, stored):
    usual = ran(*WORDS, "--model", "compact", "--mode", mode)
    kept = KeptPrototypes.read(Path("p.npz"))
    assert f"Scoring: {mode}-unit, which suits compact better than {mode}; --scoring published takes" in usual.stderr
    assert (json.loads(usual.stdout)["mode"], kept.mode) == (f"{mode}-unit", f"{mode}-unit")
    np.testing.assert_allclose(np.linalg.norm(kept.P, axis=1), 1, rtol=1e-6)
    published = ran(*WORDS, "--model", "compact", "--mode", mode, "--scoring", "published")
    plain = KeptPrototypes.read(Path("p.npz"))
    assert ("Scoring" in published.stderr, plain.mode) == (False, mode)
    np.testing.assert_allclose(unit_rows(plain.P), kept.P, atol=1e-6)
    assert np.linalg.norm(plain.P, axis=1).max() < 0.8
    if mode == "sv":
        np.testing.assert_array_equal(plain.P, supervised(*stored, 2))


def test_a_mode_asked_for_by_its_own_name_is_that_mode(stored):
    assert "Scoring" not in ran(*WORDS, "--model", "compact", "--mode", "sv-unit").stderr
    assert KeptPrototypes.read(Path("p.npz")).mode == "sv-unit"
    plain = [word for word in WORDS if word not in ("--save-prototypes", "p.npz")]
    assert json.loads(ran(*plain, "--model", "compact", "--mode", "knn").stdout)["mode"] == "knn"


def test_an_encoder_that_recommends_nothing_is_scored_as_published(write_tone):
    for label, hz in (("low", 200), ("high", 1500)):
        write_tone(Path(f"examples/{label}/a.wav"), hz)
    done = atmda.infer(None, "examples/low", mode="sv", examples="examples", model="spectral")
    assert done.mode == "sv"


def test_kept_prototypes_leave_nothing_to_be_said_of_scoring(stored):
    ran(*WORDS, "--model", "compact", "--mode", "sv")
    again = ran("--embeddings", "x.npz", "--prototypes", "p.npz", "--scoring", "published", "--output", "-", code=2)
    assert "--scoring has no use" in " ".join(again.stderr.split())


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_infer_takes_the_background_out_of_examples_and_recordings_alike(temperature, write_tone):
    for label, hz in (("low", 200), ("high", 1500)):
        for number in range(2):
            write_tone(Path(f"examples/{label}/{number}.wav"), hz + 90 * number)
    for hz in (600, 700):
        write_tone(Path(f"place/{hz}.wav"), hz)
    write_tone(Path("field/a.wav"), 900)
    settings = {"mode": "sv-subtracted", "examples": "examples", "model": "spectral", "temperature": temperature}
    done = atmda.infer(["low", "high"], "field", Path("place"), **settings)
    encoder = load_encoder("spectral")
    files = [Path(f"examples/{label}/{number}.wav") for label in ("low", "high") for number in range(2)]
    B = temperature * encoder.embed_audio([Path("place/600.wav"), Path("place/700.wav")]).mean(axis=0)
    P = unit_rows(supervised(encoder.embed_audio(files) - B, np.array([0, 0, 1, 1]), 2))
    np.testing.assert_allclose(
        done.predictions[0].scores, (encoder.embed_audio(["field/a.wav"]) - B)[0] @ P.T, atol=1e-5
    )
    words = ("--labels", "low,high", "--audio-folder", "field", "--examples", "examples", "--mode", "sv-subtracted")
    assert "needs recordings of the background" in " ".join(ran(*words, code=2).stderr.split())


def test_subtracted_sentences_are_the_published_adaptation_in_infer_too(write_tone):
    write_tone(Path("place/a.wav"), 600)
    write_tone(Path("field/a.wav"), 900)
    found = [
        atmda.infer(["tone 200", "tone 900"], "field", Path("place"), model="spectral", mode=mode).predictions[0].scores
        for mode in ("zs", "zs-subtracted")
    ]
    np.testing.assert_array_equal(*found)
