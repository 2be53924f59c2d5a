"""Embeddings, and class anchors, as NumPy archives of plain arrays; nothing in one is executed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from atmda.core.embeddings.archive import Archive
from atmda.core.embeddings.table import EmbeddingTable, scorable
from atmda.core.files import publish
from atmda.core.types import FloatArray
from atmda.core.untrusted import identity_of, logit_scale_of, parsed_object
from atmda.errors import StoreError

#: columns of a table that an archive holds beside embeddings, clips, labels and folds
TEXTS, TIMES = ("backgrounds", "splits", "sources"), ("onsets", "offsets", "starts", "ends")
OTHERS = ("labels", "folds", "identity", "classes", "logit_scale", *TEXTS, *TIMES)
LABEL_SEPARATOR = ";"


def read_npz(path: Path) -> EmbeddingTable:
    """What `write_npz` wrote, or as much of it as there is. Raises StoreError."""
    archive = Archive.read(path, ("embeddings", "clips"), OTHERS)
    clips = archive.texts("clips")
    known: dict[str, Any] = {name: archive.texts(name) for name in TEXTS if name in archive}
    known |= {name: archive.seconds(name) for name in TIMES if name in archive}
    sets = [_separated(text) for text in archive.texts("labels")] if "labels" in archive else None
    identity, scale = f"{path}: its identity", f"{path}: its logit_scale"
    return EmbeddingTable(
        clips=clips,
        embeddings=archive.rows("embeddings"),
        labels=[labels[0] for labels in sets] if sets and all(len(labels) == 1 for labels in sets) else None,
        folds=archive.folds("folds", clips) if "folds" in archive else None,
        identity=identity_of(parsed_object(archive.text("identity"), identity), identity)
        if "identity" in archive
        else {},
        classes=tuple(archive.texts("classes")) if "classes" in archive else (),
        label_sets=sets,
        logit_scale=logit_scale_of(archive.number("logit_scale"), scale) if "logit_scale" in archive else None,
        **known,
    )


def _separated(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split(LABEL_SEPARATOR) if label.strip())


def read_text_anchors(path: Path) -> tuple[FloatArray, tuple[str, ...]]:
    """Class anchors from a `.npz`: `embeddings` (c, d) float32 and `labels` (c,) str. Raises StoreError."""
    archive = Archive.read(path, ("embeddings", "labels"))
    embeddings, labels = archive.rows("embeddings"), tuple(archive.texts("labels"))
    if len(embeddings) != len(labels):
        raise StoreError(f"{path}: embeddings {embeddings.shape} do not fit {len(labels)} labels.")
    bad = [label for label, fits in zip(labels, scorable(embeddings), strict=True) if not fits]
    if bad or not labels:
        which = f" (those of {', '.join(map(repr, bad[:10]))})" if bad else ""
        raise StoreError(f"{path}: its array embeddings is not rows of finite numbers{which}.", "Make them again.")
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
