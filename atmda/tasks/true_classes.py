"""The true classes of stored clips: names in class-id order, and which of them each clip has."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.types import BoolArray, IntArray
from atmda.datasets import labels_of, load_dataset
from atmda.datasets.base import display_name
from atmda.errors import SettingsError
from atmda.settings.classify import ClassifySettings


def true_classes(
    settings: ClassifySettings, table: EmbeddingTable, anchored: tuple[str, ...]
) -> tuple[tuple[str, ...], IntArray | BoolArray]:
    """Class names, and the classes of each clip, int (n,) or bool (n, c); all clips have labels.

    `anchored`: labels of anchors made elsewhere, () where there are none. Raises SettingsError.
    """
    own = tuple(map(display_name, anchored))
    classes, by_id = CLASS_NAMES[settings.class_names_from](settings, table, own)
    return classes, _members(str(settings.embeddings), table, classes, by_id)


def _of_the_data_set(
    settings: ClassifySettings, table: EmbeddingTable, own: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of `dataset`, in the order of the anchors where these are given; and those by class id."""
    name = str(settings.dataset)
    known = labels_of(name)
    names = known or load_dataset(name, settings.data_dir).labels
    if own and set(own) != set(names):
        odd = sorted(set(own) ^ set(names))
        raise SettingsError(f"`text_embeddings`: its labels are not those of {name}: {', '.join(odd)}.")
    return own or names, known or own or names


def _of_the_clips(
    settings: ClassifySettings, table: EmbeddingTable, own: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of the anchors, else of the store, else the labels there are."""
    there = sorted(set(map(display_name, table.all_labels())))
    found = own or table.classes or tuple(there)
    if all(label.isdigit() for label in found):
        raise SettingsError(f"{settings.embeddings} holds class ids without names.", "Give `dataset` NAME.")
    return found, found


def _members(
    name: str, table: EmbeddingTable, classes: tuple[str, ...], by_id: tuple[str, ...]
) -> IntArray | BoolArray:
    """The classes of each clip; labels are names, or ids of `by_id`."""
    index = {label: i for i, label in enumerate(classes)}
    by_number = {str(i): index[label] for i, label in enumerate(by_id) if label in index}
    numbers = {label: index.get(display_name(label), by_number.get(label, -1)) for label in table.all_labels()}
    strange = sorted(label for label, number in numbers.items() if number < 0)
    if strange:
        raise SettingsError(
            f"{name}: the label {strange[0]!r} is not one of the {len(classes)} classes.",
            "Give `dataset` NAME, or `text_embeddings` with all classes.",
        )
    if table.labels is not None:
        return np.asarray([numbers[label] for label in table.labels], np.int64)
    members = np.zeros((len(table), len(classes)), bool)
    for row, own in enumerate(table.label_sets or ()):
        members[row, [numbers[label] for label in own]] = True
    return members


#: where class names come from
CLASS_NAMES: Mapping[
    str,
    Callable[[ClassifySettings, EmbeddingTable, tuple[str, ...]], tuple[tuple[str, ...], tuple[str, ...]]],
] = {"dataset": _of_the_data_set, "clips": _of_the_clips}
