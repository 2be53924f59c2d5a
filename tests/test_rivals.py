"""Rivals of the published method on small numbers, worked out by hand, and on real embeddings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.splits import by_fold, whole
from atmda.core.methods import METHODS
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Training
from atmda.core.methods.cleared import cleared
from atmda.core.methods.mixture import corrected_for_priors, mixture_posteriors
from atmda.core.methods.prompts import NOISES, described, in_noise
from atmda.core.profiles import PROFILES
from atmda.core.profiles.base import ProfileKind
from atmda.datasets.descriptions import read_descriptions
from atmda.errors import SettingsError

TEXT = np.array([[1, 0], [0, 1]], np.float32)
# class 0: (3, 4) and (5, 0); class 1: (0, 2) and (0, 4)
X = np.array([[3, 4], [5, 0], [0, 2], [0, 4]], np.float32)
Y = np.array([0, 0, 1, 1])
DATA = Training(2, TEXT, X, Y)
ROOT = np.sqrt(0.5)


def test_unit_prototypes_are_the_published_means_at_length_one():
    # mean of class 0: (4, 2), length sqrt(20)
    np.testing.assert_allclose(METHODS.get("sv-unit").fit(DATA).P, [[4 / 20**0.5, 2 / 20**0.5], [0, 1]], atol=1e-6)
    # the two nearest (1, 0): (5, 0) and (3, 4); the two nearest (0, 1): (3, 4) and (0, 4), mean (1.5, 4)
    tgap = METHODS.get("tgap-unit").with_options({"top_n": 2}).fit(DATA).P
    np.testing.assert_allclose(tgap, [[4 / 20**0.5, 2 / 20**0.5], [1.5 / 18.25**0.5, 4 / 18.25**0.5]], atol=1e-6)


def test_unit_prototypes_of_several_splits_are_those_of_one_at_a_time():
    splits = by_fold([1, 2, 1, 2])
    for name in ("tgap-unit", "sv-unit"):
        method = METHODS.get(name).with_options({"top_n": 1})
        for split, (scorer, scores) in zip(splits, method.cross_fit(DATA, splits), strict=True):
            np.testing.assert_allclose(scorer.P, method.fit(DATA.take(split.train)).P, atol=1e-6)
            np.testing.assert_allclose(scores, X[split.test] @ scorer.P.T, rtol=1e-5)


def test_a_mixed_prototype_lies_between_sentence_and_mean_and_is_the_sentence_where_there_is_no_clip():
    # class 0: text (1, 0), mean (0, 2) of unit length (0, 1); class 1 has no clip
    P = METHODS.get("mixed").fit(Training(2, TEXT, X[2:3], np.array([0]))).P
    np.testing.assert_allclose(P, [[ROOT, ROOT], [0, 1]], atol=1e-6)


def test_centring_removes_the_mean_of_each_modality_from_clips_and_anchors():
    # text mean (.5, .5): anchors (.5, -.5), (-.5, .5); clips (2, 1), (0, 1) have the mean (1, 1)
    data = Training(2, TEXT, np.array([[2, 1], [0, 1]], np.float32))
    zs = METHODS.get("zs-centred")
    np.testing.assert_allclose(zs.fit(data).scores([[3, 1]]), [[ROOT, -ROOT]], atol=1e-6)
    plain = zs.with_options({"renormalised": False})
    np.testing.assert_allclose(plain.fit(data).scores([[3, 1]]), [[1, -1]], atol=1e-6)
    sv = METHODS.get("sv-centred").fit(replace(data, text=None, y=np.array([0, 1])))
    np.testing.assert_allclose(sv.scores([[2, 2]]), [[ROOT, -ROOT]], atol=1e-6)


def test_drift_augmented_scores_add_the_weighted_cosine_with_the_unit_mean_drift():
    # class 0 drifts by (0, 1) and (0, 3): unit (0, 1); class 1 by (3, 4) twice: unit (.6, .8)
    drifts = TEXT[:, None] + np.array([[[0, 1], [0, 3]], [[3, 4], [3, 4]]], np.float32)
    method = METHODS.get("das").with_options({"weight": 0.5})
    S = method.fit(replace(DATA, drifts=drifts)).scores([[1, 0]])
    np.testing.assert_allclose(S, [[1 + 0.5 * 0, 0 + 0.5 * 0.6]], atol=1e-6)


def test_sentences_in_noise_name_the_class_and_the_noise():
    seen = []

    def embed(sentences):
        seen.extend(sentences)
        return np.zeros((len(sentences), 2), np.float32)

    assert in_noise(embed, ["siren", "dog_bark"]).shape == (2, len(NOISES), 2)
    assert seen[0] == "This is a sound of siren with background noise"
    assert seen[1] == "This is a sound of dog bark with background noise"


def test_a_class_is_known_by_its_descriptions_and_each_class_has_one(tmp_path):
    table = tmp_path / "how.csv"
    table.write_text("label,description\nDog Bark,short and sharp\nsiren,rises and falls\ndog_bark,loud\n")
    found = read_descriptions(table, ["siren", "dog bark"])
    assert found == [("rises and falls",), ("short and sharp", "loud")]
    vectors = {"rises and falls": [3, 4], "short and sharp": [2, 0], "loud": [0, 2]}
    anchors = described(lambda sentences: np.array([vectors[s] for s in sentences], np.float32), found)
    np.testing.assert_allclose(anchors, [[3, 4], [ROOT, ROOT]], atol=1e-6)  # of several the mean, at unit length
    with pytest.raises(SettingsError, match="'rain'"):
        read_descriptions(table, ["siren", "rain"])
    table.write_text("name,text\na,b\n")
    with pytest.raises(SettingsError, match="no column 'label'"):
        read_descriptions(table, ["a"])


def test_the_cache_adds_how_near_the_labelled_clips_of_a_class_are():
    # keys (.6, .8), (1, 0) of class 0 and (0, 1) twice of class 1; the clip (1, 0) has cosines .6, 1, 0, 0
    S = METHODS.get("cache").fit(replace(DATA, logit_scale=2.0)).scores([[1, 0]])
    expected = [1 + 0.5 * (np.exp(-5.5 * 0.4) + 1), 0 + 0.5 * 2 * np.exp(-5.5)]
    np.testing.assert_allclose(S, [expected], rtol=1e-5)


def test_a_cleared_clip_keeps_nothing_in_the_direction_of_its_background():
    # (3, 4) without its part along (0, 2) is (3, 0); half of that part away leaves (3, 2)
    np.testing.assert_allclose(cleared([[3, 4]], [[0, 2]]), [[1, 0]], atol=1e-6)
    np.testing.assert_allclose(cleared([[3, 4]], [[0, 2]], 0.5), [[3 / 13**0.5, 2 / 13**0.5]], atol=1e-6)
    np.testing.assert_allclose(cleared([[3, 4]], [[0, 0]]), [[0.6, 0.8]], atol=1e-6)


def test_training_and_test_clips_are_cleared_each_of_its_own_background():
    own = np.array([[0, 1], [0, 1], [1, 0], [1, 0]], np.float32)
    splits = by_fold([1, 2, 1, 2])
    for scorer, scores in METHODS.get("sv-cleared").cross_fit(replace(DATA, own=own), splits):
        np.testing.assert_allclose(scorer.P, TEXT, atol=1e-6)
        np.testing.assert_allclose(scores, TEXT, atol=1e-6)
    with pytest.raises(ValueError, match="the background that each clip was mixed with"):
        list(METHODS.get("sv-cleared").cross_fit(DATA, splits))


def test_one_round_of_the_mixture_is_the_formula():
    clips, prior = np.array([[1, 0], [0, 1]]), np.array([[0.75, 0.25], [0.25, 0.75]])
    # means: unit(.75, .25) and unit(.25, .75); cosines 3/sqrt(10), 1/sqrt(10)
    near, far = 2 - 6 / 10**0.5, 2 - 2 / 10**0.5
    variance = (2 * 0.75 * near + 2 * 0.25 * far) / 4
    odds = 3 * np.exp((far - near) / (2 * variance * 50))
    L = mixture_posteriors(clips, np.log(prior), agreement=0, rounds=1)
    likely, other = odds / (1 + odds), 1 / (1 + odds)
    np.testing.assert_allclose(np.exp(L), [[likely, other], [other, likely]], rtol=1e-5)
    # each is the other's only neighbour, with x . x' = 0.6: w = 0.6
    clips = np.array([[1, 0], [0.6, 0.8]])
    with_them = mixture_posteriors(clips, np.log([[0.5, 0.5], [0.8, 0.2]]), tempering=1e12, rounds=1)
    q = np.array([[0.5, 0.5], [0.8, 0.2]])
    for _ in range(5):
        q = np.array([[0.5, 0.5], [0.8, 0.2]]) * np.exp(0.6 * q[::-1])
        q /= q.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(with_them), q, rtol=1e-4)


def test_a_clip_between_two_classes_goes_with_the_cluster_it_lies_in():
    angles = np.radians([0, 5, 10, 15, 20, 80, 85, 90, 95, 100])
    clips = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    alone = np.log(np.where(np.arange(10)[:, None] < 5, [0.7, 0.3], [0.3, 0.7]))
    alone[4] = np.log([0.45, 0.55])
    together = mixture_posteriors(clips, alone, tempering=1.0)
    assert alone.argmax(axis=1).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert together.argmax(axis=1).tolist() == [0] * 5 + [1] * 5


def test_a_class_that_cannot_win_and_a_single_clip_leave_the_mixture_in_numbers():
    L = mixture_posteriors([[1, 0]], [[0.0, -np.inf, 1.0]])
    assert np.isneginf(L[0, 1])
    np.testing.assert_allclose(np.exp(L).sum(), 1, rtol=1e-5)


def test_class_priors_are_found_by_em_and_counted_in():
    # two clips that are sure of class 0, and one that may be either: the fixed point is prior (1, 0)
    given = np.log([[1, 1e-9], [1, 1e-9], [0.5, 0.5]])
    assert np.exp(corrected_for_priors(given))[2, 0] > 0.99
    # one round: prior = (.6, .4), the mean; then .8 * .6 : .2 * .4
    once = np.exp(corrected_for_priors(np.log([[0.8, 0.2], [0.4, 0.6]]), rounds=1))
    np.testing.assert_allclose(once[0], [0.48 / 0.56, 0.08 / 0.56], rtol=1e-5)


def test_a_transductive_method_refines_adapted_scores_and_is_seen_as_its_base_without_a_test_set():
    own = np.array([[0.2, 0.1]] * 4, np.float32)
    cells = {
        (cell.mode, cell.modality): cell
        for cell in run_grid(
            replace(DATA, logit_scale=2.0),
            whole(4),
            backgrounds=Backgrounds(own=own),
            modes=["zs", "zs-prior"],
            modalities=["none", "audio"],
            temperatures=[0.5],
        )
    }
    for modality in ("none", "audio"):
        adapted = cells["zs", modality].scores
        refined = cells["zs-prior", modality].scores
        np.testing.assert_allclose(refined, corrected_for_priors(2 * adapted), atol=1e-5)
    np.testing.assert_allclose(METHODS.get("zs-prior").fit(DATA).scores(X), X @ TEXT.T)


def test_a_transductive_method_refuses_clips_of_several_classes():
    data = replace(DATA, y=np.ones((4, 2), bool))
    with pytest.raises(ValueError, match="each clip to be of one class"):
        run_grid(data, whole(4), backgrounds=Backgrounds(), modes=["zs-em"], modalities=["none"], temperatures=[])


def test_profiles_are_the_clips_own_their_scenes_that_of_all_or_without_their_mean():
    # backgrounds a, a, b of scene 0 and c of scene 1 score as they are, since the prototypes are the axes
    own = np.array([[1, 0], [1, 0], [0, 0.5], [0, 4]], np.float32)
    given = Backgrounds(own=own, scenes=np.array([0, 0, 0, 1]), recordings=np.array([0, 0, 1, 2]))
    scorer, rows = METHODS.get("zs").fit(DATA), np.array([1, 3])

    def profile(kind):
        return replace(given, kind=kind).profile("audio", scorer, rows).tolist()

    assert profile("published") == [[1, 0], [0, 4]]
    assert profile("scene") == [[0.5, 0.25], [0, 4]]
    np.testing.assert_allclose(profile("mean"), [[1 / 3, 1.5]] * 2, rtol=1e-6)
    assert profile("mean-removed") == [[0.5, -0.5], [-2, 2]]
    sentence = Backgrounds(text=np.array([[1, 3]], np.float32), kind="mean-removed")
    assert sentence.profile("text", scorer, rows).tolist() == [-1, 1]
    with pytest.raises(ValueError, match="scene"):
        replace(given, kind="scene", scenes=None).profile("audio", scorer, rows)


def test_a_kind_of_profile_can_be_added():
    undo = PROFILES.add(ProfileKind("half", "half of it", "a test", lambda found: found.own / 2, lambda one: one / 2))
    given = Backgrounds(text=np.array([[1, 3]], np.float32), kind="half")
    assert given.profile("text", METHODS.get("zs").fit(DATA), np.array([0])).tolist() == [0.5, 1.5]
    undo()
    with pytest.raises(SettingsError, match="half"):
        given.profile("text", METHODS.get("zs").fit(DATA), np.array([0]))


def test_rivals_on_real_clap_embeddings_of_esc50(test_data):
    folder = test_data / "data" / "esc50-clap"
    audio, text = np.load(folder / "audio_features.npz"), np.load(folder / "text_features.npz")
    data = Training(50, text["augmented_features"], audio["audio_features"], audio["audio_labels"].astype(np.int64))
    results = run_grid(
        data,
        by_fold([int(Path(str(path)).name[0]) for path in audio["audio_paths"]]),
        backgrounds=Backgrounds(),
        modes=["tgap-unit", "sv-unit", "zs-em"],
        modalities=["none"],
        temperatures=[],
        top_n=20,
    )
    found = {result.mode: 100 * result.accuracy for result in results}
    assert found["tgap-unit"] == pytest.approx(95.6, abs=0.01)
    assert found["sv-unit"] == pytest.approx(96.8, abs=0.01)
    assert found["zs-em"] > 96
