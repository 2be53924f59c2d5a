"""The method on small numbers, worked out by hand, and on real embeddings."""

import csv
from pathlib import Path

import numpy as np
import pytest

from atmda import PrototypeClassifier
from atmda.core.evaluation.counts import confusion_matrix, wilson_interval
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.splits import by_fold
from atmda.core.methods.adaptation import adapt, background_profile, clip_profiles, probabilities
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Training
from atmda.core.methods.prompts import background_prompts, class_prompts
from atmda.core.methods.prototypes import nearest, scores, supervised, text_guided

X = np.array([[1, 0], [0.9, 0.1], [0.2, 1], [0, 0.8]], np.float32)
TEXT = np.array([[1, 0], [0, 1]], np.float32)
Y = np.array([0, 0, 1, 1])


def test_prompts_are_the_sentences_of_the_method():
    assert class_prompts(["dog bark", "car_horn"]) == ["This is a sound of dog bark", "This is a sound of car horn"]
    assert background_prompts("park") == [
        "This is a sound of park",
        "Park sounds in the background",
        "This is a sound of park in the background",
    ]


def test_text_guided_prototypes_are_plain_means_of_the_clips_nearest_each_text():
    np.testing.assert_allclose(text_guided(X, TEXT, top_n=2), [[0.95, 0.05], [0.1, 0.9]], atol=1e-6)
    np.testing.assert_allclose(text_guided(X, TEXT, top_n=1), [[1, 0], [0.2, 1]], atol=1e-6)


def test_text_guided_prototypes_take_all_clips_where_there_are_fewer_than_asked_for():
    np.testing.assert_allclose(text_guided(X, TEXT, top_n=35), [X.mean(axis=0)] * 2, atol=1e-6)


def test_the_nearest_rows_are_those_of_a_full_sort():
    similarity = np.random.default_rng(0).standard_normal((300, 7))
    expected = np.sort(np.argsort(-similarity, axis=0)[:35], axis=0).T
    np.testing.assert_array_equal(nearest(similarity, 35), expected)


def test_supervised_prototypes_are_plain_means_of_their_classes():
    np.testing.assert_allclose(supervised(X, Y, 2), [[0.95, 0.05], [0.1, 0.9]], atol=1e-6)


def test_a_class_without_training_clips_never_wins_adapted_or_not():
    P = supervised(X, Y, 3)
    assert np.isnan(P[2]).all()
    S = scores(X, P)
    assert np.isneginf(S[:, 2]).all()
    adapted = adapt(S, background_profile(X, P), 0.5)
    assert not np.isnan(adapted).any()
    assert set(adapted.argmax(axis=1)) == {0, 1}


def test_adaptation_subtracts_the_mean_background_scores_times_the_temperature():
    B = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    np.testing.assert_allclose(background_profile(B, TEXT), [2 / 3, 2 / 3])
    np.testing.assert_allclose(adapt(scores(X, TEXT), [0.4, 0.2], 0.5), X - [0.2, 0.1], atol=1e-7)


def test_each_clip_can_have_its_own_background():
    own = X[::-1]
    np.testing.assert_allclose(adapt(scores(X, TEXT), clip_profiles(own, TEXT), 2.0), X - 2 * own, atol=1e-6)


def test_a_profile_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        adapt(np.zeros((4, 3)), np.zeros(4), 0.5)


def test_probabilities_sum_to_one_whatever_the_scale():
    P = probabilities(np.array([[1000.0, -1000.0, 0.0], [0.0, 0.0, 0.0]]), 100.0)
    np.testing.assert_allclose(P.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(P[1], 1 / 3, atol=1e-6)


def test_the_interval_of_wilson_is_that_of_his_paper():
    low, high = wilson_interval(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)


def test_a_confusion_matrix_counts_true_classes_in_rows():
    matrix = confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    np.testing.assert_array_equal(matrix, [[1, 1], [0, 1]])


def test_each_fold_is_tested_with_prototypes_of_the_others():
    folds = np.array([1, 2, 1, 2])
    (result,) = run_grid(
        Training(2, TEXT, X, Y),
        by_fold(folds),
        backgrounds=Backgrounds(),
        modes=["sv"],
        modalities=["none"],
        temperatures=[],
    )
    for test in (0, 1):
        is_test = folds == test + 1
        expected = scores(X[is_test], supervised(X[~is_test], Y[~is_test], 2)).argmax(axis=1)
        np.testing.assert_array_equal(result.predicted[is_test], expected)


def test_the_grid_equals_the_method_spelled_out_cell_by_cell():
    rng = np.random.default_rng(3)
    X, text, B = (rng.standard_normal(shape).astype(np.float32) for shape in ((120, 8), (4, 8), (5, 8)))
    own = rng.standard_normal((120, 8)).astype(np.float32)
    y, folds = rng.integers(0, 4, 120), rng.integers(1, 4, 120)
    results = run_grid(
        Training(4, text, X, y),
        by_fold(folds),
        backgrounds=Backgrounds(text=B, own=own),
        modes=["zs", "tgap", "sv"],
        modalities=["none", "text", "audio"],
        temperatures=[0.3, 0.7],
        top_n=5,
    )
    assert len(results) == 3 * (1 + 2 + 2)
    for result in results:
        fold_accuracies = []
        for fold in (1, 2, 3):
            train, test = folds != fold, folds == fold
            P = {
                "zs": text,
                "tgap": text_guided(X[train], text, 5),
                "sv": supervised(X[train], y[train], 4),
            }[result.mode]
            S = X[test] @ P.T
            if result.modality == "text":
                S = S - result.temperature * (B @ P.T).mean(axis=0)
            elif result.modality == "audio":
                S = S - result.temperature * (own[test] @ P.T)
            fold_accuracies.append((S.argmax(axis=1) == y[test]).mean())
        assert result.accuracy == pytest.approx(np.mean(fold_accuracies))


def test_the_classifier_fits_predicts_and_tells_probabilities():
    classifier = PrototypeClassifier("sv", background=X[:1], temperature=0.5).fit(X, ["dog", "dog", "cat", "cat"])
    assert classifier.classes_.tolist() == ["cat", "dog"]
    assert classifier.score(X, ["dog", "dog", "cat", "cat"]) == 1.0
    np.testing.assert_allclose(classifier.predict_proba(X).sum(axis=1), 1, atol=1e-6)


def test_the_zero_shot_classifier_needs_no_training_data():
    classifier = PrototypeClassifier("zs", text=TEXT, classes=["east", "north"]).fit()
    assert classifier.predict(X).tolist() == ["east", "east", "north", "north"]


def test_the_classifier_can_be_cloned_and_searched_as_scikit_learn_wants():
    first = PrototypeClassifier("tgap", text=TEXT, top_n=3)
    second = PrototypeClassifier(**first.get_params()).set_params(temperature=0.1)
    assert second.top_n == 3
    assert second.temperature == 0.1
    with pytest.raises(ValueError, match="not a parameter"):
        first.set_params(temprature=1)


@pytest.mark.parametrize(
    ("arguments", "fit", "reason"),
    [
        ({"mode": "knn"}, (X, Y), "mode is"),
        ({"mode": "zs"}, (), "text anchors"),
        ({"mode": "tgap", "text": TEXT}, (), "training embeddings"),
        ({"mode": "sv"}, (X,), "labels"),
        ({"mode": "sv", "classes": ["a"]}, (X, ["a", "a", "b", "b"]), "not among the classes"),
    ],
)
def test_a_classifier_that_lacks_something_says_what(arguments, fit, reason):
    with pytest.raises(ValueError, match=reason):
        PrototypeClassifier(**arguments).fit(*fit)


def esc50(folder: Path):
    audio, text = np.load(folder / "audio_features.npz"), np.load(folder / "text_features.npz")
    folds = np.array([int(Path(path).name[0]) for path in audio["audio_paths"]])
    with (folder / "esc50_meta.csv").open() as file:
        names = sorted({row["category"].replace("_", " ") for row in csv.DictReader(file)})
    return audio, text, folds, names


@pytest.mark.parametrize(
    ("anchors", "expected"),
    [
        ("augmented_features", {"zs": 92.25, "tgap": 93.85, "sv": 95.15}),
        ("raw_features", {"zs": 80.50, "tgap": 87.60, "sv": 95.15}),
    ],
)
def test_real_clap_embeddings_of_esc50_give_the_figures_of_the_method(test_data, anchors, expected):
    audio, text, folds, _ = esc50(test_data / "data" / "esc50-clap")
    X, y = audio["audio_features"].astype(np.float32), audio["audio_labels"].astype(np.int64)
    results = run_grid(
        Training(50, text[anchors].astype(np.float32), X, y),
        by_fold(folds),
        backgrounds=Backgrounds(),
        modes=["zs", "tgap", "sv"],
        modalities=["none"],
        temperatures=[],
    )
    assert {result.mode: round(100 * result.accuracy, 2) for result in results} == expected
