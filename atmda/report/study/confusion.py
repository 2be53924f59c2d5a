"""What classes are taken for, before and after adaptation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from atmda.core.text import printable
from atmda.core.types import IntArray
from atmda.report.classification import confusion
from atmda.report.study.chart import Figure, Matrix
from atmda.report.study.data import Confusion, Row, StudyData
from atmda.report.study.naming import differing, modality_words
from atmda.report.study.table import Table

if TYPE_CHECKING:
    from atmda.core.evaluation.results import GridResult
    from atmda.tasks.results import ClassifyResult


def confusion_of(title: str, result: ClassifyResult, cell: GridResult) -> Confusion | None:
    """That of an adapted cell of `result`; None where clips have several classes."""
    after = confusion(result, cell)
    if after is None:
        return None
    predicted = np.where(cell.split_of < 0, -1, cell.unadapted.argmax(axis=1))
    before = confusion(result, replace(cell, predicted=predicted))
    assert before is not None
    return Confusion(title, cell.modality, result.classes, before, after)


def confusion_figure(data: StudyData) -> Figure | None:
    """Two panels for each cell; None without any."""
    if not data.confusion:
        return None
    panels = [panel for found in data.confusion for panel in _panels(found)]
    rows = sorted((row for found in data.confusion for row in _rows(found)), key=lambda r: -abs(r["change"]))
    words = [c for c in ("cell", "modality") if c in differing(rows, ("cell", "modality"))]
    table = Table(
        "confusion",
        "What clips of each class are taken for, before and after adaptation; the largest changes first",
        {**dict.fromkeys((*words, "true_class", "taken_for"), "words"), "before": "count", "after": "count",
         "change": "number"},
        rows,
    )  # fmt: skip
    about = (
        "Rows are true classes, columns what they are taken for; the stronger the colour, the larger the share of the "
        "row's clips. Classes stand in the same order both ways, so that the diagonal is what is right."
    )
    return Figure("confusion", "Confusion before and after", about, panels, table)


def _panels(found: Confusion) -> Iterator[Matrix]:
    labels = [printable(label) for label in found.labels]
    yield Matrix(printable(f"{found.title}, not adapted"), labels, _shares(found.before))
    yield Matrix(printable(f"{found.title}, {modality_words(found.modality)}"), labels, _shares(found.after))


def _shares(counts: IntArray) -> np.typing.NDArray[np.float64]:
    return np.asarray(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)), np.float64)


def _rows(found: Confusion) -> list[Row]:
    """The pairs of classes that are there."""
    labels: Sequence[str] = found.labels
    return [
        {
            "cell": found.title, "modality": found.modality, "true_class": labels[i], "taken_for": labels[k],
            "before": int(found.before[i, k]), "after": int(found.after[i, k]),
            "change": int(found.after[i, k]) - int(found.before[i, k]),
        }
        for i, k in np.argwhere((found.before > 0) | (found.after > 0)).tolist()
    ]  # fmt: skip
