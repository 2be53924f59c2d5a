"""The dictionary of embeddings that the method's original scripts read and wrote, without executing what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.embeddings.archive import damage_named
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import publish
from atmda.core.safe_pickle import as_array
from atmda.core.types import FloatArray

if TYPE_CHECKING:
    from atmda.core.torchfile import TorchFile

_NO_DICTIONARY = (
    "it is not the original scripts' dictionary of embeddings, "
    'that is {file name: {"class_gt": int, "embd": float32 (d,), "fold": int}}, or it is damaged.'
)


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


def read_original(path: Path) -> EmbeddingTable:
    """What the original scripts, or `write_original`, wrote. Raises StoreError, AtmdaError."""
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
