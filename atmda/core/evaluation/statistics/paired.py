"""Two ways of labelling the same clips: is the second better, by how much, how sure?"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, sqrt

import numpy as np
import numpy.typing as npt

from atmda.core.evaluation.statistics.intervals import design_effect, percentile_interval
from atmda.core.evaluation.statistics.resampling import Resampling
from atmda.core.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Paired:
    """`after` against `before` on the same n clips.

    Attributes:
        difference: of the means over folds of accuracy. low, high: its 95 % interval, recordings drawn.
        p: exact sign-flip test by recording. p_mcnemar: McNemar's exact test by clip, too small where clips of one
            recording agree. p_bootstrap: share of draws on the other side of 0, never below 2 / (draws + 1).
        gained, lost: clips that only `after`, only `before` has right.
        cohen_h: difference of the arcsines of the fractions' roots, times 2: 0.2 small, 0.5 medium, 0.8 large.
        odds_ratio: gained over lost; half a clip is added to both where one is 0.
        design_effect: of the difference; `intervals.design_effect`.
    """

    difference: float
    low: float
    high: float
    p: float
    p_mcnemar: float
    p_bootstrap: float
    gained: int
    lost: int
    cohen_h: float
    odds_ratio: float
    design_effect: float
    n: int

    @property
    def n_discordant(self) -> int:
        """Clips that one of both has right and the other wrong."""
        return self.gained + self.lost


def compare(before: BoolArray, after: BoolArray, resampling: Resampling, draws: FloatArray | None = None) -> Paired:
    """Which clips were labelled right, bool (n,), before and after; `draws` (n_samples,) of the difference, if made."""
    change = after.astype(np.int64) - before
    if draws is None:
        draws = resampling.mean(change[:, None])[:, 0]
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    by_fold = [change[block.rows].mean() for block in resampling.blocks]
    low, high = percentile_interval(draws)
    return Paired(
        difference=float(np.mean(by_fold)),
        low=low,
        high=high,
        p=sign_flip_p(np.bincount(resampling.units, change).astype(np.int64)),
        p_mcnemar=mcnemar_p(gained, lost),
        p_bootstrap=bootstrap_p(draws),
        gained=gained,
        lost=lost,
        cohen_h=cohen_h(float(before.mean()), float(after.mean())),
        odds_ratio=odds_ratio(gained, lost),
        design_effect=design_effect(change, resampling.units),
        n=len(change),
    )


def mcnemar_p(gained: int, lost: int) -> float:
    """McNemar's exact test, two-sided: the discordant clips are a fair coin's (McNemar, Psychometrika 12, 1947)."""
    from scipy.stats import binomtest

    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def sign_flip_p(change: IntArray) -> float:
    """Exact two-sided permutation test by recording: `change` (s,) is each one's clips gained less its clips lost.

    Where the two ways are alike, each recording's change is as likely with the other sign; p is the share of all
    2**s choices of signs whose sum is at least as far from 0 (Fisher's randomisation test with recordings as units;
    its normal approximation is that of Yang, Sun, Hardin, Statistics in Medicine 29, 2010). The distribution is
    convolved, not drawn, so that p can be as small as it is. With one clip a recording it is McNemar's exact test.
    """
    from scipy.stats import binom

    sizes, counts = np.unique(np.abs(change[change != 0]), return_counts=True)
    chances = np.ones(1)  # of the sum of the recordings whose sign is +
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        steps = np.zeros(size * count + 1)
        steps[::size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, steps)
    sums = 2 * np.arange(len(chances)) - (len(chances) - 1)
    return float(min(1.0, chances[np.abs(sums) >= abs(int(change.sum()))].sum()))


def bootstrap_p(draws: npt.ArrayLike) -> float:
    """Twice the share of a difference's draws on the lesser side of 0 (Davison and Hinkley, 1997, chapter 4)."""
    known = np.asarray(draws)
    known = known[~np.isnan(known)]
    lesser = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2 * (lesser + 1) / (len(known) + 1))


def normal_p(difference: float, draws: npt.ArrayLike) -> float:
    """Two-sided p of a difference over the standard deviation of its draws; for metrics without an exact test.

    1 where the draws do not differ from it.
    """
    from scipy.stats import norm

    error = float(np.nanstd(np.asarray(draws, np.float64), ddof=1))
    return float(2 * norm.sf(abs(difference) / error)) if error > 0 else 1.0


def cohen_h(before: float, after: float) -> float:
    """2 asin sqrt(after) - 2 asin sqrt(before) (Cohen, "Statistical power analysis", 1988, chapter 6)."""
    return 2 * asin(sqrt(after)) - 2 * asin(sqrt(before))


def odds_ratio(gained: int, lost: int) -> float:
    """Gained over lost; with half a clip added to both where one is 0 (Haldane 1956)."""
    half = 0.0 if gained and lost else 0.5
    return (gained + half) / (lost + half)
