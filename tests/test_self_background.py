"""The background from the recording itself, in score space."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from atmda.core.detection.background import FEWEST_ROLLING, SELF_BACKGROUNDS, quietest, self_profile
from atmda.core.detection.self_background import METHODS, SelfBackground
from atmda.core.methods.adaptation import background_profile
from atmda.core.methods.prototypes import scores as scored
from atmda.errors import SettingsError


def place(n: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """A still place of n windows and 4 classes, whose own scores are 1, 2, 3, 4; its levels; none silent."""
    random = np.random.default_rng(seed)
    scores = random.normal([1, 2, 3, 4], 0.05, (n, 4)).astype(np.float32)
    return scores, random.normal(-40, 0.5, n), np.zeros(n, bool)


@pytest.mark.parametrize("method", METHODS)
def test_each_method_finds_the_place_where_little_happens(method: str) -> None:
    scores, levels, silent = place(400)
    scores[::20, 1] += 5  # events in a window of twenty
    levels[::20] += 10
    within = 0.03 if method != "mean" else 0.3
    assert self_profile(scores, levels, silent, method=method) == pytest.approx([1, 2, 3, 4], abs=within)


def test_events_in_two_windows_of_three_are_kept_out_of_quiet_alone() -> None:
    scores, levels, silent = place(300)
    events = np.arange(300) % 3 > 0
    scores[events, np.arange(300)[events] % 4] += 5
    levels[events] += 10
    found = {method: self_profile(scores, levels, silent, method=method) for method in METHODS}
    assert np.abs(found["quiet"] - [1, 2, 3, 4]).max() < 0.1 < np.abs(found["mean"] - [1, 2, 3, 4]).max()


def test_a_window_that_is_loud_and_one_in_which_a_class_stands_out_are_not_quiet() -> None:
    scores, levels, _ = place(40)
    levels[:15] += 20
    scores[15:30, 2] += 3
    assert set(quietest(scores, levels)) <= set(range(30, 40))


def test_without_levels_evidence_decides_alone() -> None:
    scores, levels, silent = place(40)
    scores[30:, 2] += 3
    for unknown in (None, np.where(np.arange(40) == 7, np.nan, levels)):
        assert np.array_equal(self_profile(scores, unknown, silent), self_profile(scores, np.full(40, -20.0), silent))


def test_the_mean_profile_is_that_of_the_mean_embedding() -> None:
    random = np.random.default_rng(1)
    X, P = (random.normal(size=(n, 16)).astype(np.float32) for n in (50, 4))
    mean = self_profile(scored(X, P), None, np.zeros(50, bool), method="mean")
    assert mean == pytest.approx(background_profile(X.mean(axis=0, keepdims=True), P), abs=1e-5)


@pytest.mark.parametrize("rolling", [None, 60.0])
def test_silence_is_no_background_and_a_class_without_prototype_has_none(rolling: float | None) -> None:
    scores, levels, silent = place(100)
    centres = np.arange(100) * 10.0
    scores[10:40], levels[10:40], silent[10:40] = 99, -np.inf, True
    scores[:, 3] = -np.inf
    found = self_profile(scores, levels, silent, rolling=rolling, centres=centres)
    assert found.shape == ((4,) if rolling is None else (100, 4))
    assert np.atleast_2d(found) == pytest.approx(np.tile([1, 2, 3, 0], (len(np.atleast_2d(found)), 1)), abs=0.2)
    nothing = self_profile(scores, levels, np.ones(100, bool), rolling=rolling, centres=centres)
    assert not nothing.any() and nothing.shape == found.shape


def test_one_window_is_its_own_background() -> None:
    scores, levels, silent = place(1)
    for method in METHODS:
        for rolling in (None, 600.0):
            found = self_profile(scores, levels, silent, method=method, rolling=rolling, centres=[5.0])
            assert np.array_equal(np.atleast_2d(found), scores)


def test_a_rolling_mean_is_the_mean_of_the_stretch_around_each_window() -> None:
    scores, levels, silent = place(900)
    scores += np.sin(np.arange(900) / 100)[:, None].astype(np.float32)
    centres = np.arange(900) * 2.0 + 1
    found = self_profile(scores, levels, silent, method="mean", rolling=200.0, centres=centres)
    low = np.clip(np.arange(900) - 50, 0, 899 - 100)  # 101 centres lie within 200 s
    exact = np.stack([scores[a : a + 101].mean(axis=0, dtype=float) for a in low])
    assert np.abs(found - exact).max() < 0.02
    assert np.array_equal(found[0], found[20])  # the first stretch, until the window is its middle


def test_a_rolling_background_follows_the_hour_whatever_the_order_of_windows() -> None:
    scores, levels, silent = place(600)
    scores[300:] += 2
    centres = np.arange(600) * 10.0
    found = self_profile(scores, levels, silent, rolling=600.0, centres=centres)
    assert found[:260] == pytest.approx(np.tile([1, 2, 3, 4], (260, 1)), abs=0.1)
    assert found[340:] == pytest.approx(np.tile([3, 4, 5, 6], (260, 1)), abs=0.1)
    mixed = np.random.default_rng(0).permutation(600)
    again = self_profile(scores[mixed], levels[mixed], silent, rolling=600.0, centres=centres[mixed])
    assert np.array_equal(again, found[mixed])


def test_a_stretch_shorter_than_a_few_windows_is_widened() -> None:
    scores, levels, silent = place(200)
    found = self_profile(scores, levels, silent, method="mean", rolling=5.0, centres=np.arange(200) * 10.0)
    half = FEWEST_ROLLING // 2
    assert found[100] == pytest.approx(scores[100 - half : 100 + half].mean(axis=0), abs=1e-6)
    assert np.abs(found - scores).max() > 0.01


def test_two_days_of_windows_roll_in_seconds() -> None:
    scores, levels, silent = place(20_000)
    began = time.process_time()
    self_profile(np.tile(scores, 5), levels, silent, rolling=600.0, centres=np.arange(20_000) * 2.0)
    assert time.process_time() - began < 5


def test_the_names_that_are_told_without_numpy_are_those_there_are() -> None:
    assert tuple(SELF_BACKGROUNDS) == METHODS


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("self", SelfBackground()),
        ("self:mean", SelfBackground("mean")),
        ("SELF: Median ", SelfBackground("median")),
        ("self:rolling=600", SelfBackground(rolling=600.0)),
        ("self:median,rolling=90.5", SelfBackground("median", 90.5)),
        ("site", SelfBackground(site=True)),
        ("site:rolling=3600, mean", SelfBackground("mean", 3600.0, True)),
    ],
)
def test_a_background_of_ones_own_is_read_as_it_is_written(text: str, meant: SelfBackground) -> None:
    assert SelfBackground.is_meant(text)
    assert SelfBackground.parse(text) == SelfBackground.parse(str(meant)) == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("self:medain", "there is no 'medain'. Did you mean median?"),
        ("self:", "there is no ''. Write self, self:median, "),
        ("self:mean,quiet", "'quiet' is one too many"),
        ("self:rolling=60,rolling=90", "'rolling=90' is one too many"),
        ("self:rolling", "rolling= is no time between 1 and 31,536,000 seconds"),
        ("self:rolling=nan", "rolling=nan is no time"),
        ("self:rolling=0.5", "rolling=0.5 is no time"),
        ("self:mean=3", "there is no 'mean=3'"),
        ("park", "'park' is neither self nor site"),
    ],
)
def test_a_background_that_cannot_be_is_refused_by_the_word(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        SelfBackground.parse(text)
    assert told in str(refused.value)
    assert refused.value.setting == "bg"
