"""A metric in every draw of a resampling, float32 (n_samples,).

The definitions are those of `metrics`, which work on clips one by one; here what they need is counted recording by
recording, which gives the same numbers for all draws at once.
"""

from __future__ import annotations

import numpy as np

from atmda.core.evaluation.statistics.resampling import Block, Resampling, over_folds
from atmda.core.methods.base import class_members
from atmda.core.types import BoolArray, FloatArray, IntArray

#: draws of macro mAP: each is a pass over all clips of all classes
MAP_SAMPLES = 200


def balanced_accuracy(resampling: Resampling, y: IntArray, predicted: IntArray, n_classes: int) -> FloatArray:
    """The mean of the recalls of the classes that a draw has, meaned over folds."""
    true, right = _members(y, predicted, n_classes)
    totals = resampling.totals(np.concatenate([true, right], axis=1))
    return over_folds(_mean_of_classes(t[:, n_classes:], t[:, :n_classes], t[:, :n_classes]) for t in totals)


def macro_f1(resampling: Resampling, y: IntArray, predicted: IntArray, n_classes: int) -> FloatArray:
    """The mean of the F1 of the classes that a draw has, meaned over folds."""
    true, right = _members(y, predicted, n_classes)
    found = class_members(predicted, n_classes)
    totals = resampling.totals(np.concatenate([true, right, found], axis=1))
    return over_folds(_f1(*np.split(total, 3, axis=1)) for total in totals)


def _members(y: IntArray, predicted: IntArray, n_classes: int) -> tuple[BoolArray, BoolArray]:
    true = class_members(y, n_classes)
    return true, true & (y == predicted)[:, None]


def _f1(true: FloatArray, right: FloatArray, found: FloatArray) -> FloatArray:
    return _mean_of_classes(2 * right, true + found, true)


def _mean_of_classes(above: FloatArray, below: FloatArray, true: FloatArray) -> FloatArray:
    """The mean of above / below over classes with true clips, (n_samples,); NaN where there is none."""
    there = true > 0
    shares = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return _shares((shares * there).sum(axis=1), there.sum(axis=1).astype(np.float32))


def mean_average_precision(
    resampling: Resampling, members: BoolArray, scores: FloatArray, n_samples: int = MAP_SAMPLES
) -> FloatArray:
    """Macro mAP in the first `n_samples` draws, meaned over folds: members bool (n, c), scores float32 (n, c)."""
    finite = np.nan_to_num(scores, neginf=np.finfo(np.float32).min)
    n_samples = min(n_samples, resampling.n_samples)
    return over_folds(_average_precisions(block, members, finite, n_samples) for block in resampling.blocks)


def _average_precisions(block: Block, members: BoolArray, scores: FloatArray, n_samples: int) -> FloatArray:
    weights, members, scores = block.weights(n_samples), members[block.rows], scores[block.rows]
    total, classes = np.zeros(n_samples, np.float32), np.zeros(n_samples, np.float32)
    for c in np.flatnonzero(members.any(axis=0)).tolist():
        precision = _average_precision(members[:, c], scores[:, c], weights)
        total += np.nan_to_num(precision)
        classes += ~np.isnan(precision)
    return _shares(total, classes)


def _average_precision(member: BoolArray, score: FloatArray, weights: FloatArray) -> FloatArray:
    """Average precision of one class with clips counted by `weights` (m, n_samples): (n_samples,); NaN without clips.

    The mean over the class's clips of precision at their score; clips of equal score are taken together, as
    scikit-learn does.
    """
    order = np.argsort(-score, kind="stable")
    member, ranked = member[order], score[order]
    last = len(ranked) - 1 - np.searchsorted(ranked[::-1], ranked[member], side="left")  # of the clips of equal score
    own = weights[order[member]]
    ends, place = np.unique(last, return_inverse=True)
    steps = np.add.reduceat(weights[order[: ends[-1] + 1]], np.concatenate([[0], ends[:-1] + 1]), axis=0)
    above = np.cumsum(steps, axis=0)[place]
    places = np.searchsorted(np.flatnonzero(member), last, side="right") - 1
    true = np.cumsum(own, axis=0)[places]
    total = own.sum(axis=0)
    precision = np.divide(true, above, out=np.zeros_like(true), where=above > 0)
    return _shares((own * precision).sum(axis=0), total)


def _shares(above: FloatArray, below: FloatArray) -> FloatArray:
    """above / below, (n_samples,); NaN where there is nothing below."""
    shares: FloatArray = np.divide(above, below, out=np.full(len(above), np.nan, np.float32), where=below > 0)
    return shares
