"""PrototypeClassifier inside scikit-learn: its own checks, and the tools people put an estimator into."""

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer
from sklearn.utils.estimator_checks import check_estimator

from atmda import PrototypeClassifier
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.splits import by_fold, cross_validation
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Training

#: checks that cannot be run here, with the reason
NOT_RUN = {"check_array_api_input": "scikit-learn runs it only with SCIPY_ARRAY_API=1 and other array libraries"}


def clusters(seed: int = 0, n: int = 60, d: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clips around three text anchors, with their labels."""
    rng = np.random.default_rng(seed)
    text = np.eye(3, d, dtype=np.float32)
    y = rng.integers(0, 3, n)
    return (text[y] + 0.5 * rng.standard_normal((n, d))).astype(np.float32), np.array(["cat", "dog", "rain"])[y], text


def test_scikit_learns_own_estimator_checks_pass():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(PrototypeClassifier("sv"), on_fail=None)
    failed = {result["check_name"]: str(result["exception"]) for result in results if result["status"] != "passed"}
    assert set(failed) <= set(NOT_RUN), failed
    assert len(results) > 40


@pytest.mark.parametrize("mode", ["zs", "tgap", "sv"])
def test_cross_validation_scores_every_mode(mode):
    X, y, text = clusters()
    classifier = PrototypeClassifier(mode, text=text, classes=["cat", "dog", "rain"], top_n=5)
    assert cross_val_score(classifier, X, y, cv=3).mean() > 0.6


def test_a_grid_search_over_temperature_finds_the_one_that_undoes_the_background():
    X, y, text = clusters()
    background = 3 * text[2]
    search = GridSearchCV(
        PrototypeClassifier("zs", text=text, classes=["cat", "dog", "rain"], background=background[None]),
        {"temperature": [0.0, 0.5, 1.0]},
        cv=3,
    ).fit(X + background, y)
    assert search.best_params_ == {"temperature": 1.0}
    assert search.score(X + background, y) > 0.6


def test_a_pipeline_passes_embeddings_through_to_it():
    X, y, _ = clusters()
    pipeline = make_pipeline(Normalizer(), FunctionTransformer(), PrototypeClassifier("sv")).fit(X, y)
    assert pipeline.score(X, y) > 0.6
    assert pipeline[-1].n_features_in_ == 8


def test_calibration_wraps_it():
    X, y, _ = clusters(n=120)
    calibrated = CalibratedClassifierCV(PrototypeClassifier("sv"), cv=3).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1, atol=1e-6)
    two = y != "rain"
    assert CalibratedClassifierCV(PrototypeClassifier("sv"), cv=3).fit(X[two], y[two]).predict_proba(X).shape == (
        120,
        2,
    )


def test_a_clone_has_the_same_parameters_and_nothing_fitted():
    X, y, text = clusters()
    copy = clone(PrototypeClassifier("sv", text=text, temperature=0.2).fit(X, np.zeros(len(X), int)))
    assert copy.temperature == 0.2
    assert not hasattr(copy, "prototypes_")
    assert y is not None


def test_folds_made_here_spread_classes_evenly_and_keep_sources_together():
    y = np.repeat(np.arange(3), 40)
    sources = [f"{c}-{k // 4}" for c in range(3) for k in range(40)]  # ten recordings a class, four clips of each
    for seed in range(5):
        folds = cross_validation(y, sources, 5, seed)
        assert all(np.bincount(y[folds == fold], minlength=3).tolist() == [8, 8, 8] for fold in range(1, 6))
        assert all(len(set(folds[np.array(sources) == source])) == 1 for source in set(sources))
    assert (cross_validation(y, sources, 5, 0) != cross_validation(y, sources, 5, 1)).any()


def test_it_agrees_with_the_grid_on_real_embeddings_fold_by_fold(test_data):
    audio = np.load(test_data / "data" / "esc50-clap" / "audio_features.npz")
    X, y = audio["audio_features"].astype(np.float32), audio["audio_labels"].astype(np.int64)
    folds = np.array([int(Path(path).name[0]) for path in audio["audio_paths"]])
    (grid,) = run_grid(
        Training(50, None, X, y),
        by_fold(folds),
        backgrounds=Backgrounds(),
        modes=["sv"],
        modalities=["none"],
        temperatures=[],
    )
    found = cross_val_score(PrototypeClassifier("sv"), X, y, cv=PredefinedSplit(folds))
    np.testing.assert_allclose(found, [fold.accuracy for fold in grid.folds], atol=1e-9)
    with (test_data / "data" / "esc50-clap" / "esc50_meta.csv").open() as file:
        assert len({row["category"] for row in csv.DictReader(file)}) == 50
