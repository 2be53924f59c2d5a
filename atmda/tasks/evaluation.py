"""What is classified: embeddings with their true classes, and the splits they are tested in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.evaluation.metrics import METRICS
from atmda.core.evaluation.splits import sources_in_several_folds, untrained_classes
from atmda.core.methods import METHODS
from atmda.core.methods.base import LABELS, Split
from atmda.core.methods.recording_windows import RecordingWindows
from atmda.core.text import some_of
from atmda.core.types import BoolArray, IntArray
from atmda.errors import SettingsError, StoreError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.observer import Observer, warn_of_one_class
from atmda.tasks.recording_windows import recording_windows
from atmda.tasks.splitting import SPLITS
from atmda.tasks.stored import whole_store
from atmda.tasks.true_classes import true_classes


@dataclass(frozen=True)
class Evaluated:
    """Clips with their true classes `y`, int (n,) or, where a clip may have several, bool (n, c).

    `windows`: all that their recordings have, where a background is taken from them.
    """

    table: EmbeddingTable
    classes: tuple[str, ...]
    y: IntArray | BoolArray
    splits: list[Split]
    metrics: tuple[str, ...]
    windows: RecordingWindows | None = None

    @property
    def width(self) -> int:
        return int(self.table.embeddings.shape[1])


def evaluated(settings: ClassifySettings, anchored: tuple[str, ...], observer: Observer) -> Evaluated:
    """The clips that can be classified, their classes and splits; what is left out is told.

    `anchored`: labels of text anchors made elsewhere. Raises SettingsError, StoreError.
    """
    table, windows = _usable(settings, observer)
    classes, y = true_classes(settings, table, anchored)
    table, splits = SPLITS[settings.folds_from](settings, table, y)
    observer.detail(f"{len(table)} clips, {len(classes)} classes, {len(splits)} test sets: {_sizes(splits)}.")
    _warn(settings, table, classes, y, splits, observer)
    return Evaluated(table, classes, y, splits, _metrics(settings, y), windows)


def _usable(settings: ClassifySettings, observer: Observer) -> tuple[EmbeddingTable, RecordingWindows | None]:
    """The stored embeddings without those that hold values that are not numbers, and clips without a label.

    Where backgrounds are taken from windows, these are given with them, those without a label too.
    """
    path = settings.embeddings
    assert path is not None
    table = whole_store(path, observer, partial=settings.partial, unusable=True)
    finite = table.finite()
    if not finite.any():
        raise StoreError(f"{path}: there is no embedding in it that can be used.", "Embed again.")
    labelled = table.labelled() | ~finite  # each clip is told once
    usable = finite & labelled
    if not usable.any():
        raise StoreError(
            f"{path}: its clips have no labels, so nothing can be scored.",
            "Label them with embed's `annotations` or `labels_from`, or use atmda infer to label recordings.",
        )
    for fit, problem in ((finite, "embeddings hold values that are not numbers"), (labelled, "clips have no label")):
        if not fit.all() and not (settings.bg and fit is labelled):  # of windows it is to be expected
            left_out = [table.clips[row] for row in np.flatnonzero(~fit)]
            observer.warning(f"{path}: {len(left_out)} {problem}; left out: {some_of(left_out)}.")
    windows = None
    if settings.bg:
        windows, usable = recording_windows(settings, table, finite, observer)
    return table if usable.all() else table.take(np.flatnonzero(usable)), windows


def _sizes(splits: list[Split]) -> str:
    return ", ".join(f"{split.fold or 'all'} of {len(split.test)}" for split in splits)


def _metrics(settings: ClassifySettings, y: IntArray | BoolArray) -> tuple[str, ...]:
    """The metrics asked for, else the one that is usual. Raises SettingsError for one that has no meaning here."""
    several = y.ndim == 2
    for name in settings.metric:
        metric = METRICS.get(name)
        if not (metric.several_labels if several else metric.one_label):
            usable = [m.name for m in METRICS if (m.several_labels if several else m.one_label)]
            how = "several labels" if several else "one label"
            raise SettingsError(f"`metric` {name} is not defined for {how} a clip.", f"Use {', '.join(usable)}.")
    return settings.metric or (("map",) if several else ("accuracy",))


def _warn(
    settings: ClassifySettings,
    table: EmbeddingTable,
    classes: tuple[str, ...],
    y: IntArray | BoolArray,
    splits: list[Split],
    observer: Observer,
) -> None:
    """Say what makes figures worse or better than they should be."""
    warn_of_one_class(classes, observer)
    _warn_of_small_test_sets(settings, splits, len(classes), observer)
    if any(METHODS.get(mode).takes("top_n") for mode in settings.mode) and isinstance(settings.top_n, int):
        _warn_of_too_many_neighbours(settings.top_n, min(len(split.train) for split in splits), len(classes), observer)
    if table.sources is not None and table.folds is not None:
        shared = sources_in_several_folds(table.folds, table.sources)
        if shared:
            observer.warning(
                f"{len(shared)} source recordings have clips in several folds, so figures are too good: "
                f"{some_of(shared)}."
            )
    if any(LABELS in METHODS.get(mode).needs for mode in settings.mode):
        for split in splits:
            for c in untrained_classes(split, y, len(classes)).tolist():
                observer.warning(f"fold {split.fold}: {classes[c]!r} has no training clip and is never chosen there.")


def _warn_of_small_test_sets(
    settings: ClassifySettings, splits: list[Split], n_classes: int, observer: Observer
) -> None:
    """A method that learns from the clips of a test set together needs some of each class in it."""
    from atmda.core.methods.transductive import FEWEST_A_CLASS, GaussianMixture

    mixtures = [mode for mode in settings.mode if isinstance(METHODS.get(mode), GaussianMixture)]
    smallest = min(len(split.test) for split in splits)
    if mixtures and smallest < FEWEST_A_CLASS * n_classes:
        observer.warning(
            f"`mode` {mixtures[0]} needs some {FEWEST_A_CLASS} clips a class in each test set, "
            f"and the smallest has {smallest} for {n_classes} classes."
        )


def _warn_of_too_many_neighbours(top_n: int, training: int, n_classes: int, observer: Observer) -> None:
    """Where a class has far fewer training clips than tgap takes, its prototype is made of other classes' clips.

    A few of them do no harm: ESC-50 has 32 training clips a class, and tgap gains there with 35.
    """
    if top_n * n_classes > 1.5 * training:
        observer.warning(
            f"tgap takes `top_n` {top_n} clips a class, but {training} training clips for {n_classes} classes "
            f"are {training // n_classes} each: prototypes mix classes; a smaller `top_n` may serve better."
        )
