"""Embeddings in one file: NumPy archives, and the dictionary that the method's original scripts read and wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.embeddings.store import read_store
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import publish
from atmda.core.safe_pickle import as_array
from atmda.core.types import FloatArray
from atmda.errors import AtmdaError, StoreError

if TYPE_CHECKING:
    from atmda.core.torchfile import TorchFile


#: columns of a table that an archive holds beside embeddings, clips, labels and folds
TEXTS, TIMES = ("backgrounds", "splits", "sources"), ("onsets", "offsets", "starts", "ends")
LABEL_SEPARATOR = ";"
_NO_ARCHIVE = "it is not a NumPy archive of plain arrays, or it is damaged."
_NO_DICTIONARY = (
    "it is not the original scripts' dictionary of embeddings, "
    'that is {file name: {"class_gt": int, "embd": float32 (d,), "fold": int}}, or it is damaged.'
)


def read_embeddings(path: Path, *, unusable: bool = False) -> EmbeddingTable:
    """Embeddings from a Parquet store or file, a `.npz` or an original `.pt`; nothing in them is executed.

    Raises StoreError where there is nothing, or something else, and, unless `unusable` rows are taken too, where an
    embedding holds values that are not numbers.
    """
    table = _read(path)
    if not unusable and (bad := table.unusable()):
        raise StoreError(f"{path}: the embedding of {bad[0]} holds values that are not numbers.", "Embed it again.")
    return table


def _read(path: Path) -> EmbeddingTable:
    if not path.exists():
        raise StoreError(f"{path}: there is no such file or folder.", "Make embeddings with atmda embed.")
    reader = READERS.get(STORE if path.is_dir() else path.suffix)
    if reader is None:
        raise StoreError(f"{path}: embeddings are a Parquet store, a .npz or a .pt file.")
    return reader(path)


def read_text_anchors(path: Path) -> tuple[FloatArray, tuple[str, ...]]:
    """Class anchors from a `.npz`: `embeddings` (c, d) float32 and `labels` (c,) str. Raises StoreError."""
    with damage_named(path, _NO_ARCHIVE):
        arrays = load_npz(path, ("embeddings", "labels"))
        embeddings = np.asarray(arrays["embeddings"], np.float32)
        labels = tuple(map(str, arrays["labels"]))
    if embeddings.ndim != 2 or len(embeddings) != len(labels):
        raise StoreError(f"{path}: embeddings {embeddings.shape} do not fit {len(labels)} labels.")
    return embeddings, labels


def write_npz(table: EmbeddingTable, path: Path) -> None:
    """`embeddings (n, d) float32`, `clips (n,) str`, the other columns where known, and what made them.

    Where clips have several labels or none, `labels` holds them separated by ";", as annotation tables write them.
    """
    arrays: dict[str, Any] = {"embeddings": table.embeddings, "clips": np.asarray(table.clips, str)}
    if table.label_sets is not None:
        arrays["labels"] = np.asarray([LABEL_SEPARATOR.join(labels) for labels in table.label_sets], str)
    if table.folds is not None:
        arrays["folds"] = np.asarray(table.folds, np.int64)
    for name in (*TEXTS, *TIMES):
        if (column := getattr(table, name)) is not None:
            arrays[name] = np.asarray(column, str if name in TEXTS else np.float64)
    if table.logit_scale is not None:
        arrays["logit_scale"] = np.asarray(table.logit_scale)
    arrays["identity"] = np.asarray(json.dumps(table.identity, sort_keys=True))
    arrays["classes"] = np.asarray(table.classes, str)
    with publish(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def write_original(table: EmbeddingTable, path: Path) -> None:
    """The original scripts' dictionary: {file name: {"class_gt": int, "embd": float32 (d,), "fold": int}}."""
    import torch

    ids = {label: index for index, label in enumerate(table.classes or sorted(set(table.labels or ())))}
    content: dict[str, dict[str, Any]] = {}
    for index, clip in enumerate(table.clips):
        entry: dict[str, Any] = {"embd": torch.from_numpy(table.embeddings[index].copy())}
        if table.labels is not None:
            entry["class_gt"] = ids[table.labels[index]]
        if table.folds is not None:
            entry["fold"] = int(table.folds[index])
        content[clip] = entry
    with publish(path) as temporary:
        torch.save(content, temporary)


@contextmanager
def damage_named(path: Path, what: str) -> Iterator[None]:
    """Whatever reading `path` raises (a damaged file: nearly anything) becomes a StoreError that says `what`."""
    try:
        yield
    except AtmdaError:
        raise
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    except Exception as error:
        raise StoreError(f"{path}: {what}") from error


def _read_npz(path: Path) -> EmbeddingTable:
    with damage_named(path, _NO_ARCHIVE):
        arrays = load_npz(path, ("embeddings", "clips"))
        known: dict[str, Any] = {name: list(map(str, arrays[name])) for name in TEXTS if name in arrays}
        known |= {name: np.asarray(arrays[name], np.float64) for name in TIMES if name in arrays}
        sets = [_separated(text) for text in arrays["labels"]] if "labels" in arrays else None
        return EmbeddingTable(
            clips=list(map(str, arrays["clips"])),
            embeddings=np.asarray(arrays["embeddings"], np.float32),
            labels=[labels[0] for labels in sets] if sets and all(len(labels) == 1 for labels in sets) else None,
            folds=np.asarray(arrays["folds"], np.int64) if "folds" in arrays else None,
            identity=json.loads(str(arrays["identity"])) if "identity" in arrays else {},
            classes=tuple(map(str, arrays["classes"])) if "classes" in arrays else (),
            label_sets=sets,
            logit_scale=float(arrays["logit_scale"]) if "logit_scale" in arrays else None,
            **known,
        )


def _separated(text: Any) -> tuple[str, ...]:
    return tuple(label.strip() for label in str(text).split(LABEL_SEPARATOR) if label.strip())


def load_npz(path: Path, needed: Sequence[str]) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise StoreError(f"{path}: it has no array {', '.join(missing)}; it needs {', '.join(needed)}.")
    return arrays


def _read_original(path: Path) -> EmbeddingTable:
    from atmda.core.torchfile import TorchFile

    with TorchFile(path) as file, damage_named(path, _NO_DICTIONARY):
        items = list(file.value.items())
        embeddings = np.stack([_vector(file, entry["embd"], clip) for clip, entry in items])
        clips = [str(clip) for clip, _ in items]
        ids, folds = (
            [int(as_array(entry[key])) for _, entry in items] if all(key in entry for _, entry in items) else None
            for key in ("class_gt", "fold")
        )
        labels = None if ids is None else [str(number) for number in ids]
        return EmbeddingTable(clips, embeddings, labels, None if folds is None else np.asarray(folds, np.int64))


def _vector(file: TorchFile, value: Any, clip: str) -> FloatArray:
    """One embedding, saved as a NumPy array or as a tensor: float32 (d,)."""
    from atmda.core.torchfile import stored

    place = stored(value)
    array = as_array(value) if place is None else file.read(place, clip).numpy()
    return np.asarray(array, np.float32).reshape(-1)


STORE = "folder"
#: how embeddings are read, by what they are in: a folder, or a file with this ending
READERS: Mapping[str, Callable[[Path], EmbeddingTable]] = {
    STORE: read_store,
    ".parquet": read_store,
    ".npz": _read_npz,
    ".pt": _read_original,
    ".pth": _read_original,
}
