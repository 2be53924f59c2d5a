"""Backgrounds subtracted from embeddings before prototypes are made, and how many clips text-guided ones take."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from atmda import PrototypeClassifier
from atmda.cli import app
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.splits import by_fold, whole
from atmda.core.methods import METHODS
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Training
from atmda.core.methods.prototypes import SHARE, neighbours, text_guided

RNG = np.random.default_rng(0)
TEXT = np.array([[1, 0], [0, 1]], np.float32)
X = np.array([[3, 4], [5, 0], [0, 2], [0, 4]], np.float32)
Y = np.array([0, 0, 1, 1])
SPLITS = by_fold([1, 2, 1, 2])


def test_subtracted_with_sentences_alone_is_the_published_adaptation():
    X, text, own, heard = (RNG.normal(size=(n, 16)).astype(np.float32) for n in (40, 5, 40, 7))
    data = Training(5, text, X, RNG.integers(5, size=40))
    for given in (Backgrounds(own=own), Backgrounds(audio=heard)):
        cells = run_grid(
            replace(data, own=given.own, scene=given.scene),
            whole(40),
            backgrounds=given,
            modes=["zs", "zs-subtracted"],
            modalities=["audio"],
            temperatures=[0.5],
        )
        published, subtracted = cells
        assert (subtracted.modality, subtracted.temperature) == ("none", None)  # nothing is left to be adapted
        np.testing.assert_allclose(subtracted.scores, published.scores, atol=1e-5)
        assert np.abs(published.scores - published.unadapted).max() > 0.3


def test_prototypes_are_made_of_clips_less_half_their_backgrounds_and_are_of_unit_length():
    own = np.array([[6, 0], [0, 2], [0, 0], [2, 0]], np.float32)
    # less half of each: (0, 4), (5, -1); (0, 2), (-1, 4)
    P = METHODS.get("sv-subtracted").fit(Training(2, None, X, Y, own=own)).P
    np.testing.assert_allclose(P, [[5 / 34**0.5, 3 / 34**0.5], [-0.5 / 9.25**0.5, 3 / 9.25**0.5]], atol=1e-6)
    nearest = METHODS.get("tgap-subtracted").with_options({"top_n": 1, "temperature": 1.0})
    # less all of it: (-3, 4), (5, -2), (0, 2), (-2, 4); the first of the two at equal height is not asked about here
    P = nearest.fit(Training(2, np.array([[1, 0], [0.1, 1]], np.float32), X, own=own)).P
    np.testing.assert_allclose(P, [[5 / 29**0.5, -2 / 29**0.5], [-2 / 20**0.5, 4 / 20**0.5]], atol=1e-6)


def test_test_clips_lose_their_backgrounds_too_and_of_a_place_the_mean_stands_for_each():
    scene = np.array([0, 2], np.float32)
    less, method = X - np.array([0, 1], np.float32), METHODS.get("sv-subtracted")
    found = method.cross_fit(Training(2, None, X, Y, scene=scene), SPLITS)
    for split, (scorer, scores) in zip(SPLITS, found, strict=True):
        P = METHODS.get("sv-unit").fit(Training(2, None, less, Y).take(split.train)).P
        np.testing.assert_allclose(scorer.P, P, atol=1e-6)
        np.testing.assert_allclose(scores, less[split.test] @ P.T, atol=1e-6)
    own = np.array([[1, 0]] * 4, np.float32)
    both = method.fit(Training(2, None, X, Y, own=own, scene=scene)).P
    np.testing.assert_array_equal(both, method.fit(Training(2, None, X, Y, own=own)).P)
    with pytest.raises(ValueError, match="sv-subtracted needs recordings of the background"):
        method.fit(Training(2, None, X, Y))


def test_a_share_of_the_clips_is_theirs_divided_by_the_classes_between_1_and_35():
    assert [neighbours(SHARE, n, 10) for n in (4, 199, 350, 5000)] == [1, 19, 35, 35]
    assert neighbours(50, 199, 10) == 50
    # 4 clips of 2 classes: 2 each
    np.testing.assert_array_equal(text_guided(X, TEXT, SHARE), text_guided(X, TEXT, 2))
    assert not np.allclose(text_guided(X, TEXT, SHARE), text_guided(X, TEXT))


def test_a_share_is_that_of_the_training_clips_of_each_fold():
    data, uneven = Training(2, TEXT, X, Y), by_fold([1, 1, 1, 2])  # 1 and 3 training clips: 1 a class
    method = METHODS.get("tgap-unit").with_options({"top_n": SHARE})
    for split, (scorer, _) in zip(uneven, method.cross_fit(data, uneven), strict=True):
        np.testing.assert_allclose(scorer.P, method.fit(data.take(split.train)).P, atol=1e-6)
        np.testing.assert_allclose(
            scorer.P, METHODS.get("tgap-unit").with_options({"top_n": 1}).fit(data.take(split.train)).P, atol=1e-6
        )


def test_the_estimator_takes_a_share():
    fitted = PrototypeClassifier("tgap", text=TEXT, top_n="share").fit(X)
    np.testing.assert_allclose(fitted.prototypes_, text_guided(X, TEXT, 2))


def store(folder, **more):
    labels, folds = ["hum", "hum", "hiss", "hiss"], [1, 2, 1, 2]
    np.savez(folder / "e.npz", embeddings=X, clips=list("abcd"), labels=labels, folds=folds, **more)
    np.savez(folder / "text.npz", embeddings=TEXT, labels=["hum", "hiss"])
    np.savez(folder / "bg.npz", embeddings=np.array([[0, 4], [0, -1]], np.float32), clips=["park.wav", "tram.wav"])
    arguments = ["classify", "--embeddings", folder / "e.npz", "--text-embeddings", folder / "text.npz"]
    return [*map(str, arguments), "--json", "--keep-lengths"]


@pytest.mark.parametrize("known", [True, False])
def test_classify_subtracts_each_clips_own_background_where_it_is_named_else_their_mean(known, tmp_path):
    more = {"backgrounds": ["park.wav", "park.wav", "tram.wav", "tram.wav"]} if known else {}
    arguments = [*store(tmp_path, **more), "--mode", "zs-subtracted,sv-subtracted,mixed-subtracted"]
    ran = CliRunner().invoke(app, [*arguments, "--bg-embeddings", str(tmp_path / "bg.npz")])
    # (3, 4) less half of its own background (0, 4) is a hum again, less half of the mean (0, 1.5) it is none
    found = [(cell["mode"], cell["accuracy"]) for cell in json.loads(ran.stdout)["results"]]
    assert found == [(f"{mode}-subtracted", 1.0 if known else 0.75) for mode in ("zs", "sv", "mixed")]
    missing = CliRunner().invoke(app, arguments)
    assert (missing.exit_code, "--bg-embeddings" in missing.output) == (2, True)


def test_classify_says_that_each_class_had_its_share(tmp_path):
    arguments = [*store(tmp_path), "--mode", "tgap-unit", "--top-n"]
    shared, wide = (CliRunner().invoke(app, [*arguments, top_n]) for top_n in ("share", "35"))
    assert json.loads(shared.stdout)["top_n"] == "share"
    assert ("prototypes mix classes" in shared.stderr, "prototypes mix classes" in wide.stderr) == (False, True)
    refused = CliRunner().invoke(app, [*arguments, "half"])
    assert (refused.exit_code, "--top-n half" in refused.output) == (2, True)
