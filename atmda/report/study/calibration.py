"""How confidence and being right go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atmda.report.study.answer import Choice
from atmda.report.study.chart import Figure, Lines, Point, Series
from atmda.report.study.data import Row, StudyData
from atmda.report.study.naming import PLACE, by, differing, legend, modalities, modality_words, name, tone
from atmda.report.study.table import Table


def reliability_figure(data: StudyData, choice: Choice | None) -> Figure | None:
    """A panel a data set, encoder and mode, a series a modality; None where probabilities are not known."""
    wanted = [r for r in data.reliability if r["modality"] == "none" or (choice is not None and choice.adapts(r))]
    rows = [_together(found) for found in by(wanted, (*PLACE, "modality", "from", "to")).values()]
    errors = {key: _error(found) for key, found in by(rows, (*PLACE, "modality")).items()}
    rows = [{**r, "ece": errors[tuple(r.get(c) for c in (*PLACE, "modality"))]} for r in rows if r["n"]]
    if not rows:
        return None
    among, columns = modalities(rows), differing(rows, PLACE)
    panels = [
        Lines(
            name(found[0], columns),
            [_series(m, [r for r in found if r["modality"] == m], among) for m in modalities(found)],
            "confidence",
            "accuracy",
            x_unit="percent",
            square=True,
            note=_errors(found),
        )
        for found in by(rows, PLACE).values()
    ]
    at = f" at {choice.words}" if choice else ""
    about = (
        f"Accuracy of the clips in each bin of confidence, clips of all cells{at} together. On the dashed line "
        "confidence is right; below it, too high. ECE: how far they lie apart on average (expected calibration error)."
    )
    table = Table(
        "reliability",
        f"Confidence and accuracy by bin{at}",
        {**dict.fromkeys((*columns, "modality"), "words"), "from": "percent", "to": "percent", "n": "count",
         "confidence": "percent", "accuracy": "percent", "ece": "percent"},
        rows,
    )  # fmt: skip
    return Figure("reliability", "Reliability", about, panels, table, legend(among))


def _series(modality: str, rows: Sequence[Row], among: Sequence[str]) -> Series:
    points = [Point(row["confidence"], row["accuracy"]) for row in rows]
    return Series(modality_words(modality), tone(modality, among), points)


def _errors(rows: Sequence[Row]) -> str:
    errors = {str(row["modality"]): row["ece"] for row in rows}
    return "ECE " + ", ".join(f"{errors[m]:.3f} {modality_words(m)}" for m in modalities(rows))


def _together(rows: Sequence[Row]) -> dict[str, Any]:
    """One bin of several cells; each clip counts alike."""
    n = sum(row["n"] for row in rows)
    found = {**{c: rows[0].get(c) for c in (*PLACE, "modality", "from", "to")}, "n": n}
    for column in ("confidence", "accuracy"):
        total = sum(row["n"] * row[column] for row in rows if row["n"])
        found[column] = total / n if n else None
    found["gap"] = sum(row["n"] * abs(row["confidence"] - row["accuracy"]) for row in rows if row["n"])
    return found


def _error(bins: Sequence[Row]) -> float:
    """The cells' calibration errors, weighted by their clips."""
    return float(sum(row["gap"] for row in bins) / max(1, sum(row["n"] for row in bins)))
