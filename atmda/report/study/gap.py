"""The gap between recordings and sentences, before and after each correction."""

from __future__ import annotations

from collections.abc import Sequence

from atmda.report.study.chart import Figure, Lines, Point, Series
from atmda.report.study.data import Row, StudyData
from atmda.report.study.naming import N_TONES, by, differing, name
from atmda.report.study.numbers import Unit
from atmda.report.study.table import Table, raw

PLACE = ("dataset", "encoder", "set")
#: dots that a panel shows; more only cover each other, and make the page large
MOST_POINTS = 500
_COLUMNS: dict[str, Unit] = {
    "correction": "words", "distance": "number", "alignment": "number", "uniformity_audio": "number",
    "uniformity_text": "number", "separability": "number", "separability_accuracy": "percent", "accuracy": "percent",
}  # fmt: skip


def gap_figures(data: StudyData) -> list[Figure]:
    """Accuracy against the distance; along the gap; recordings and sentences in two dimensions. What there is of it."""
    found = [_corrections(data.gap), _steps(data.gap_steps), _pictures(data.gap_points)]
    return [figure for figure in found if figure is not None]


def _corrections(rows: Sequence[Row]) -> Figure | None:
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["correction"]) for row in rows))
    tones = {n: min(i, N_TONES - 1) for i, n in enumerate(names)}
    columns = differing(rows, PLACE)
    series = [
        Series(n, tones[n], [Point(r["distance"], r["accuracy"]) for r in rows if r["correction"] == n], joined=False)
        for n in names
    ]
    about = (
        "Each mark is a set of clips after a correction: the distance between the centroids of recordings and "
        "sentences, and the accuracy reached there. If closing the gap is what helps, marks further left lie higher."
    )
    units: dict[str, Unit] = {**dict.fromkeys(columns, "words"), **_COLUMNS}
    table = Table("gap", "The modality gap after each correction", units, rows)
    panel = Lines("All corrections", series, "distance of the centroids", "accuracy")
    shown = [(tones[n], n) for n in names[: N_TONES - 1]]
    if len(names) >= N_TONES:
        shown.append((N_TONES - 1, names[-1] if len(names) == N_TONES else "others"))
    return Figure("gap", "The modality gap", about, [panel], table, shown)


def _steps(rows: Sequence[Row]) -> Figure | None:
    if not rows:
        return None
    columns = differing(rows, PLACE)
    panels = [
        Lines(
            name(found[0], columns, "All clips"),
            [Series("accuracy", 1, sorted((Point(r["part"], r["accuracy"]) for r in found), key=lambda p: p.x))],
            "part of the gap that is closed",
            "accuracy",
            x_unit="percent",
        )
        for found in by(rows, PLACE).values()
    ]
    about = (
        "Recordings are moved part of the way from their centroid to that of the sentences; no gap is left at 100 %."
    )
    units: dict[str, Unit] = {"part": "percent", "distance": "number", "accuracy": "percent"}
    table = Table("gap_steps", "Accuracy along the gap", {**dict.fromkeys(columns, "words"), **units}, rows)
    return Figure("gap_steps", "Accuracy along the gap", about, panels, table)


def _pictures(rows: Sequence[Row]) -> Figure | None:
    if not rows:
        return None
    columns = differing(rows, PLACE)
    panels = []
    for found in by(rows, (*PLACE, "correction")).values():
        series = [
            Series(word, tone, _points([r for r in found if r["kind"] == kind]), joined=False)
            for kind, word, tone in (("audio", "recordings", 2), ("text", "sentences", 1))
        ]
        panels.append(Lines(name(found[0], (*columns, "correction")), series, "", "", "number", bare=True))
    about = (
        "Embeddings of recordings and sentences, at unit length, on the two axes along which they differ most. "
        f"Of more than {MOST_POINTS} recordings some are drawn."
    )
    table = Table("gap_points", "Embeddings in two dimensions", raw("", rows).columns, rows)
    return Figure("gap_points", "Recordings and sentences", about, panels, table, [(2, "recordings"), (1, "sentences")])


def _points(rows: Sequence[Row]) -> list[Point]:
    """Of many every second, third, ...: what comes in order of its classes is drawn of all of them."""
    step = -(-len(rows) // MOST_POINTS) or 1
    return [Point(row["x"], row["y"]) for row in rows[::step]]
