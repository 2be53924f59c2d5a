"""A recording's own background, taken from the windows themselves.

Profiles are linear in embeddings: the mean of windows' scores is the score of their mean embedding, so that whatever is
averaged here in score space (n, c) is the profile of the background so averaged in the encoder's space (n, d), which
need not be kept. A class without a prototype (-inf) has a profile of 0, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from atmda.core.types import BoolArray, FloatArray, IntArray

#: of the windows, those that hold least event: so few that events may sound in two windows of three; where they are
#: rarer, more would do a little better (docs/detection.md)
QUIET_FRACTION = 0.25
#: windows below which a quantile says little: as many are taken where a recording has them
FEWEST_QUIET = 4
#: a stretch of a rolling background holds as many windows, however short it is
FEWEST_ROLLING = 16
#: a rolling background is worked out so many times a stretch, and runs straight between
KNOTS = 8
NORMAL = 1.4826  # median absolute deviations of a normal distribution in its standard deviation


def mean(scores: FloatArray, levels: FloatArray) -> FloatArray:
    """The profile of the mean embedding of all windows: subtracted once (T = 1) it is mean-centring."""
    return np.asarray(scores.mean(axis=0, dtype=np.float64), np.float32)


def median(scores: FloatArray, levels: FloatArray) -> FloatArray:
    """Each class's median over all windows, which events in less than half of them do not move far."""
    ordered = np.sort(scores, axis=0)  # twice as fast as np.median
    middle: FloatArray = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return middle


def quiet(scores: FloatArray, levels: FloatArray) -> FloatArray:
    """The mean of the quarter of the windows in which neither the level nor any class stands out (`quietest`)."""
    return mean(scores[quietest(scores, levels)], levels)


def quietest(scores: FloatArray, levels: FloatArray) -> IntArray:
    """Which windows hold least event, by index: scores float32 (n, c), finite; levels (n,) dB, NaN where not known.

    Windows are ranked by level, and by evidence: how far the class that stands out most lies above its own median over
    the recording, in its robust deviations. A window's greater rank counts, so that one that is loud or has a class
    that stands out is left out; the least `QUIET_FRACTION` is taken. Evidence decides alone where a level is unknown.
    """
    above = scores - median(scores, levels)
    deviations = np.float32(NORMAL) * median(np.abs(above), levels)
    least = max(0.1 * float(np.median(deviations)), float(np.finfo(np.float32).tiny))
    ranks = _ranks((above / np.maximum(deviations, np.float32(least))).max(axis=1))
    if not np.isnan(levels).any():
        ranks = np.maximum(ranks, _ranks(levels))
    n = len(scores)
    taken = min(n, max(FEWEST_QUIET, round(QUIET_FRACTION * n)))
    return np.sort(np.argsort(ranks, kind="stable")[:taken])


Compute: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class SelfMethod:
    """A way to take a background from windows: from scores (n, c), finite, and levels (n,) to a profile (c,)."""

    name: str
    about: str
    compute: Compute


SELF_BACKGROUNDS: Mapping[str, SelfMethod] = {
    method.name: method
    for method in (
        SelfMethod("quiet", "the quarter of the windows in which neither level nor any class stands out", quiet),
        SelfMethod("mean", "all windows; with a temperature of 1 this is mean-centring", mean),
        SelfMethod("median", "each class's median over all windows", median),
    )
}


def self_profile(
    scores: FloatArray,
    levels: FloatArray | None,
    silent: BoolArray,
    *,
    method: str = "quiet",
    rolling: float | None = None,
    centres: npt.ArrayLike | None = None,
) -> FloatArray:
    """The background of the recording (or the site) that the windows are of: float32 (c,), or (n, c) where it rolls.

    Args:
        scores: float32 (n, c), unadapted. levels: dB, (n,), NaN where not known; None where none is.
        silent: bool (n,), windows that say nothing: they are no background. Where all are, the profile is 0.
        method: a name of `SELF_BACKGROUNDS`.
        rolling: seconds of the stretch around each window that its background is taken from; at the ends it is the
            first or the last such stretch. It is widened to `FEWEST_ROLLING` windows where it holds fewer, worked out
            `KNOTS` times a stretch, and runs straight between.
        centres: the middle of each window in seconds, (n,), in any order; what `rolling` needs.
    """
    kept = np.flatnonzero(~silent)
    finite = np.isfinite(scores[kept]).all(axis=0)
    S = np.asarray(scores[np.ix_(kept, finite)], np.float32, order="F")  # medians run along a class
    L = np.full(len(kept), np.nan, np.float32) if levels is None else np.asarray(levels, np.float32)[kept]
    profile = np.zeros(scores.shape if rolling is not None else scores.shape[1:], np.float32)
    if not S.size:
        return profile
    compute = SELF_BACKGROUNDS[method].compute
    if rolling is None:
        profile[finite] = compute(S, L)
        return profile
    if centres is None:
        raise ValueError("a rolling background needs the windows' centres")
    when = np.asarray(centres, np.float64)
    order = np.argsort(when[kept], kind="stable")
    times, values = _rolled(np.asfortranarray(S[order]), L[order], when[kept][order], rolling, compute)
    for c, column in zip(np.flatnonzero(finite), values.T, strict=True):
        profile[:, c] = np.interp(when, times, column)
    return profile


def _rolled(
    scores: FloatArray,
    levels: FloatArray,
    when: npt.NDArray[np.float64],
    seconds: float,
    compute: Compute,
) -> tuple[npt.NDArray[np.float64], FloatArray]:
    """Knots (k,) in time, and the profiles (k, c) there, of windows in order of time."""
    n = len(scores)
    middles = np.clip(when, when[0] + seconds / 2, max(when[-1] - seconds / 2, when[0] + seconds / 2))
    first = np.searchsorted(when, middles - seconds / 2 - 1e-6, "left")
    after = np.searchsorted(when, middles + seconds / 2 + 1e-6, "right")
    few = after - first < FEWEST_ROLLING
    first = np.where(few, np.clip(np.arange(n) - FEWEST_ROLLING // 2, 0, max(0, n - FEWEST_ROLLING)), first)
    after = np.where(few, np.minimum(first + FEWEST_ROLLING, n), after)
    step = max(1, int(np.median(after - first)) // KNOTS)
    knots = np.unique(np.append(np.arange(0, n, step), n - 1))
    last: tuple[int, int] | None = None
    values = np.empty((len(knots), scores.shape[1]), np.float32)
    for row, knot in enumerate(knots):
        stretch = int(first[knot]), int(after[knot])
        if stretch == last:  # as at the ends
            values[row] = values[row - 1]
        else:
            values[row] = compute(scores[slice(*stretch)], levels[slice(*stretch)])
        last = stretch
    return when[knots], values


def _ranks(values: FloatArray) -> IntArray:
    """How many are less than each, so that equal ones rank alike."""
    return np.searchsorted(np.sort(values), values, "left")
