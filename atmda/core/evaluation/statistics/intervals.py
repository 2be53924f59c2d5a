"""95 % intervals: by percentiles of draws, and, without drawing, Wilson's with the clips' effective number."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atmda.core.evaluation.counts import wilson_interval
from atmda.core.types import BoolArray, FloatArray, IntArray

LEVEL = 0.95


class Interval(NamedTuple):
    """Where a figure may lie; NaN where nothing is known of it."""

    low: float
    high: float


def percentile_interval(draws: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """The percentile interval of a figure's draws (n_samples,) (Efron and Tibshirani, 1993, chapter 13)."""
    known = np.asarray(draws, np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def centred_on(value: float, draws: FloatArray) -> FloatArray:
    """Draws (n_samples,) moved so that their mean is the figure's value.

    A clip that is drawn twice ranks beside itself, which lifts average precision, and less so F1: draws then lie to one
    side of the value. How far they spread is kept.
    """
    return np.asarray(draws + (value - np.nanmean(draws, dtype=np.float64)), np.float32)


def design_effect(values: npt.ArrayLike, units: IntArray) -> float:
    """How many times larger the variance of the mean of values (n,) is than if every clip were independent.

    The variance with whole recordings as units over that by clip (Kish, "Survey sampling", 1965; the variance of a
    ratio by linearisation). `units` (n,) number each clip's recording. 1 where values do not differ, or there is one
    recording.
    """
    x = np.asarray(values, np.float64)
    residuals = x - x.mean()
    by_clip = float((residuals**2).sum())
    sums = np.bincount(units, residuals)
    sources = int(np.count_nonzero(np.bincount(units)))
    if by_clip == 0 or sources < 2:
        return 1.0
    return float((sums**2).sum() * sources / (sources - 1) / (by_clip * len(x) / (len(x) - 1)))


def proportion_interval(right: BoolArray, units: IntArray | None) -> Interval:
    """95 % Wilson interval of a fraction of clips, counting as many as are independent.

    The number of clips is divided by the design effect, never by less than 1 (Franco, Little, Louis, Slud,
    "Comparative study of confidence intervals for proportions in complex sample surveys", J. Survey Statistics and
    Methodology 7, 2019). Where all clips are alike, recordings are counted. `units` None: every clip is a recording.
    """
    n, fraction = len(right), float(np.mean(right)) if len(right) else 0.0
    if units is None or not n:
        return Interval(*wilson_interval(int(np.sum(right)), n))
    alike = fraction in (0.0, 1.0)
    effective = float(len(np.unique(units))) if alike else n / max(1.0, design_effect(right, units))
    return Interval(*wilson_interval(fraction * effective, effective))


def accuracy_interval(draws: FloatArray, right: BoolArray, units: IntArray) -> Interval:
    """The percentile interval of an accuracy; where all clips are right, or all wrong, no draw differs: Wilson's."""
    if right.all() or not right.any():
        return proportion_interval(right, units)
    return percentile_interval(draws)
