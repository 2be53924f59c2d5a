"""What adaptation changes by class, by test fold and by group of clips, at the temperature of the report."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from atmda.report.study.answer import Choice
from atmda.report.study.chart import Figure, Span, Spans
from atmda.report.study.data import Row, StudyData
from atmda.report.study.naming import by, differing, legend, modalities, modality_words, name, tone
from atmda.report.study.numbers import Unit
from atmda.report.study.table import Table


def class_figure(data: StudyData, choice: Choice | None) -> Figure | None:
    """Changes by class."""
    heading = "Changes by class"
    return _figure("classes", heading, "class", _wanted(data.by_class, choice), ("dataset", "label"), choice)


def fold_figure(data: StudyData, choice: Choice | None) -> Figure | None:
    """Changes by test fold; None where there is only one."""
    rows = [r for r in _wanted(data.of_metric(data.by_fold), choice) if r.get("fold") is not None]
    return _figure("folds", "Changes by test fold", "fold", rows, ("dataset", "fold"), choice)


def group_figure(data: StudyData, choice: Choice | None) -> Figure | None:
    """Changes by groups of clips."""
    rows = _wanted(data.by_group, choice)
    return _figure("groups", "Changes by group", "group", rows, ("dataset", "group", "word"), choice)


def _wanted(rows: Sequence[Row], choice: Choice | None) -> list[Row]:
    return [r for r in rows if choice and choice.adapts(r) and r.get("difference") is not None]


def _figure(
    file: str, heading: str, what: str, rows: Sequence[Row], key: Sequence[str], choice: Choice | None
) -> Figure | None:
    if not rows or choice is None:
        return None
    metric = str(rows[0]["metric"]).replace("_", " ")
    found = [_mean(rows, key) for rows in by(rows, (*key, "modality")).values()]
    if file != "folds":  # they have an order of their own
        found.sort(key=lambda row: -row["difference"])
    label = differing(found, key) or key[-1:]
    among = modalities(found)
    values = [0.0, *(row[column] for row in found for column in ("lowest", "highest"))]
    panels = [
        Spans(modality_words(m), [_span(row, label, tone(m, among)) for row in found if row["modality"] == m],
              f"gain in {metric}, points", (min(values), max(values)))
        for m in among
    ]  # fmt: skip
    about = (
        f"Mean change of {metric} by {what} at {choice.words}, over all cells; the lines are no intervals, but reach "
        "from the lowest to the highest of the cells. Filled marks: all cells agree in the direction."
    )
    columns: dict[str, Unit] = {
        **dict.fromkeys(key, "words"), "modality": "words", "value": "percent", "difference": "points",
        "lowest": "points", "highest": "points", "cells": "count", "n": "count",
    }  # fmt: skip
    if len({row["dataset"] for row in found}) == 1:
        columns.pop("dataset")
    return Figure(file, heading, about, panels, Table(file, f"{heading} at {choice.words}", columns, found),
                  legend(among))  # fmt: skip


def _mean(rows: Sequence[Row], key: Sequence[str]) -> Row:
    changes = [row["difference"] for row in rows]
    return {
        **{column: rows[0].get(column) for column in (*key, "modality")},
        "value": fmean(row["value"] for row in rows),
        "difference": fmean(changes),
        "lowest": min(changes),
        "highest": max(changes),
        "cells": len(rows),
        "n": rows[0].get("n"),
    }


def _span(row: Row, label: Sequence[str], tone: int) -> Span:
    agree = row["lowest"] > 0 or row["highest"] < 0
    return Span(name(row, label), row["difference"], row["lowest"], row["highest"], agree, tone)
