"""The metric against the signal-to-noise ratio, and against temperature."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from atmda.report.study.answer import Choice, averages, temperatures
from atmda.report.study.chart import Figure, Lines, Point, Series
from atmda.report.study.data import Row, StudyData
from atmda.report.study.naming import PLACE, by, differing, legend, modalities, modality_words, name, tone
from atmda.report.study.numbers import Unit, signed, temperature_words
from atmda.report.study.table import Table

_COLUMNS: dict[str, Unit] = {
    "dataset": "words", "encoder": "words", "templates": "words", "mode": "words", "modality": "words", "set": "words",
    "snr": "number", "value": "percent", "low": "percent", "high": "percent", "cells": "count",
}  # fmt: skip
_KEY = (*PLACE, "modality", "set", "snr")


def accuracy_figure(data: StudyData, choice: Choice | None) -> Figure | None:
    """A panel a data set, encoder and mode, a series a modality; None without cells."""
    wanted = [row for row in data.of_metric(data.cells) if row["value"] is not None]
    wanted = [row for row in wanted if row["modality"] == "none" or (choice is not None and choice.adapts(row))]
    rows = [_mean(rows) for rows in by([{**row, "set": _kind(row)} for row in wanted], _KEY).values()]
    if not rows:
        return None
    metric, among = data.metric.replace("_", " "), modalities(rows)
    places = _places(rows)
    columns = differing(rows, PLACE)
    ticks = [(x, signed(f"{at:g}") if isinstance(at, float) else at) for at, x in places.items()]
    apart = min((x for at, x in places.items() if isinstance(at, str)), default=float("inf"))
    panels = []
    for found in by(rows, PLACE).values():
        series = [
            Series(modality_words(m), tone(m, among), _points([r for r in found if r["modality"] == m], places))
            for m in modalities(found)
        ]
        panels.append(Lines(name(found[0], columns), series, "SNR, dB", metric, x_ticks=ticks, apart=apart))
    at = f"adapted at {choice.words}" if choice else "without adaptation"
    about = (
        f"{metric.capitalize()} at each signal-to-noise ratio, {at}; mean over scenes and seeds. Bars are 95 % "
        "intervals that resample whole recordings; over several sets of the same clips, the means of their bounds."
    )
    shown = {c: unit for c, unit in _COLUMNS.items() if c not in ("dataset", "encoder", "templates") or c in columns}
    table = Table("accuracy", f"{metric.capitalize()} by mode, modality and SNR, {at}", shown, rows)
    return Figure(
        "accuracy", f"{metric.capitalize()} against signal-to-noise ratio", about, panels, table, legend(among)
    )


def temperature_figure(data: StudyData) -> Figure | None:
    """Average gains by temperature, a series a modality; None where there are none."""
    rows = averages(data)
    fixed, among = temperatures(rows), modalities(row for row in rows if row.get("modality") is not None)
    if not fixed and not any(row.get("auto") for row in rows):
        return None
    auto = fixed[-1] + (fixed[-1] - fixed[0] or 1) / 3 if fixed else 1.0
    at = [{**row, "at": auto if row.get("auto") else row["temperature"]} for row in rows]
    series = []
    for m in among:
        points = [_gain(row) for row in at if row.get("modality") == m and row["at"] is not None]
        series.append(Series(modality_words(m), tone(m, among), sorted(points, key=lambda point: point.x)))
    overall = sorted((_gain(r) for r in at if r.get("modality") is None and r["at"] is not None), key=lambda p: p.x)
    if len(among) > 1:
        series.append(Series("all", 0, overall))
    ticks = [(t, f"{t:g}") for t in fixed]
    if any(row.get("auto") for row in rows):
        ticks.append((auto, "auto"))
    metric = data.metric.replace("_", " ")
    panel = Lines("Mean over all cells", series, "temperature", f"gain in {metric}, points", "points", x_ticks=ticks,
                  apart=auto)  # fmt: skip
    table = Table(
        "temperatures",
        f"Gains in {metric}, averaged over cells, by temperature and modality",
        {"modality": "words", "temperature": "words", "difference": "points", "low": "points", "high": "points",
         "p": "p", "p_holm": "p", "cells": "count", "better": "count"},
        [{**r, "modality": r.get("modality") or "all", "temperature": temperature_words(r)}
         for r in rows],
    )  # fmt: skip
    about = (
        "Gains over no adaptation, averaged over data sets, scenes, SNRs, encoders and modes, with 95 % intervals of "
        "the averages. Auto: each fold has the temperature that did best on the other folds."
    )
    shown = [*legend(among), *([(0, "all modalities")] if len(among) > 1 else [])]
    return Figure("temperatures", "Gain by temperature", about, [panel], table, shown)


def _gain(row: Row) -> Point:
    return Point(row["at"], row["difference"], row.get("low"), row.get("high"))


def _kind(row: Row) -> str:
    if row.get("snr") is not None:
        return "mixed"
    return "clean" if row.get("set") in ("clean", None) else "other"


def _at(row: Row) -> float | str:
    """The SNR of a row of the table, or the word that stands in its place."""
    return str(row["set"]) if row["snr"] is None else float(row["snr"])


def _mean(rows: Sequence[Row]) -> Row:
    found = {column: rows[0].get(column) for column in _KEY} | {"cells": len(rows)}
    for column in ("value", "low", "high"):
        values = [row.get(column) for row in rows]
        found[column] = None if None in values else fmean(v for v in values if v is not None)
    return found


def _places(rows: Sequence[Row]) -> dict[float | str, float]:
    """Where each SNR and word stands on the x axis: numbers by their value, words after them."""
    found = {_at(row) for row in rows}
    numbers = sorted(at for at in found if isinstance(at, float))
    step = max((numbers[-1] - numbers[0]) / 4, 1.0) if numbers else 1.0
    last = numbers[-1] if numbers else -step
    places: dict[float | str, float] = {number: number for number in numbers}
    for word in ("other", "clean"):
        if word in found:
            last += step
            places[word] = last
    return places


def _points(rows: Sequence[Row], places: dict[float | str, float]) -> list[Point]:
    found = [Point(places[_at(row)], row["value"], row["low"], row["high"]) for row in rows]
    return sorted(found, key=lambda point: point.x)
