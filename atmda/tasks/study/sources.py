"""What recordings a study starts from, and what tells that they are still the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from atmda.core.clip import Clip
from atmda.datasets import DATASETS, Dataset, load_dataset, load_folder
from atmda.datasets.labelled_folder import labels_from_folders, load_annotated
from atmda.datasets.window_labels import load_with_truth
from atmda.errors import AtmdaError
from atmda.settings.study_tables import DatasetTable
from atmda.workspace import Workspace


@dataclass(frozen=True)
class Recordings:
    """A set of recordings.

    Attributes:
        name: what it is called.
        fingerprint: changes with the list of recordings, with what is known of them, and with the files themselves,
            by size and time; not with where they lie.
        clips: how many; by fold where there are folds, so that a part of them can be counted.
        embedded_by: settings of `embed` for it.
        missing: why it cannot be read; "" where it can.
    """

    name: str
    fingerprint: str
    clips: int
    by_fold: Mapping[int, int]
    embedded_by: Mapping[str, Any]
    missing: str = ""

    def count(self, folds: tuple[int, ...]) -> int:
        """Clips in `folds`, all of them where none is named."""
        return sum(self.by_fold.get(fold, 0) for fold in folds) if folds and self.by_fold else self.clips


def recordings_of(table: DatasetTable, data_dir: Path) -> Recordings:
    """The clips that a table of a study names."""
    if table.clips_from == "dataset":
        return _named(str(table.name), data_dir, table)
    folder = Path(str(table.folder))
    name, settings = folder.resolve().name, {"audio_folder": str(folder)}
    if table.annotations is not None:
        annotations = table.annotations
        known = {**settings, "annotations": str(annotations), **_windows(table)}
        if table.window is not None:
            return _read(name, lambda: load_with_truth(str(folder), annotations), known)
        return _read(name, lambda: load_annotated(folder, annotations), known)
    return _read(name, lambda: labels_from_folders(folder), {**settings, "labels_from": "folders"})


def backgrounds_of(name: str, data_dir: Path) -> Recordings:
    """The backgrounds in a data set, or in a folder of one's own."""
    if name in DATASETS or Workspace(data_dir).dataset(name).is_dir():
        return _named(name, data_dir)
    settings = {"audio_folder": name, "recursive": True}
    return _read(Path(name).resolve().name, lambda: load_folder(name, recursive=True), settings)


def _windows(table: DatasetTable | None) -> dict[str, float]:
    """Settings of `embed` for the windows that a table asks for."""
    asked = {} if table is None else {"window": table.window, "hop": table.hop}
    return {name: seconds for name, seconds in asked.items() if seconds is not None}


def _named(name: str, data_dir: Path, table: DatasetTable | None = None) -> Recordings:
    spec = DATASETS.find(name)
    whole = spec.whole or 0 if spec else 0
    return _read(name, lambda: load_dataset(name, data_dir), {"dataset": name, **_windows(table)}, whole)


def _read(name: str, load: Callable[[], Dataset], embedded_by: Mapping[str, Any], whole: int = 0) -> Recordings:
    """`whole`: how many clips there would be, where they cannot be read."""
    try:
        data = load()
    except AtmdaError as error:
        return Recordings(name, "", whole, {}, embedded_by, str(error))
    known: list[str] = []
    if "window" in embedded_by:
        if data.truth is None:
            reason = f"{name} does not say when events begin and end, so windows have no labels. Leave window out."
            return Recordings(name, "", len(data.clips), {}, embedded_by, reason)
        known = [data.truth.told()]
    by_fold: dict[int, int] = {}
    for clip in data.clips:
        if clip.fold is not None:
            by_fold[clip.fold] = by_fold.get(clip.fold, 0) + 1
    text = "\n".join([repr(data.labels), *map(_line, data.clips), *known])
    found = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Recordings(name, found, len(data.clips), by_fold, embedded_by)


def _line(clip: Clip) -> str:
    status = clip.path.stat()
    known = (clip.name, clip.labels, clip.fold, clip.split, clip.source, clip.start, clip.end)
    return repr((*known, status.st_size, status.st_mtime_ns))
