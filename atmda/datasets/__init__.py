"""The data sets: where their clips, labels, folds and backgrounds are.

Readers go straight from each data set's own files; nothing here imports numpy, torch or pandas.
"""

from __future__ import annotations

from pathlib import Path

from atmda.datasets import augmented, esc50, fsd50k, tau2019uas, urbansound8k
from atmda.datasets.base import Dataset
from atmda.datasets.folder import audio_endings, load_folder
from atmda.errors import AtmdaError

__all__ = ["Dataset", "audio_endings", "dataset_names", "labels_of", "load_dataset", "load_folder"]

READERS = {
    urbansound8k.NAME: urbansound8k.read,
    esc50.NAME: esc50.read,
    esc50.ESC10: esc50.read_esc10,
    fsd50k.NAME: fsd50k.read,
    tau2019uas.NAME: tau2019uas.read,
}
LABELS = {
    urbansound8k.NAME: urbansound8k.LABELS,
    esc50.NAME: esc50.LABELS,
    esc50.ESC10: esc50.ESC10_LABELS,
    tau2019uas.NAME: tau2019uas.LABELS,
}
CLASS_FIELDS = {urbansound8k.NAME: urbansound8k.CLASS_FIELD, esc50.NAME: esc50.CLASS_FIELD}


def dataset_names() -> list[str]:
    """Names of the data sets that `load_dataset` reads with their labels."""
    return sorted(READERS)


def labels_of(name: str) -> tuple[str, ...]:
    """Class names of the data set `name` in class-id order, known without the data; empty where they are not fixed."""
    return LABELS.get(name, ())


def load_dataset(name: str, data_dir: Path, path: str | None = None) -> Dataset:
    """The data set `name` in `data_dir`/input/`name`, or the set of soundscapes made of it in `path`.

    `path`: a folder below `data_dir`/input or `data_dir`, or any folder; None (or "None") for the data set itself.
    A data set without a reader of its own is read as the folder it is, without labels.
    Raises AtmdaError where something is missing, with the command that fetches it.
    """
    folder = Path(data_dir) / "input" / name
    if path not in (None, "", "None"):
        given = _find(str(path), Path(data_dir))
        if not (name in READERS and _is_official(given, name)):
            return augmented.read(given, name, labels_of(name), CLASS_FIELDS.get(name))
        folder = given
    if name in READERS:
        return READERS[name](folder)
    if folder.is_dir():
        found = load_folder(folder, recursive=True)
        return Dataset(name, found.clips)
    known = ", ".join(dataset_names())
    raise AtmdaError(f"{folder} is missing.", f"Fetch it with: atmda fetch {name} (sets with a reader: {known})")


def _find(path: str, data_dir: Path) -> Path:
    choices = [data_dir / "input" / path, data_dir / path, Path(path)]  # joining an absolute path gives that path
    for choice in choices:
        if choice.is_dir():
            return choice
    raise AtmdaError(
        f"There is no folder {path} in {data_dir / 'input'}, in {data_dir} or here.", "Make it with: atmda augment"
    )


def _is_official(folder: Path, name: str) -> bool:
    """Whether `folder` holds the data set itself rather than soundscapes made of it."""
    if (folder / augmented.MANIFEST).is_file():
        return False
    marks = {
        urbansound8k.NAME: [urbansound8k.METADATA],
        esc50.NAME: [esc50.METADATA],
        fsd50k.NAME: [fsd50k.TRUTH],
        tau2019uas.NAME: [tau2019uas.DEVELOPMENT],
    }
    return any((folder / mark).exists() for mark in marks.get(name, []))
