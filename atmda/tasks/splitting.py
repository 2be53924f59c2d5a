"""The test sets of `classify`: official folds, an official split, or folds made here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.evaluation.splits import by_fold, by_official_split, cross_validation, whole
from atmda.core.methods import METHODS
from atmda.core.methods.base import CLIPS, Split
from atmda.core.types import BoolArray, IntArray
from atmda.errors import SettingsError
from atmda.settings.classify import ClassifySettings


def splits_of(
    settings: ClassifySettings, table: EmbeddingTable, y: IntArray | BoolArray
) -> tuple[EmbeddingTable, list[Split]]:
    """The table, with the folds that `cv` asks for, and what is trained on and tested. Raises SettingsError."""
    table = _with_folds(settings, table, y)
    return table, _splits(settings, table)


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
