"""The first two sentences of the report: does adaptation help, by how much, how sure, at what temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from atmda.report.study.data import Row, StudyData
from atmda.report.study.numbers import p_value, points, temperature_words

LEVEL = 0.05


@dataclass(frozen=True)
class Choice:
    """The temperature that the report is about, `row` its average gain, of `among` fixed ones that were compared."""

    temperature: float | None
    auto: bool
    row: Row
    among: int

    @property
    def words(self) -> str:
        """As in "temperature 0.5"."""
        if self.auto:
            return "temperatures chosen on training folds"
        return "a temperature that is not told" if self.temperature is None else f"temperature {self.temperature:g}"

    def takes(self, row: Row) -> bool:
        """Whether a row about a cell is at this temperature, or without adaptation."""
        return row["modality"] == "none" or self.adapts(row)

    def adapts(self, row: Row) -> bool:
        """Whether a row about a cell is adapted at this temperature."""
        return row["modality"] != "none" and _temperature(row) == (self.temperature, self.auto)


def averages(data: StudyData) -> list[Row]:
    """The gains averaged over cells; where none are given, made from the gains, without intervals and tests."""
    if given := data.of_metric(data.averages):
        return given
    gains = [row for row in data.of_metric(data.gains) if row["difference"] is not None]
    groups: dict[tuple[Any, ...], list[float]] = {}
    for row in gains:
        for modality in (None, row["modality"]):
            groups.setdefault((modality, *_temperature(row)), []).append(row["difference"])
    return [
        {
            "modality": modality, "temperature": temperature, "auto": auto, "metric": data.metric,
            "difference": sum(found) / len(found), "cells": len(found), "better": sum(value > 0 for value in found),
        }
        for (modality, temperature, auto), found in groups.items()
    ]  # fmt: skip


def choose(data: StudyData) -> Choice | None:
    """What was chosen on training folds, for nothing was searched there; else the best of the fixed temperatures.

    None where nothing is adapted.
    """
    rows = [row for row in averages(data) if row.get("modality") is None]
    fixed = [row for row in rows if not row.get("auto")]
    chosen = [row for row in rows if row.get("auto")]
    if not rows:
        return None
    row = chosen[0] if chosen else max(fixed, key=lambda row: (row["difference"], -(row["temperature"] or 0)))
    return Choice(*_temperature(row), row, len(fixed))


def answer(data: StudyData, choice: Choice | None) -> tuple[str, str]:
    """Two sentences."""
    if choice is None:
        return (
            "Whether adaptation helps is not told by this study.",
            "It holds no result with adaptation to compare with one without, of the same clips and mode.",
        )
    return _verdict(data, choice.row), _temperature_told(data, choice)


def sure(row: Row) -> bool:
    """Whether a gain is one, or a loss: its interval leaves out 0, and p, corrected where that is known, is small."""
    low, high, p = row.get("low"), row.get("high"), row.get("p_holm", row.get("p"))
    if low is None or high is None:
        return False
    return not low <= 0 <= high and (p is None or p < LEVEL)


def _verdict(data: StudyData, row: Row) -> str:
    gain, cells = row["difference"], row["cells"]
    over = "one comparison" if cells == 1 else f"{cells:,} comparisons, on average"
    size = f"{100 * abs(gain):.1f}"
    way = "stays as it is" if float(size) == 0 else f"{'rises' if gain > 0 else 'falls'} by {size} points"
    told = f"{data.metric.replace('_', ' ')} {way} over {over}"
    if row.get("low") is None:
        return f"How sure it is that adaptation {'helps' if gain > 0 else 'does not help'} is not known: {told}."
    told += f" (95 % interval {points(row['low'])} to {points(row['high'])})"
    if not sure(row):
        return f"Whether adaptation helps cannot be told from these clips: {told}."
    return f"Adaptation {'helps' if gain > 0 else 'harms'}: {told}."


def _temperature_told(data: StudyData, choice: Choice) -> str:
    row = choice.row
    p = row.get("p_holm", row.get("p"))
    better = f"{row['better']:,} of {row['cells']:,} comparisons are better"
    told = f"{better}, {p_value(p)}" if p is not None else better
    if p is not None and row.get("p_holm") is not None and choice.among + choice.auto > 1:
        told += f" with Holm's correction for the {choice.among + choice.auto} temperatures compared"
    if choice.auto:
        return f"This is at temperatures chosen on training folds{_span(data)}: {told}{_best_fixed(data)}."
    if choice.among > 1:
        at = f"{choice.words}, the best of {choice.among} on these same clips, which flatters it a little"
    else:
        at = f"{choice.words}, the only one tried"
    return f"This is at {at}: {told}."


def _span(data: StudyData) -> str:
    rows = data.of_metric(data.hindsight)
    if not rows:
        return ""
    low, high = min(row["lowest"] for row in rows), max(row["highest"] for row in rows)
    return f" ({low:g})" if low == high else f" ({low:g} to {high:g})"


def _best_fixed(data: StudyData) -> str:
    fixed = [row for row in averages(data) if row.get("modality") is None and not row.get("auto")]
    if not fixed:
        return ""
    best = max(fixed, key=lambda row: row["difference"])
    return f"; the best fixed one in hindsight, {temperature_words(best)}, gives {points(best['difference'])} points"


def _temperature(row: Row) -> tuple[float | None, bool]:
    auto = bool(row.get("auto"))
    return (None if auto else row.get("temperature")), auto


def temperatures(rows: Sequence[Row]) -> list[float]:
    """The fixed temperatures in `rows`."""
    return sorted({row["temperature"] for row in rows if not row.get("auto") and row.get("temperature") is not None})
