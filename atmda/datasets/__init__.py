"""The data sets: where their clips, labels, folds and backgrounds are.

Readers go straight from each data set's own files; nothing here imports numpy, torch or pandas.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from atmda.core.registry import Registry
from atmda.datasets.base import Dataset, DatasetSpec
from atmda.datasets.folder import audio_endings, load_folder
from atmda.errors import AtmdaError
from atmda.workspace import Workspace

#: every data set there is: one declaration each, in a module of its own or in another package
DATASETS: Registry[DatasetSpec] = Registry(
    "data set", "atmda.datasets", ("urbansound8k", "esc50", "fsd50k", "tau2019uas")
)

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetSpec",
    "audio_endings",
    "dataset_names",
    "labels_of",
    "load_dataset",
    "load_folder",
]


def dataset_names() -> list[str]:
    """Names of the data sets that `load_dataset` reads with their labels."""
    return sorted(DATASETS.names())


def labels_of(name: str) -> tuple[str, ...]:
    """Class names of the data set `name` in class-id order, known without the data; empty where they are not fixed."""
    spec = DATASETS.find(name)
    return spec.labels if spec else ()


def load_dataset(name: str, data_dir: Path, path: str | None = None) -> Dataset:
    """The data set `name` in `data_dir`/input/`name`, or the set of soundscapes made of it in `path`.

    `path`: a folder below `data_dir`/input or `data_dir`, or any folder; None (or "None") for the data set itself.
    A data set without a reader of its own is read as the folder it is, without labels.
    Raises AtmdaError where something is missing, with the command that fetches it.
    """
    from atmda.datasets import augmented

    workspace = Workspace(Path(data_dir))
    spec, folder = DATASETS.find(name), workspace.dataset(name)
    if path not in (None, "", "None"):
        folder = _find(str(path), workspace)
        if spec is None or not _is_official(folder, spec):
            return augmented.read(folder, spec or DatasetSpec(name, _unlabelled))
    if spec is not None:
        return spec.read(folder)
    if folder.is_dir():
        return _unlabelled(folder)
    known = ", ".join(dataset_names())
    raise AtmdaError(f"{folder} is missing.", f"Fetch it with: atmda fetch {name} (sets with a reader: {known})")


def _unlabelled(folder: Path) -> Dataset:
    """A data set without a reader of its own, as the folder it is."""
    return replace(load_folder(folder, recursive=True), name=folder.name)


def _find(path: str, workspace: Workspace) -> Path:
    choices = [workspace.inputs / path, workspace.data_dir / path, Path(path)]  # an absolute path stays what it is
    for choice in choices:
        if choice.is_dir():
            return choice
    raise AtmdaError(
        f"There is no folder {path} in {workspace.inputs}, in {workspace.data_dir} or here.",
        "Make it with: atmda augment",
    )


def _is_official(folder: Path, spec: DatasetSpec) -> bool:
    """Whether `folder` holds the data set itself rather than soundscapes made of it."""
    from atmda.datasets.augmented import MANIFEST

    if (folder / MANIFEST).is_file():
        return False
    return any((folder / marker).exists() for marker in spec.markers)
