"""What is classified: embeddings with their true classes, and the splits they are tested in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.evaluation.metrics import METRICS
from atmda.core.evaluation.splits import (
    by_fold,
    by_official_split,
    cross_validation,
    sources_in_several_folds,
    untrained_classes,
    whole,
)
from atmda.core.methods import METHODS
from atmda.core.methods.base import CLIPS, LABELS, Split, class_members
from atmda.core.types import BoolArray, IntArray
from atmda.datasets import labels_of, load_dataset
from atmda.datasets.base import display_name
from atmda.errors import SettingsError, StoreError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.observer import Observer

SHOWN = 10  # names told one by one


@dataclass(frozen=True)
class Evaluated:
    """Clips with their true classes `y`, int (n,) or, where a clip may have several, bool (n, c)."""

    table: EmbeddingTable
    classes: tuple[str, ...]
    y: IntArray | BoolArray
    splits: list[Split]
    metrics: tuple[str, ...]

    @property
    def width(self) -> int:
        return int(self.table.embeddings.shape[1])


def evaluated(settings: ClassifySettings, anchored: tuple[str, ...], observer: Observer) -> Evaluated:
    """The clips that can be classified, their classes and splits; what is left out is told.

    `anchored`: labels of text anchors made elsewhere. Raises SettingsError, StoreError.
    """
    table = _usable(settings, observer)
    classes = _classes(settings, table, anchored)
    table, y = _labelled(settings, table, classes, observer)
    table = _with_folds(settings, table, y)
    splits = _splits(settings, table)
    observer.detail(f"{len(table)} clips, {len(classes)} classes, {len(splits)} test sets: {_sizes(splits)}.")
    _warn(settings, table, classes, y, splits, observer)
    return Evaluated(table, classes, y, splits, _metrics(settings, y))


def _usable(settings: ClassifySettings, observer: Observer) -> EmbeddingTable:
    """The stored embeddings without those that hold values that are not numbers."""
    path = settings.embeddings
    assert path is not None
    table = read_embeddings(path, unusable=True)
    bad = set(table.unusable())
    if bad:
        observer.warning(f"{path}: {len(bad)} embeddings hold values that are not numbers; left out: {_shown(bad)}.")
        table = table.take(np.asarray([row for row, clip in enumerate(table.clips) if clip not in bad], np.int64))
    if not len(table):
        raise StoreError(f"{path}: there is no embedding in it that can be used.", "Embed again.")
    return table


def _classes(settings: ClassifySettings, table: EmbeddingTable, anchored: tuple[str, ...]) -> tuple[str, ...]:
    """Class names in class-id order: of `dataset`, of the store, of the anchors, or the labels there are."""
    classes = tuple(map(display_name, anchored))
    if settings.dataset is not None:
        known = labels_of(settings.dataset) or load_dataset(settings.dataset, settings.data_dir).labels
        if classes and set(classes) != set(known):
            odd = sorted(set(classes) ^ set(known))
            raise SettingsError(f"`text_embeddings`: its labels are not those of {settings.dataset}: {', '.join(odd)}.")
        return classes or known
    there = sorted({display_name(label) for labels in table.label_sets or () for label in labels})
    found = classes or table.classes or tuple(there)
    if not found:
        raise SettingsError(f"{settings.embeddings} does not say which classes there are.", "Give `dataset` NAME.")
    if all(label.isdigit() for label in found):
        raise SettingsError(f"{settings.embeddings} holds class ids without names.", "Give `dataset` NAME.")
    return found


def _labelled(
    settings: ClassifySettings, table: EmbeddingTable, classes: tuple[str, ...], observer: Observer
) -> tuple[EmbeddingTable, IntArray | BoolArray]:
    """The clips that have labels, and their classes; labels are names, or class ids of the data set."""
    sets = table.label_sets or []
    rows = [row for row, labels in enumerate(sets) if labels]
    if not rows:
        raise StoreError(
            f"{settings.embeddings}: its clips have no labels, so nothing can be scored.",
            "Label them with embed's `annotations` or `labels_from`, or use atmda infer to label recordings.",
        )
    if len(rows) < len(table):
        without = [table.clips[row] for row, labels in enumerate(sets) if not labels]
        observer.warning(f"{settings.embeddings}: {len(without)} clips have no label; left out: {_shown(without)}.")
        table = table.take(np.asarray(rows))
    numbers = _numbers(settings, classes, {label for labels in sets for label in labels})
    if table.labels is not None:
        return table, np.asarray([numbers[label] for label in table.labels], np.int64)
    members = np.zeros((len(table), len(classes)), bool)
    for row, labels in enumerate(table.label_sets or ()):
        members[row, [numbers[label] for label in labels]] = True
    return table, members


def _numbers(settings: ClassifySettings, classes: tuple[str, ...], labels: set[str]) -> dict[str, int]:
    """The index into `classes` of every label."""
    index = {name: i for i, name in enumerate(classes)}
    by_id = (labels_of(settings.dataset) if settings.dataset else ()) or classes
    by_id_index = {str(i): index[name] for i, name in enumerate(by_id) if name in index}
    numbers = {label: index.get(display_name(label), by_id_index.get(label, -1)) for label in labels}
    strange = sorted(label for label, number in numbers.items() if number < 0)
    if strange:
        raise SettingsError(
            f"{settings.embeddings}: the label {strange[0]!r} is not one of the {len(classes)} classes.",
            "Give `dataset` NAME, or `text_embeddings` with all classes.",
        )
    return numbers


def _with_folds(settings: ClassifySettings, table: EmbeddingTable, y: IntArray | BoolArray) -> EmbeddingTable:
    """The table with the folds that `cv` asks for."""
    if settings.cv is None:
        return table
    if table.folds is not None and len(np.unique(table.folds)) > 1:
        raise SettingsError(f"`cv` {settings.cv}: {settings.embeddings} has folds of its own.", "Leave `cv` out.")
    try:
        return replace(table, folds=cross_validation(y, table.sources, settings.cv, settings.seed))
    except ValueError as error:
        raise SettingsError(f"`cv` {settings.cv}: {error}.", "Ask for fewer.", setting="cv") from error


def _splits(settings: ClassifySettings, table: EmbeddingTable) -> list[Split]:
    """Folds; else the official split; else one test set, which zero-shot methods alone can do with."""
    if table.folds is not None and len(np.unique(table.folds)) > 1:
        return by_fold(table.folds)
    official = by_official_split(table.splits) if table.splits is not None else []
    if official:
        return official
    trained = [mode for mode in settings.mode if CLIPS in METHODS.get(mode).needs]
    automatic = "auto" in settings.temperature or "auto" in (settings.top_n, settings.logit_scale)
    if trained or automatic:
        what = f"`mode` {','.join(trained)}" if trained else "choosing on training folds"
        raise SettingsError(
            f"{what}: {settings.embeddings} has no folds to train on.",
            "Make some with `cv` 5; without folds only `mode` zs can run.",
        )
    return by_fold(table.folds) if table.folds is not None else whole(len(table))


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
    if "tgap" in settings.mode and isinstance(settings.top_n, int):
        _warn_of_too_many_neighbours(settings.top_n, min(len(split.train) for split in splits), len(classes), observer)
    if table.sources is not None and table.folds is not None:
        shared = sources_in_several_folds(table.folds, table.sources)
        if shared:
            observer.warning(
                f"{len(shared)} source recordings have clips in several folds, so figures are too good: "
                f"{_shown(shared)}."
            )
    if any(LABELS in METHODS.get(mode).needs for mode in settings.mode):
        members = class_members(y, len(classes))
        for split in splits:
            for c in untrained_classes(split, members).tolist():
                observer.warning(f"fold {split.fold}: {classes[c]!r} has no training clip and is never chosen there.")


def _warn_of_too_many_neighbours(top_n: int, training: int, n_classes: int, observer: Observer) -> None:
    """Where a class has far fewer training clips than tgap takes, its prototype is made of other classes' clips.

    A few of them do no harm: ESC-50 has 32 training clips a class, and tgap gains there with 35.
    """
    if top_n * n_classes > 1.5 * training:
        observer.warning(
            f"tgap takes `top_n` {top_n} clips a class, but {training} training clips for {n_classes} classes "
            f"are {training // n_classes} each: prototypes mix classes; a smaller `top_n` may serve better."
        )


def _shown(names: set[str] | list[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more
