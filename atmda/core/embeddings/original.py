"""The dictionary of embeddings that the method's original scripts read and wrote, without executing what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from atmda.core.embeddings.archive import damage_named
from atmda.core.embeddings.original_entry import Entry
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.errors import StoreError

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
    """What the original scripts, or `write_original`, wrote; classes may be names, numbers tensors of any kind.

    Clips without `class_gt` have no label. Raises StoreError, AtmdaError, which name the clip that is not as it should.
    """
    from atmda.core.torchfile import TorchFile

    with TorchFile(path) as file, damage_named(path, _NO_DICTIONARY):
        if not isinstance(file.value, dict) or not file.value:
            raise StoreError(f"{path}: {_NO_DICTIONARY}")
        clips: list[str] = []
        rows: list[FloatArray] = []
        labels: list[tuple[str, ...]] = []
        folds: list[object] = []
        for name, entry in file.value.items():
            try:
                clip = Entry(file, str(name) if isinstance(name, str | int) else "", entry)
                clips.append(clip.name)
                rows.append(clip.embedding())
                labels.append(clip.labels())
                folds += clip.fold()
                if len(rows[-1]) != len(rows[0]):
                    raise ValueError(f"its embedding has {len(rows[-1])} numbers, that of {clips[0]} {len(rows[0])}")
            except ValueError as error:
                raise StoreError(f"{path}: the entry of {str(name)!r:.80}: {error}.") from error
        if folds and len(folds) < len(clips):
            raise StoreError(f"{path}: {len(clips) - len(folds)} of {len(clips)} clips have no fold.")
        one = all(len(own) == 1 for own in labels)
        return EmbeddingTable(
            clips,
            np.stack(rows),
            [own[0] for own in labels] if one else None,
            np.asarray(folds, np.int64) if folds else None,
            label_sets=labels if any(labels) and not one else None,
        )
