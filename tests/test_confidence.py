"""Labels judged one by one, against their own background."""

from __future__ import annotations

import numpy as np
import pytest

from atmda.core.detection.confidence import ENOUGH_WINDOWS, OFFSET, SLOPE, SOFTENING, multi_label, reference_rows
from atmda.core.methods.adaptation import adapt

SCALE = 70.0


def place(n: int) -> np.ndarray:
    """Scores of n windows against 3 classes of other means and spreads."""
    random = np.random.default_rng(5)
    return (np.asarray([0.1, 0.4, 0.2]) + random.normal(0, [0.01, 0.03, 0.02], (n, 3))).astype(np.float32)


def test_two_classes_may_be_sure_at_once_and_none() -> None:
    scores = place(200)
    scores[7, :2] += [0.4, 0.8]
    p = multi_label(scores, scores, SCALE)
    assert p.dtype == np.float32 and p.shape == (200, 3)
    assert (p[7] > [0.95, 0.95, -1]).all() and p[7, 2] < 0.2
    assert np.delete(p, 7, axis=0).max() < 0.2


def test_the_formula_is_a_sigmoid_of_robust_deviations() -> None:
    scores = place(4001)
    p = multi_label(scores[:5], scores, SCALE)
    z = (scores[:5] - np.median(scores, axis=0)) / np.hypot([0.01, 0.03, 0.02], SOFTENING / SCALE)
    assert p == pytest.approx(1 / (1 + np.exp(OFFSET - SLOPE * 2 * np.arcsinh(z / 2))), rel=0.15)


def test_a_profile_of_the_whole_recording_leaves_confidences_nearly_as_they_are() -> None:
    scores = place(2000)
    scores[7, 0] += 0.1
    adapted = adapt(scores, np.asarray([0.1, 0.4, 0.2], np.float32), 1.0)
    assert multi_label(adapted, adapted, SCALE) == pytest.approx(multi_label(scores, scores, SCALE), abs=0.01)


def test_a_still_class_is_not_sure_for_a_hair() -> None:
    scores = np.full((100, 2), 0.3, np.float32)
    scores[3, 0] += 0.001
    assert multi_label(scores, scores, SCALE).max() < 0.02


def test_a_recording_of_one_window_says_what_stands_out_among_its_classes() -> None:
    one = np.asarray([[0.1, 0.12, 0.11, 0.13, 0.6]], np.float32)
    p = multi_label(one, one, SCALE)[0]
    assert p[4] > 0.5 > 10 * p[:4].max()
    alone = multi_label(one[:, :1], one[:, :1], SCALE)
    assert alone[0, 0] < 0.05  # nothing to stand out from


def test_few_windows_are_judged_against_the_background_that_is_given() -> None:
    scores, background = place(40), place(5)
    nothing = np.zeros(40, bool)
    assert reference_rows(scores, nothing, background) is not background
    silent = np.arange(40) >= ENOUGH_WINDOWS - 1
    assert reference_rows(scores, silent, background) is background
    assert np.array_equal(reference_rows(scores, silent), scores[~silent])
    with pytest.raises(ValueError, match="judged against"):
        multi_label(scores, scores[:0], SCALE)


def test_a_class_without_a_prototype_is_never_sure() -> None:
    scores = place(50)
    scores[:, 1] = -np.inf
    p = multi_label(scores, scores, SCALE)
    assert not p[:, 1].any() and (p[:, [0, 2]] > 0).all()
    assert not multi_label(scores[:, 1:2], scores[:, 1:2], SCALE).any()


def test_scores_in_other_units_with_their_own_scale_are_as_sure() -> None:
    scores = place(300)
    assert multi_label(scores * 2, scores * 2, SCALE / 2) == pytest.approx(multi_label(scores, scores, SCALE), abs=1e-6)
