"""Class anchors made elsewhere, looked at before figures are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from atmda.core.embeddings.lengths import lengths, unit
from atmda.core.text import some_of
from atmda.core.types import FloatArray
from atmda.datasets.base import display_name
from atmda.errors import StoreError
from atmda.tasks.observer import Observer

ALIKE = 1e-5  # anchors nearer than this differ by less than float32 tells reliably


def check_anchors(path: Path, anchors: FloatArray, labels: Sequence[str], observer: Observer) -> None:
    """Raises StoreError where a label of `anchors` (c, d) comes twice or is empty, or an anchor is all zeros.

    Those that are alike are said: between them the first always wins.
    """
    names = [display_name(label) for label in labels]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if "" in names:
        raise StoreError(f"{path}: anchor {names.index('') + 1} has no label.", "Give each its class.")
    if twice:
        raise StoreError(f"{path}: several anchors have the label {some_of(twice)}.", "Give one anchor a class.")
    empty = [name for name, length in zip(names, lengths(anchors), strict=True) if not length]
    if empty:
        raise StoreError(f"{path}: anchors of zeros, which are like nothing: {some_of(empty)}.", "Make them again.")
    if len(names) < 2:
        return
    directions = unit(anchors)
    if bool((np.abs(directions - directions[0]).max() < ALIKE).all()):
        observer.warning(f"{path}: all {len(names)} anchors are alike, so nothing can be told apart by them.")
    elif alike := _alike(directions, names):
        observer.warning(f"{path}: anchors that are alike, of which the first always wins: {some_of(alike)}.")


def _alike(directions: FloatArray, names: list[str]) -> list[str]:
    """Names of anchors that share their direction, joined by "=", a group each."""
    groups: dict[bytes, list[str]] = {}
    for row, name in zip(np.round(directions, 5) + 0.0, names, strict=True):  # -0.0 + 0.0 is 0.0
        groups.setdefault(row.tobytes(), []).append(name)
    return [" = ".join(group) for group in groups.values() if len(group) > 1]
