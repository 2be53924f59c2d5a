"""The gain of every cell, and the rivals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atmda.report.study.answer import sure
from atmda.report.study.chart import Figure, Span, Spans
from atmda.report.study.data import Row, StudyData
from atmda.report.study.naming import (
    PLACE,
    SET,
    by,
    differing,
    legend,
    modalities,
    modality_words,
    name,
    set_name,
    temperature_of,
    tone,
)
from atmda.report.study.numbers import Unit, temperature_words
from atmda.report.study.table import Table

_GAINS: dict[str, Unit] = {
    "dataset": "words", "encoder": "words", "templates": "words", "set": "words", "scene": "words",
    "snr": "number", "seed": "count", "mode": "words", "modality": "words",
    "temperature": "words", "before": "percent", "after": "percent", "difference": "points", "low": "points",
    "high": "points", "p": "p", "p_holm": "p", "gained": "count", "lost": "count", "cohen_h": "number",
    "odds_ratio": "number", "clips_needed": "count", "sources_needed": "count",
}  # fmt: skip
_RIVALS: dict[str, Unit] = {
    "dataset": "words", "method": "words", "modality": "words", "temperature": "words", "value": "percent",
    "low": "percent", "high": "percent", "difference": "points", "difference_low": "points",
    "difference_high": "points", "p": "p", "p_holm": "p", "source": "words",
}  # fmt: skip


def gains_figure(data: StudyData) -> Figure | None:
    """A panel a mode and modality, a row a set of clips and temperature; None where nothing is adapted."""
    rows = [row for row in data.of_metric(data.gains) if row["difference"] is not None]
    if not rows:
        return None
    among, metric = modalities(rows), data.metric.replace("_", " ")
    label = differing(rows, SET)
    bounds = _bounds(rows)
    panels = [
        Spans(
            f"{mode}, {modality_words(str(modality))}",
            [_span(row, label, tone(str(modality), among)) for row in found],
            f"gain in {metric}, points",
            bounds,
        )
        for (mode, modality), found in by(rows, ("mode", "modality")).items()
    ]
    about = (
        f"Gain in {metric} over the same mode without adaptation, of every cell, with its 95 % interval (whole "
        "recordings resampled). Filled marks: the interval leaves out 0, and p with Holm's correction over all cells "
        "is below 0.05."
    )
    if any(row.get("cannot_change") for row in rows):
        about += f" Where one background vector serves all clips, {metric} cannot change, and no interval is drawn."
    told = [{**row, "temperature": temperature_words(row)} for row in rows]
    table = Table("gains", f"Gain in {metric} of every cell", _used(_GAINS, told), told)
    return Figure("gains", "Gains of all cells", about, panels, table, legend(among))


def rivals_figure(data: StudyData) -> Figure | None:
    """The methods beside each other, a panel a data set; None without any."""
    rows = [row for row in data.of_metric(data.rivals) if row["value"] is not None]
    if not rows:
        return None
    metric, among = data.metric.replace("_", " "), modalities(rows)
    values = [v for row in rows for v in (row["value"], row.get("low"), row.get("high")) if v is not None]
    panels = [
        Spans(name(found[0], differing(rows, ("dataset",)), "All methods"), [_rival(row, among) for row in found],
              metric, (min(values), max(values)), "percent")
        for found in by(rows, ("dataset",)).values()
    ]  # fmt: skip
    about = (
        f"{metric.capitalize()} of each method on the same embeddings, best first, with 95 % intervals; filled marks "
        "differ from the method they are compared with (p with Holm's correction below 0.05). Whether two methods "
        "differ is told by the paired difference and not by whether their intervals meet."
    )
    order = sorted(rows, key=lambda row: (str(row.get("dataset")), -row["value"]))
    table = Table("rivals", f"{metric.capitalize()} of each method", _used(_RIVALS, order), order)
    panels = [Spans(p.title, sorted(p.spans, key=lambda s: -s.value), p.x_name, p.bounds, p.unit) for p in panels]
    return Figure("rivals", "Rivals", about, panels, table, legend(among))


def _span(row: Row, label: Sequence[str], tone: int) -> Span:
    words = f"{set_name(row, label)} {temperature_of(row)}".strip()
    return Span(words, row["difference"], row.get("low"), row.get("high"), sure(row), tone)


def _rival(row: Row, among: Sequence[str]) -> Span:
    told = {"low": row.get("difference_low"), "high": row.get("difference_high")}
    shown = name(row, ("method", *(() if row["modality"] == "none" else ("modality",))))
    return Span(shown, row["value"], row.get("low"), row.get("high"), sure({**row, **told}),
                tone(str(row["modality"]), among))  # fmt: skip


def _bounds(rows: Sequence[Row]) -> tuple[float, float]:
    values = [0.0, *(v for row in rows for v in (row["difference"], row.get("low"), row.get("high")) if v is not None)]
    return min(values), max(values)


def _used(columns: dict[str, Unit], rows: Sequence[Any]) -> dict[str, Unit]:
    """Those columns that some row has, and of the places those that tell rows apart."""
    alike = set(PLACE) - set(differing(rows, PLACE)) - {"mode"}
    has = {c for c in columns if any(row.get(c) is not None for row in rows)}
    return {c: unit for c, unit in columns.items() if c in has - alike}
