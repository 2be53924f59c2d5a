"""Distributions, and the language that parameters are written in."""

from collections import Counter
from statistics import NormalDist, fmean

import pytest

from atmda.errors import SettingsError
from atmda.soundscapes.distributions import Distribution, checked, truncated_normal
from atmda.soundscapes.parameters import Parameters, parse_parameters, parse_value, with_values

GRID = [(k + 0.5) / 20_000 for k in range(20_000)]
ORIGINAL = "ref_db=-36 seed=123 n_soundscapes=1 duration=10.0 event_time=(truncnorm,3.0,1.5,0.0,6.0) "


def test_the_defaults_are_those_of_the_original_release():
    assert parse_parameters(ORIGINAL + "snr_dist=(uniform,6,10) bg=all") == Parameters()


@pytest.mark.parametrize(
    "words",
    [
        "snr_dist=(const,6) n_soundscapes=2 bg=park",
        ["snr_dist=(const,6)", "n_soundscapes=2", "bg=park"],
        ["snr_dist=(const,", "6)", "n_soundscapes=2", "bg=park"],
        "snr_dist=('const', 6)   n_soundscapes=2\n bg='park'",
        "\"snr_dist=(const,6)\" 'n_soundscapes=2' bg=park",
        "n-soundscapes=2, snr=6, bg=(const,park)",
    ],
)
def test_parameters_are_read_in_every_way_the_original_wrote_them(words):
    found = parse_parameters(words)
    assert found.snr_dist.draw(0.3) == 6
    assert found.n_soundscapes == 2
    assert found.bg.draw(0.9) == "park"


def test_parameters_survive_being_written_down_and_read_back():
    written = "snr=(choose,[0,6,12]) bg=park,airport event_time=(normal,3,1) source_time=(uniform,0,1.5) seed=-4"
    found = parse_parameters(written)
    assert with_values(Parameters(), found.as_dict()) == found
    assert found.as_dict()["bg"] == ["choose", ["airport", "park"]]


def test_a_flag_of_its_own_takes_a_number_or_a_distribution_with_or_without_brackets():
    assert parse_value("snr_dist", "-6") == -6
    assert parse_value("snr_dist", "uniform,6,10") == parse_value("snr_dist", "(uniform, 6, 10)") == ["uniform", 6, 10]


def test_scenes_may_be_written_with_blanks():
    assert parse_parameters("bg='street traffic'").bg.draw(0) == "street_traffic"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("snr_dst=3", "no parameter 'snr_dst'. Did you mean snr_dist?"),
        ("snr_dist=(unifrom,6,10)", "'unifrom' is not a distribution"),
        ("snr_dist=(uniform,10,6)", "minimum 10 is above the maximum 6"),
        ("snr_dist=(uniform,6)", "takes 2 values, not 1"),
        ("snr_dist=(uniform,a,b)", "'a' is not a finite number"),
        ("snr_dist=nan", "not a finite number"),
        ("snr_dist=(const,[6])", "single values"),
        ("snr_dist=(choose,6)", "lists in square brackets"),
        ("snr_dist=(choose,[])", "nothing to choose from"),
        ("snr_dist=(choose_weighted,[1,2],[0.5,0.6])", "sum to 1"),
        ("snr_dist=(normal,0,-1)", "below 0"),
        ("snr_dist=(truncnorm,0,0,1,2)", "not above 0"),
        ("snr_dist=(truncnorm,0,1,2,1)", "minimum 2 is above the maximum 1"),
        ("snr_dist=(truncnorm,0,1,50,60)", "37 standard deviations"),
        ("snr_dist=(const,6", "brackets do not pair"),
        ("snr_dist=(const,6)x", "cannot be read"),
        ("snr_dist=", "there is no value"),
        ("event_time=-1", "must be at least 0"),
        ("event_time=(normal,-100,1)", "hardly ever"),
        ("event_duration=0", "must be above 0"),
        ("duration=0", "too short"),
        ("duration=ten", "not a number"),
        ("n_soundscapes=0", "not a whole number above 0"),
        ("seed=1.5", "not a whole number"),
        ("seed=1 seed=2", "given twice"),
        ("bg=(uniform,1,2)", "not scenes"),
        ("foo", "not of the form key=value"),
        ("junk seed=1", "not of the form key=value"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(words, reason):
    with pytest.raises(SettingsError) as caught:
        parse_parameters(words)
    assert reason in str(caught.value)


def test_uniform_covers_its_interval_evenly():
    draws = [checked("x", ["uniform", 6, 10]).draw(u) for u in GRID]
    assert min(draws) >= 6 and max(draws) <= 10
    assert fmean(draws) == pytest.approx(8, abs=1e-3)
    assert fmean(d < 7 for d in draws) == pytest.approx(0.25, abs=1e-3)


def test_choose_takes_each_value_once_and_each_as_often():
    counts = Counter(checked("x", ["choose", [0, 6, 6, -6]]).draw(u) for u in GRID)
    assert set(counts) == {-6, 0, 6}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_choose_weighted_follows_its_probabilities():
    counts = Counter(checked("x", ["choose_weighted", ["a", "b"], [0.2, 0.8]], numeric=False).draw(u) for u in GRID)
    assert counts["a"] / len(GRID) == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("bounds", [(0.0, 6.0), (2.9, 3.1), (-50.0, 50.0), (7.5, 9.0), (40.0, 41.0), (-30.0, -20.0)])
def test_truncnorm_is_the_normal_distribution_inside_its_bounds(bounds):
    low, high = ((b - 3.0) / 1.5 for b in bounds)
    distribution = checked("x", ["truncnorm", 3.0, 1.5, *bounds])
    draws = [distribution.draw(u) for u in GRID]
    assert bounds[0] <= min(draws) <= max(draws) <= bounds[1]
    assert draws == sorted(draws)
    if abs(low) < 5:
        normal = NormalDist()
        below, above = normal.cdf(low), normal.cdf(high)
        for u in (0.01, 0.3, 0.77):
            z = (distribution.draw(u) - 3.0) / 1.5
            assert (normal.cdf(z) - below) / (above - below) == pytest.approx(u, abs=1e-6)


def test_truncnorm_far_in_a_tail_falls_off_as_the_tail_does():
    # far out the normal density falls by exp(-a * x) from the bound a, so the median lies near a + ln(2) / a
    assert truncated_normal(0.5, 20.0, 30.0) == pytest.approx(20.0 + 0.6931 / 20.0, abs=2e-4)
    assert truncated_normal(0.5, -30.0, -20.0) == -truncated_normal(0.5, 20.0, 30.0)


def test_real_draws_carry_nine_decimals_at_most():
    value = Distribution("uniform", (0, 1)).draw(1 / 3)
    assert value == 0.333333333
