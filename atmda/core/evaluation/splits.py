"""What is trained on and what is tested: official folds, official splits, or folds made here.

Clips that were cut from one recording never stand on both sides of a split made here; of official folds it is told
where they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from atmda.core.methods.base import Split
from atmda.core.types import BoolArray, IntArray

TRAINING_SPLITS, TEST_SPLITS = ("train", "val"), ("test",)


def by_fold(folds: npt.ArrayLike) -> list[Split]:
    """Each of `folds` (n,) in turn is tested, in order; the others train."""
    numbers = np.asarray(folds)
    everything = np.arange(len(numbers))
    return [Split(int(fold), everything[numbers != fold], everything[numbers == fold]) for fold in np.unique(numbers)]


def by_official_split(splits: Sequence[str]) -> list[Split]:
    """The official test set, with "train" and "val" to train on; [] where the data has not both."""
    names = np.asarray(splits)
    train, test = np.flatnonzero(np.isin(names, TRAINING_SPLITS)), np.flatnonzero(np.isin(names, TEST_SPLITS))
    return [Split("test", train, test)] if len(train) and len(test) else []


def whole(n: int) -> list[Split]:
    """All of `n` clips as one test set, with nothing to train on."""
    return [Split(None, np.zeros(0, np.int64), np.arange(n))]


def cross_validation(
    y: npt.NDArray[np.generic], sources: Sequence[str] | None, n_folds: int, seed: int = 0
) -> IntArray:
    """Fold numbers (n,) from 1: classes spread evenly, clips of one of `sources` (n,) together.

    `y` is (n,) class indices or bool (n, c); of the latter each clip counts for its first class. Folds come from
    scikit-learn's StratifiedGroupKFold. Raises ValueError where there are fewer sources than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    classes = np.asarray(y).argmax(axis=1) if np.asarray(y).ndim == 2 else np.asarray(y)
    groups = np.arange(len(classes)) if sources is None else np.unique(np.asarray(sources), return_inverse=True)[1]
    n_groups = len(np.unique(groups))
    if n_groups < n_folds:
        raise ValueError(f"{n_groups} recordings cannot make {n_folds} folds")
    folds = np.zeros(len(classes), np.int64)
    # shuffled here: before scikit-learn 1.8 its own shuffling spoilt the stratification
    groups = np.random.default_rng(seed).permutation(n_groups)[groups]
    splitter = StratifiedGroupKFold(n_folds)
    for number, (_, test) in enumerate(_quietly(splitter, classes, groups), 1):
        folds[test] = number
    return folds


def _quietly(splitter: object, classes: IntArray, groups: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """scikit-learn warns of classes with fewer clips than folds; here every class that a fold lacks is named later."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from splitter.split(np.zeros(len(classes)), classes, groups)  # type: ignore[attr-defined]


def inner_splits(
    train: IntArray, folds: IntArray | None, y: npt.NDArray[np.generic], sources: Sequence[str] | None
) -> list[Split]:
    """Splits of the training rows `train` (k,) alone, for choosing: by their folds, else in five by source.

    Row numbers are those of the whole data. [] where nothing can be split.
    """
    if folds is not None and len(np.unique(folds[train])) >= 2:
        numbers = folds[train]
    else:
        own = None if sources is None else [sources[row] for row in train.tolist()]
        try:
            numbers = cross_validation(y[train], own, 5)
        except ValueError:
            return []
    return [Split(split.fold, train[split.train], train[split.test]) for split in by_fold(numbers)]


def sources_in_several_folds(folds: IntArray, sources: Sequence[str]) -> list[str]:
    """Sources with clips in more than one fold, sorted: where there are any, accuracies are too good."""
    pairs = np.unique(np.stack([np.unique(np.asarray(sources), return_inverse=True)[1], folds]), axis=1)
    numbers, counts = np.unique(pairs[0], return_counts=True)
    names = np.unique(np.asarray(sources))
    return [str(names[number]) for number in numbers[counts > 1]]


def untrained_classes(split: Split, y: IntArray | BoolArray, n_classes: int) -> IntArray:
    """Classes (k,) that have test clips in `split` and no clip to train on; `y` is int (n,) or bool (n, c)."""
    tested, trained = (_there(y[rows], n_classes) for rows in (split.test, split.train))
    return np.flatnonzero(tested & ~trained)


def _there(y: IntArray | BoolArray, n_classes: int) -> BoolArray:
    """Which classes have a clip, bool (c,)."""
    return np.asarray(y.any(axis=0) if y.ndim == 2 else np.bincount(y, minlength=n_classes) > 0)
