"""The windows that `classify` takes the background of each recording from, and the recordings that have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.methods.recording_windows import UNLABELLED, RecordingWindows
from atmda.core.text import some_of
from atmda.core.types import BoolArray
from atmda.errors import SettingsError, StoreError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.observer import Observer


def recording_windows(
    settings: ClassifySettings, table: EmbeddingTable, finite: BoolArray, observer: Observer
) -> tuple[RecordingWindows, BoolArray]:
    """All windows of `table` that are `finite` (n,), and which rows of it are to be classified, bool (n,).

    Those have a label and, where `bg` takes the background from windows without one, are of a recording that has such:
    other recordings are left out of every cell, so that all cells are about the same clips. Raises StoreError where
    clips do not tell which recording they are of, SettingsError where no recording can be used.
    """
    if table.sources is None:
        raise StoreError(
            f"{settings.embeddings}: its clips do not say which recording they are of (column source).",
            "Leave `bg` out, or embed with `window`.",
        )
    rows = np.flatnonzero(finite)
    names, numbers = np.unique([table.sources[row] for row in rows.tolist()], return_inverse=True)
    there = table.take(rows)
    silent = np.asarray([clip in table.silent for clip in there.clips], bool)
    known = there.starts is not None and there.ends is not None
    windows = RecordingWindows(
        there.embeddings,
        numbers.astype(np.int64),
        there.labelled(),
        silent,
        np.zeros(0, np.int64),
        there.levels,
        (there.starts + there.ends) / 2 if known else None,  # type: ignore[operator]
    )
    chosen = windows.labelled & (windows.with_background if UNLABELLED in settings.bg else True)
    _tell(settings, windows, chosen, names.tolist(), observer)
    usable = np.zeros(len(table), bool)
    usable[rows[chosen]] = True
    return replace(windows, of=np.flatnonzero(chosen)), usable


def _tell(
    settings: ClassifySettings, windows: RecordingWindows, chosen: BoolArray, names: list[str], observer: Observer
) -> None:
    """What backgrounds are made of, and what is left out. Raises SettingsError where nothing can be used."""
    path = settings.embeddings
    if not chosen.any():
        raise SettingsError(
            f"`bg` {UNLABELLED}: no recording in {path} has windows with a label and windows without one.",
            "Use `bg` self, which needs none; or embed with a shorter `window`.",
            setting="bg",
        )
    if any("rolling" in own for own in settings.bg) and (windows.centres is None or np.isnan(windows.centres).any()):
        raise SettingsError(f"`bg` rolling: {path} does not tell when its clips begin and end.", "Embed with `window`.")
    if np.bincount(windows.recordings).max() == 1:
        observer.warning("Each recording is one window alone, which is then its own background.")
    if UNLABELLED not in settings.bg:
        return
    used = np.unique(windows.recordings[chosen])
    count = int((windows.background & np.isin(windows.recordings, used)).sum())
    observer.notice(
        f"Background of {len(used)} recordings: the mean of their windows without a label, {count} in all. It takes "
        "the truth to find them; `bg` self needs none."
    )
    lost = [names[number] for number in np.unique(windows.recordings[windows.labelled & ~windows.with_background])]
    if lost:
        observer.warning(
            f"{len(lost)} recordings have no window without a label and are left out of every cell: {some_of(lost)}."
        )
