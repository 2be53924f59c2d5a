import numpy as np
import pytest

from atmda.core.evaluation.gap import CENTRED, NONE, NORMALISED, adapted, along, measure, uniformity, unit
from atmda.core.evaluation.gap_picture import picture, umap_is_there
from atmda.core.methods.adaptation import adapt, background_profile
from atmda.core.methods.prototypes import scores


def two_cones(apart=3.0):
    """Recordings and sentences of five classes about two centres: X (100, 12), T (5, 12), y (100,)."""
    rng = np.random.default_rng(0)
    classes, centre = rng.standard_normal((5, 12)), rng.standard_normal(12)
    y = np.arange(100) % 5
    X = classes[y] + 0.7 * rng.standard_normal((100, 12)) + apart * centre
    return unit(X), unit(classes - apart * centre), y


def test_two_modalities_apart_are_told_apart_and_centred_ones_are_not():
    X, T, y = two_cones()
    before, after = (measure(correction, X, T, y) for correction in (NONE, CENTRED))
    assert before.distance > 1.5
    assert before.separability == before.separability_accuracy == 1.0
    assert after.distance < 0.3
    assert after.separability < 0.8
    assert after.alignment < before.alignment
    assert after.accuracy > before.accuracy


def test_the_distance_alignment_and_uniformity_are_those_of_worked_numbers():
    X, T = np.array([[2.0, 0.0], [0.0, 1.0]], np.float32), np.array([[0.0, 1.0], [-1.0, 0.0]], np.float32)
    found = measure(NORMALISED, X, T, np.array([0, 1]))
    assert found.distance == pytest.approx(1.0)  # centroids (.5, .5) and (-.5, .5)
    assert found.alignment == pytest.approx(2.0)
    assert found.uniformity_audio == pytest.approx(-4.0)  # one pair, |u - v|**2 = 2
    assert uniformity(np.array([[1.0, 0], [-1.0, 0]])) == pytest.approx(-8.0)


def test_adaptation_of_scores_is_a_shift_of_the_recordings_embeddings():
    X, T, y = two_cones()
    B = X[:7]
    moved, anchors = adapted("park", B, 0.6).fit(X, T)(X, T)
    assert scores(moved, anchors) == pytest.approx(adapt(scores(X, T), background_profile(B, T), 0.6), abs=1e-6)
    assert measure(adapted("park", B, 0.6), X, T, y).correction == "adapted park"


def test_along_the_way_between_the_centroids_the_distance_shrinks_to_almost_nothing():
    X, T, y = two_cones()
    steps = along(X, T, y, (0, 0.5, 1))
    assert steps[0].distance == pytest.approx(measure(NONE, X, T, y).distance)
    assert steps[0].distance > steps[1].distance > steps[2].distance
    assert steps[2].distance < 0.3
    assert steps[2].accuracy > steps[0].accuracy


def test_the_picture_keeps_two_groups_apart_along_its_first_axis():
    X, T, _ = two_cones()
    found = picture(X, T)
    assert found.audio.shape == (100, 2)
    assert found.text.shape == (5, 2)
    assert (found.audio[:, 0].min() > found.text[:, 0].max()) or (found.audio[:, 0].max() < found.text[:, 0].min())
    assert found.explained[0] > found.explained[1] > 0


def test_a_picture_by_umap_says_what_it_needs():
    if umap_is_there():
        pytest.skip("umap-learn is installed")
    X, T, _ = two_cones()
    with pytest.raises(ValueError, match="umap-learn"):
        picture(X, T, "umap")


def test_centring_closes_the_gap_of_real_embeddings_and_helps(test_data):
    folder = test_data / "data" / "esc50-clap"
    audio, text = (np.load(folder / f"{name}_features.npz") for name in ("audio", "text"))
    X, y, T = audio["audio_features"][::4], audio["audio_labels"][::4].astype(np.int64), text["raw_features"]
    before, after = (measure(correction, X, T, y) for correction in (NONE, CENTRED))
    assert before.separability > 0.99 > 0.7 > after.separability
    assert after.distance < 0.1 < 0.5 < before.distance
    assert after.accuracy > before.accuracy
