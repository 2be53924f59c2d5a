import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import average_precision_score, f1_score, recall_score

from atmda.core.evaluation.counts import wilson_interval
from atmda.core.evaluation.statistics import sampled
from atmda.core.evaluation.statistics.correction import holm
from atmda.core.evaluation.statistics.intervals import (
    accuracy_interval,
    design_effect,
    percentile_interval,
    proportion_interval,
)
from atmda.core.evaluation.statistics.paired import cohen_h, compare, mcnemar_p, odds_ratio, sign_flip_p
from atmda.core.evaluation.statistics.power import needed
from atmda.core.evaluation.statistics.reliability import reliability
from atmda.core.evaluation.statistics.resampling import Resampling


def clustered(sources=40, each=6, seed=0):
    """Clips of recordings that are mostly right or mostly wrong: right (n,), names (n,)."""
    rng = np.random.default_rng(seed)
    easy = rng.beta(0.5, 0.5, sources).repeat(each)
    return rng.random(sources * each) < easy, [f"r{i // each}" for i in range(sources * each)]


def draws_clip_by_clip(resampling, metric):
    """The same draws the slow way: a mean over folds of `metric(rows, weights)`, with each clip counted by hand."""
    found = []
    for draw in range(resampling.n_samples):
        parts = [(block.rows, block.weights(resampling.n_samples)[:, draw]) for block in resampling.blocks]
        found.append(np.mean([metric(rows, weights) for rows, weights in parts if weights.any()]))
    return found


def test_a_draw_takes_recordings_whole_and_as_many_as_there_are():
    _, names = clustered()
    resampling = Resampling(names, np.arange(len(names)) // 6 % 3, n_samples=50)
    counts = np.zeros((50, len(names)))
    for block in resampling.blocks:
        counts[:, block.rows] = block.weights(50).T
    by_source = counts.reshape(50, 40, 6)
    assert (by_source == by_source[:, :, :1]).all()
    assert (by_source[:, :, 0].sum(axis=1) == 40).all()


def test_the_same_recordings_and_seed_give_the_same_draws_in_any_order_of_clips():
    right, names = clustered()
    order = np.random.default_rng(1).permutation(len(names))
    one = Resampling(names, n_samples=30).mean(right[:, None])
    other = Resampling([names[i] for i in order], n_samples=30).mean(right[order][:, None])
    assert np.array_equal(one, other)
    assert not np.array_equal(one, Resampling(names, n_samples=30, seed=1).mean(right[:, None]))


def test_the_interval_of_an_accuracy_is_that_of_scipys_bootstrap_over_recordings():
    right, names = clustered()
    draws = Resampling(names, n_samples=8000).mean(right[:, None])[:, 0]
    by_source = right.reshape(40, 6).mean(axis=1)
    reference = bootstrap((by_source,), np.mean, n_resamples=8000, method="percentile", rng=np.random.default_rng(3))
    low, high = percentile_interval(draws)
    assert low == pytest.approx(reference.confidence_interval.low, abs=0.008)
    assert high == pytest.approx(reference.confidence_interval.high, abs=0.008)


def test_an_interval_by_recording_is_wider_than_one_by_clip_where_clips_of_a_recording_agree():
    right, names = clustered()
    units = np.arange(40).repeat(6)
    assert design_effect(right, units) > 2
    by_clip, by_source = wilson_interval(right.sum(), len(right)), proportion_interval(right, units)
    assert by_source.high - by_source.low > 1.4 * (by_clip[1] - by_clip[0])
    drawn = percentile_interval(Resampling(names).mean(right[:, None])[:, 0])
    assert by_source.low == pytest.approx(drawn.low, abs=0.02)
    assert by_source.high == pytest.approx(drawn.high, abs=0.02)


def test_an_interval_by_recording_covers_the_truth_as_often_as_it_says():
    covered = {"source": 0, "clip": 0}
    for seed in range(400):
        right, _ = clustered(seed=seed)  # the truth is one half
        for name, units in (("source", np.arange(40).repeat(6)), ("clip", None)):
            low, high = proportion_interval(right, units)
            covered[name] += low <= 0.5 <= high
    assert covered["source"] / 400 == pytest.approx(0.95, abs=0.03)
    assert covered["clip"] / 400 < 0.85


def test_where_every_clip_is_a_recording_the_interval_is_wilsons():
    right = np.random.default_rng(0).random(50) < 0.7
    assert proportion_interval(right, np.arange(50)) == pytest.approx(wilson_interval(right.sum(), 50))
    assert proportion_interval(right, None) == pytest.approx(wilson_interval(right.sum(), 50))


def test_where_all_clips_are_right_the_interval_still_says_how_few_recordings_there_were():
    units = np.arange(5).repeat(20)
    found = accuracy_interval(np.ones(10, np.float32), np.ones(100, bool), units)
    assert found == pytest.approx(wilson_interval(5, 5))


def test_macro_f1_and_balanced_accuracy_of_a_draw_are_scikit_learns_of_its_clips():
    rng = np.random.default_rng(0)
    y, predicted, folds = rng.integers(0, 4, 60), rng.integers(0, 4, 60), np.arange(60) // 30
    resampling = Resampling([f"r{i // 3}" for i in range(60)], folds, n_samples=20)

    def f1(rows, w):
        there = np.unique(y[rows][w > 0])
        return f1_score(y[rows], predicted[rows], labels=there, average="macro", sample_weight=w, zero_division=0)

    def balanced(rows, w):
        there = np.unique(y[rows][w > 0])
        return recall_score(y[rows], predicted[rows], labels=there, average="macro", sample_weight=w, zero_division=0)

    recalls = sampled.balanced_accuracy(resampling, y, predicted, 4)
    assert recalls == pytest.approx(draws_clip_by_clip(resampling, balanced), abs=1e-6)
    assert sampled.macro_f1(resampling, y, predicted, 4) == pytest.approx(draws_clip_by_clip(resampling, f1), abs=1e-6)


def test_macro_map_of_a_draw_is_scikit_learns_with_equal_scores_taken_together():
    rng = np.random.default_rng(0)
    members, scores = rng.random((40, 3)) < 0.3, rng.integers(0, 6, (40, 3)).astype(np.float32)
    scores[:, 2] = np.where(scores[:, 2] == 0, -np.inf, scores[:, 2])
    resampling = Resampling([f"r{i // 2}" for i in range(40)], n_samples=15)

    def mean_precision(rows, w):
        there = members[rows][w > 0].any(axis=0)
        finite = np.nan_to_num(scores, neginf=-1e9)
        return average_precision_score(members[rows][:, there], finite[rows][:, there], sample_weight=w)

    found = sampled.mean_average_precision(resampling, members, scores)
    assert found == pytest.approx(draws_clip_by_clip(resampling, mean_precision), abs=1e-5)


def test_flipping_signs_clip_by_clip_is_mcnemars_exact_test():
    for gained, lost in ((5, 15), (9, 9), (0, 7), (30, 12)):
        change = np.repeat([1, -1, 0], [gained, lost, 50])
        reference = binomtest(gained, gained + lost).pvalue
        assert sign_flip_p(change) == pytest.approx(reference, rel=1e-9)
        assert mcnemar_p(gained, lost) == pytest.approx(reference)
    assert sign_flip_p(np.zeros(4, np.int64)) == mcnemar_p(0, 0) == 1.0


def test_flipping_signs_by_recording_counts_every_choice_of_signs():
    change = np.array([3, -1, 2, 5, -2, 0, 1, 1])
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(change))).reshape(len(change), -1)
    share = (np.abs(change @ signs) >= abs(change.sum())).mean()
    assert sign_flip_p(change) == pytest.approx(share, rel=1e-12)


def test_a_gain_in_one_recording_with_many_clips_is_no_proof():
    before, after = np.zeros(60, bool), np.arange(60) < 20
    names = [f"r{i // 20}" for i in range(60)]
    found = compare(before, after, Resampling(names, n_samples=200))
    assert found.p_mcnemar < 1e-4
    assert found.p == 1.0
    assert found.p_bootstrap > 0.5
    assert (found.gained, found.lost, found.low) == (20, 0, 0.0)
    assert found.difference == pytest.approx(1 / 3)


def test_holms_correction_is_that_of_worked_numbers():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == pytest.approx([1.0, 1.0])
    assert holm([]).size == 0


def test_sizes_of_effects_are_those_of_worked_numbers():
    assert cohen_h(0.5, 0.7) == pytest.approx(0.4115, abs=1e-4)
    assert odds_ratio(30, 10) == 3.0
    assert odds_ratio(4, 0) == 9.0


def test_as_many_clips_as_are_said_to_be_needed_show_the_gain_in_four_studies_of_five():
    n = needed(0.12, gain=0.04).clips
    gained, lost, _ = np.random.default_rng(0).multinomial(n, [0.08, 0.04, 0.88], 20000).T
    seen = (gained - lost) ** 2 / (gained + lost) > 3.8415
    assert seen.mean() == pytest.approx(0.8, abs=0.015)
    assert needed(0.12, gain=0.04, design_effect=2, clips_a_source=4).sources == pytest.approx(n / 2, abs=1)
    assert needed(0.0).clips == needed(0.02).clips


def test_the_bins_of_a_reliability_table_hold_all_clips_and_their_gaps_make_the_error():
    confidence, right = np.array([0.05, 0.62, 0.64, 0.98, 1.0]), np.array([False, True, False, True, True])
    found = reliability(confidence, right, bins=10)
    assert found.n.tolist() == [1, 0, 0, 0, 0, 0, 2, 0, 0, 2]
    assert found.accuracy[6] == 0.5
    assert found.confidence[9] == pytest.approx(0.99)
    assert found.ece == pytest.approx((0.05 + 2 * 0.13 + 2 * 0.01) / 5)
