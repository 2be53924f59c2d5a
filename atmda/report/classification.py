"""The result of `classify`: one JSON document, tables, and a folder of files to keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from atmda import __version__
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.evaluation.counts import confusion_matrix, wilson_interval
from atmda.core.evaluation.grid import GridResult
from atmda.core.files import publish
from atmda.core.types import IntArray
from atmda.settings.classify import ClassifySettings


def cell_name(result: GridResult) -> str:
    """A short name of one cell of the grid, as in `tgap audio 0.5`."""
    temperature = "" if result.temperature is None else f" {result.temperature:g}"
    return f"{result.mode} {result.modality}{temperature}"


def interval(result: GridResult, y: IntArray) -> tuple[float, float]:
    """95 % Wilson interval of the fraction of all clips labelled right."""
    return wilson_interval(int((result.predicted == y).sum()), len(y))


def as_document(
    settings: ClassifySettings,
    table: EmbeddingTable,
    classes: Sequence[str],
    y: IntArray,
    results: Sequence[GridResult],
) -> dict[str, Any]:
    """The one JSON document; accuracies are fractions, `interval` is at 95 % over all clips."""
    return {
        "results": [
            {
                "mode": result.mode,
                "modality": result.modality,
                "temperature": result.temperature,
                "accuracy": result.accuracy,
                "interval": list(interval(result, y)),
                "recall": dict(zip(classes, _recall(result, y, len(classes)), strict=True)),
                "folds": [{"fold": f.fold, "accuracy": f.accuracy, "n": f.n} for f in result.folds],
            }
            for result in results
        ],
        "embeddings": str(settings.embeddings),
        "clips": len(table),
        "classes": list(classes),
        "identity": table.identity,
        "bg_type": settings.bg_type,
        "bg_embeddings": None if settings.bg_embeddings is None else str(settings.bg_embeddings),
        "top_n": settings.top_n,
        "version": __version__,
    }


def summary_rows(results: Sequence[GridResult], y: IntArray) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table for people."""
    folds = [fold.fold for fold in results[0].folds]
    numbered = folds != [None]
    columns = ["mode", "modality", "temperature", "accuracy", "95 % interval"]
    columns += [f"fold {fold}" for fold in folds] if numbered else []
    rows = []
    for result in results:
        low, high = interval(result, y)
        temperature = "-" if result.temperature is None else f"{result.temperature:g}"
        row = [result.mode, result.modality, temperature, f"{result.accuracy:.2%}", f"{low:.1%} to {high:.1%}"]
        rows.append(row + ([f"{fold.accuracy:.1%}" for fold in result.folds] if numbered else []))
    return columns, rows


def save(
    folder: Path,
    document: dict[str, Any],
    table: EmbeddingTable,
    classes: Sequence[str],
    y: IntArray,
    results: Sequence[GridResult],
) -> None:
    """Write results.json, results.csv, predictions.csv and report.html into `folder`."""
    from atmda.report.html import page

    columns, rows = summary_rows(results, y)
    _write(folder / "results.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    _write(folder / "results.csv", _csv(columns, rows))
    names = [cell_name(result) for result in results]
    predictions = [
        [clip, "" if table.folds is None else int(table.folds[row]), classes[y[row]]]
        + [classes[result.predicted[row]] for result in results]
        for row, clip in enumerate(table.clips)
    ]
    _write(folder / "predictions.csv", _csv(["clip", "fold", "label", *names], predictions))
    matrices = [confusion_matrix(y, result.predicted, len(classes)) for result in results]
    _write(folder / "report.html", page(document, names, matrices))


def _recall(result: GridResult, y: IntArray, n_classes: int) -> list[float | None]:
    """By class the fraction of its clips labelled right; None for a class without clips."""
    matrix = confusion_matrix(y, result.predicted, n_classes)
    counts = matrix.sum(axis=1)
    return [float(right / n) if n else None for right, n in zip(np.diag(matrix), counts, strict=True)]


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    with publish(path) as temporary:
        temporary.write_text(text, "utf-8")
