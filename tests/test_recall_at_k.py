"""Recall at k, k the number of a clip's own labels, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from atmda.core.evaluation.metrics import METRICS, Scored

RECALL = METRICS.get("recall_at_k").compute


def scored(members: list[list[int]], scores: list[list[float]]) -> Scored:
    return Scored(np.asarray(members, bool), np.asarray(scores, np.float32))


def test_each_clip_is_given_as_many_guesses_as_it_has_labels() -> None:
    found = RECALL(
        scored(
            [[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 0]],
            [
                [0.9, 0.8, 0.1, 0.0],  # both of two
                [0.9, 0.8, 0.1, 0.7],  # the best two are 0 and 1: one of two
                [0.9, 0.8, 0.1, 0.0],  # the best is 0: none of one
                [0.1, 0.9, 0.2, 0.3],  # the best three are 1, 3, 2: two of three
            ],
        )
    )
    assert found == pytest.approx((1 + 1 / 2 + 0 + 2 / 3) / 4)


def test_a_clip_without_labels_is_not_tested() -> None:
    assert RECALL(scored([[0, 0, 0], [0, 1, 0]], [[9, 0, 0], [0, 1, 0]])) == 1
    with pytest.raises(ValueError, match="no clip has a label"):
        RECALL(scored([[0, 0, 0]], [[9, 0, 0]]))


def test_with_one_label_a_clip_it_is_accuracy() -> None:
    random = np.random.default_rng(0)
    one = Scored(random.integers(0, 5, 200), random.normal(size=(200, 5)).astype(np.float32))
    assert RECALL(one) == METRICS.get("accuracy").compute(one)


def test_of_equal_scores_the_first_class_counts() -> None:
    assert RECALL(scored([[1, 0]], [[0.5, 0.5]])) == 1
    assert RECALL(scored([[0, 1]], [[0.5, 0.5]])) == 0


def test_a_class_that_cannot_win_is_not_found_where_all_others_are_spent() -> None:
    assert RECALL(scored([[1, 1, 1]], [[0.1, -np.inf, 0.3]])) == pytest.approx(2 / 3)


def test_a_profile_of_each_recording_can_change_it_and_one_for_all_too() -> None:
    members, scores = [[1, 0], [0, 1]], np.asarray([[0.3, 0.5], [0.3, 0.5]])
    assert RECALL(scored(members, scores.tolist())) == 0.5
    assert RECALL(scored(members, (scores - [[0, 0.4], [0, 0]]).tolist())) == 1
