"""The result of `classify`: one JSON document, tables, and a folder of files to keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda import __version__
from atmda.core.evaluation.counts import confusion_matrix
from atmda.core.evaluation.statistics.intervals import proportion_interval
from atmda.core.evaluation.statistics.resampling import numbered
from atmda.core.files import publish
from atmda.core.types import IntArray

if TYPE_CHECKING:
    from atmda.core.evaluation.results import FoldResult, GridResult
    from atmda.tasks.results import ClassifyResult


def cell_name(cell: GridResult) -> str:
    """A short name of one cell of the grid, as in `tgap audio 0.5`."""
    temperature = "" if cell.temperature is None else f" {_number(cell.temperature)}"
    return f"{cell.mode} {cell.modality}{temperature}"


def intervals(result: ClassifyResult) -> list[tuple[float, float] | None]:
    """For each cell the 95 % Wilson interval of the fraction of tested clips labelled right; None for several labels.

    Where clips were cut from known recordings they count for as many as are independent: see `proportion_interval`.
    """
    if result.y.ndim == 2:
        return [None] * len(result.cells)
    units = numbered(result.groups)[1] if result.groups is not None and interval_by(result) == "source" else None
    return [
        proportion_interval(
            np.asarray(cell.predicted[cell.tested] == result.y[cell.tested]),
            None if units is None else units[cell.tested],
        )
        for cell in result.cells
    ]


def interval_by(result: ClassifyResult) -> str:
    """What an interval takes as independent: a "source" recording where some clips share one, else a "clip"."""
    return "source" if result.groups is not None and len(set(result.groups)) < len(result.groups) else "clip"


def confusion(result: ClassifyResult, cell: GridResult) -> IntArray | None:
    """Counts (c, c), rows true classes; None where clips have several labels."""
    if result.y.ndim == 2:
        return None
    y = np.asarray(result.y[cell.tested], np.int64)
    return confusion_matrix(y, cell.predicted[cell.tested], len(result.classes))


def as_document(result: ClassifyResult) -> dict[str, Any]:
    """The one JSON document; accuracies are fractions, `interval` is at 95 % over all clips."""
    spans = intervals(result)
    return {
        "results": [_cell(result, cell, span) for cell, span in zip(result.cells, spans, strict=True)],
        "interval_by": interval_by(result),
        "clips": len(result.table),
        "classes": list(result.classes),
        "metrics": list(result.metrics),
        "identity": result.table.identity,
        **result.made_with,
        "version": __version__,
    }


def _cell(result: ClassifyResult, cell: GridResult, span: tuple[float, float] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"mode": cell.mode, "modality": cell.modality, "temperature": cell.temperature}
    found |= {name: _finite(cell.metric(name)) for name in result.metrics}
    if span is not None:
        found["interval"] = list(span)
    if (matrix := confusion(result, cell)) is not None:
        found["recall"] = dict(zip(result.classes, _recall(matrix), strict=True))
    return found | {"folds": [_fold(fold) for fold in cell.folds]}


def _fold(fold: FoldResult) -> dict[str, Any]:
    metrics = {name: _finite(value) for name, value in fold.metrics.items()}
    chosen = {"chosen": dict(fold.chosen)} if fold.chosen else {}
    return {"fold": fold.fold, **metrics, "n": fold.n, **chosen}


def summary_rows(result: ClassifyResult) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the table for people."""
    folds = [fold.fold for fold in result.cells[0].folds]
    numbered = folds != [None]
    main, *others = result.metrics
    columns = ["mode", "modality", "temperature", main, *(["95 % interval"] if main == "accuracy" else []), *others]
    columns += [f"fold {fold}" for fold in folds] if numbered else []
    rows = []
    for cell, span in zip(result.cells, intervals(result), strict=True):
        row = [cell.mode, cell.modality, _chosen(cell), f"{cell.metric(main):.2%}"]
        if main == "accuracy" and span is not None:
            row.append("{:.1%} to {:.1%}".format(*span))
        row += [_shown(name, cell.metric(name)) for name in others]
        rows.append(row + ([f"{fold.metrics[main]:.1%}" for fold in cell.folds] if numbered else []))
    return columns, rows


def save(folder: Path, result: ClassifyResult) -> None:
    """Write results.json, results.csv, predictions.csv and report.html into `folder`; tables hold numbers."""
    from atmda.report.page import classification_page

    document = as_document(result)
    _write(folder / "results.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    _write(folder / "results.csv", _csv(*_results_table(result)))
    _write(folder / "predictions.csv", _csv(*_predictions_table(result)))
    _write(folder / "report.html", classification_page(result, document))


def _results_table(result: ClassifyResult) -> tuple[list[str], list[list[Any]]]:
    folds = [f"fold_{fold.fold}" for fold in result.cells[0].folds if fold.fold is not None]
    columns = ["mode", "modality", "temperature", *result.metrics, "interval_low", "interval_high", "clips", *folds]
    rows = []
    for cell, span in zip(result.cells, intervals(result), strict=True):
        low, high = span or ("", "")
        temperature = "" if cell.temperature is None else cell.temperature
        row = [cell.mode, cell.modality, temperature, *(cell.metric(name) for name in result.metrics), low, high]
        rows.append([*row, len(cell.tested), *(f.metrics[result.metrics[0]] for f in cell.folds if folds)])
    return columns, rows


def _predictions_table(result: ClassifyResult) -> tuple[list[str], list[list[Any]]]:
    """One row a clip: of each cell the predicted class, its score and, where the scale is known, its probability."""
    columns = ["clip", "fold", "label"]
    parts: list[list[Any]] = [
        list(result.table.clips),
        [
            "" if result.folds is None else int(fold)
            for fold in (result.folds if result.folds is not None else result.y)
        ],
        [";".join(labels) for labels in result.labels],
    ]
    for cell in result.cells:
        name, predicted = cell_name(cell), cell.predicted
        rows = np.arange(len(predicted))
        columns += [name, f"{name} score"]
        parts += [[result.classes[c] if c >= 0 else "" for c in predicted.tolist()]]
        parts += [_rounded(cell.scores[rows, predicted])]
        if (probabilities := cell.probabilities()) is not None:
            columns.append(f"{name} probability")
            parts.append(_rounded(probabilities[rows, predicted]))
    return columns, [list(row) for row in zip(*parts, strict=True)]


def _rounded(values: Any) -> list[Any]:
    return [round(float(value), 6) if np.isfinite(value) else "" for value in values]


def _recall(matrix: IntArray) -> list[float | None]:
    """By class the fraction of its clips labelled right; None for a class without clips."""
    counts = matrix.sum(axis=1)
    return [float(right / n) if n else None for right, n in zip(np.diag(matrix), counts, strict=True)]


def _chosen(cell: GridResult) -> str:
    """The temperature; what was chosen fold by fold as a range."""
    if cell.temperature is None:
        return "-"
    if cell.temperature != "auto":
        return _number(cell.temperature)
    values = sorted(float(fold.chosen.get("temperature", 0.0)) for fold in cell.folds)
    return f"auto ({values[0]:g} to {values[-1]:g})"


def _shown(metric: str, value: float) -> str:
    return f"{value:.3f}" if metric in ("ece", "log_loss") else f"{value:.2%}"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    with publish(path) as temporary:
        temporary.write_text(text, "utf-8")
