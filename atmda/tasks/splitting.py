"""The test sets of `classify`: official folds, an official split, or folds made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.evaluation.splits import by_fold, by_official_split, cross_validation, whole
from atmda.core.methods import METHODS
from atmda.core.methods.base import CLIPS, Split
from atmda.core.types import BoolArray, IntArray
from atmda.errors import SettingsError
from atmda.settings.classify import ClassifySettings


def _made_here(
    settings: ClassifySettings, table: EmbeddingTable, y: IntArray | BoolArray
) -> tuple[EmbeddingTable, list[Split]]:
    """The table with the folds that `cv` asks for."""
    assert settings.cv is not None
    if table.folds is not None and len(np.unique(table.folds)) > 1:
        raise SettingsError(f"`cv` {settings.cv}: {settings.embeddings} has folds of its own.", "Leave `cv` out.")
    try:
        folds = cross_validation(y, table.sources, settings.cv, settings.seed)
    except ValueError as error:
        raise SettingsError(f"`cv` {settings.cv}: {error}.", "Ask for fewer.", setting="cv") from error
    return replace(table, folds=folds), by_fold(folds)


def _of_the_clips(
    settings: ClassifySettings, table: EmbeddingTable, y: IntArray | BoolArray
) -> tuple[EmbeddingTable, list[Split]]:
    """Folds; else the official split; else one test set, which zero-shot methods alone can do with."""
    if table.folds is not None and len(np.unique(table.folds)) > 1:
        return table, by_fold(table.folds)
    official = by_official_split(table.splits) if table.splits is not None else []
    if official:
        return table, official
    trained = [mode for mode in settings.mode if CLIPS in METHODS.get(mode).needs]
    automatic = "auto" in settings.temperature or "auto" in (settings.top_n, settings.logit_scale)
    if trained or automatic:
        what = f"`mode` {','.join(trained)}" if trained else "choosing on training folds"
        raise SettingsError(
            f"{what}: {settings.embeddings} has no folds to train on.",
            "Make some with `cv` 5; without folds only `mode` zs can run.",
        )
    return table, by_fold(table.folds) if table.folds is not None else whole(len(table))


Splitter = Callable[[ClassifySettings, EmbeddingTable, "IntArray | BoolArray"], tuple[EmbeddingTable, list[Split]]]
#: where test sets come from -> the table with its folds, and what is trained on and tested. Each raises SettingsError
SPLITS: Mapping[str, Splitter] = {"cv": _made_here, "clips": _of_the_clips}
