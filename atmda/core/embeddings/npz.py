"""Embeddings, and class anchors, as NumPy archives of plain arrays; nothing in one is executed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.errors import AtmdaError, StoreError

#: columns of a table that an archive holds beside embeddings, clips, labels and folds
TEXTS, TIMES = ("backgrounds", "splits", "sources"), ("onsets", "offsets", "starts", "ends")
LABEL_SEPARATOR = ";"
_NO_ARCHIVE = "it is not a NumPy archive of plain arrays, or it is damaged."


def read_npz(path: Path) -> EmbeddingTable:
    """What `write_npz` wrote, or as much of it as there is. Raises StoreError."""
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
    if own := table.labels_by_clip():
        arrays["labels"] = np.asarray([LABEL_SEPARATOR.join(labels) for labels in own], str)
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
