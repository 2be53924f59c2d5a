"""From counts by the hour to what the page draws: a field of rows and columns for each label, and a table of it all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from atmda.report.formats.comma_separated import guarded
from atmda.report.html import data_uri
from atmda.report.listening.hours import Bins, Heard

DAY = 24
#: more rows than that become weeks, then months
MOST_ROWS = 62
MOST_FIELDS = 12
#: shares of the recorded time from which a cell is one shade darker; sounds are short
STEPS = (0.0, 0.001, 0.01, 0.1, 0.5)

Place: TypeAlias = tuple[int, int]  # row and column


@dataclass(frozen=True)
class Axes:
    """What rows and columns are.

    Attributes:
        row_name, rows: what a row is, and each one's words. column_name, columns: the same of columns.
        place: from a number of `Bins` to its row and column.
    """

    row_name: str
    rows: Sequence[str]
    column_name: str
    columns: Sequence[str]
    place: Callable[[int], Place]

    @property
    def row_ticks(self) -> list[tuple[int, str]]:
        """Numbers and words of the rows that are named beside the picture, from 0."""
        return list(enumerate(self.rows))[:: -(-len(self.rows) // 6)]

    @property
    def column_ticks(self) -> list[tuple[float, str]]:
        """Where the columns that are named below the picture begin, as fractions of its width, and their words."""
        count = len(self.columns)
        step = next(step for step in (1, 2, 6, 10, 15, 24, 120, count) if count / step <= 6)
        return [(i / count, self.columns[i]) for i in range(0, count, step)]


@dataclass(frozen=True)
class Field:
    """One label over time.

    Attributes:
        paths: an SVG path of the cells of each shade, from light to dark, in units of a cell.
        minutes: of each row and column the minutes in which it is heard, None where nothing was recorded.
    """

    label: str
    detections: int
    seconds: float
    paths: tuple[str, ...]
    minutes: Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Timeline:
    """All labels over time.

    Attributes:
        axes: its rows and columns. recorded: an SVG path of the cells in which something was recorded.
        fields: the labels that are heard longest, at most `MOST_FIELDS`. left_out: how many others are heard.
        csv_uri: all of it, of all labels, as a data URI.
    """

    axes: Axes
    recorded: str
    fields: Sequence[Field]
    left_out: int
    csv_uri: str


def timeline(bins: Bins, labels: Sequence[str], clock: bool) -> Timeline | None:
    """`bins`: by hours of the clock, or (`clock` False) by minutes from the start of each recording.

    None where there are none, or only one, as of recordings below a minute: it would say no more than the totals.
    """
    if not bins.recorded and not bins.heard:
        return None
    if not clock and _last(bins) >= 60:
        bins = bins.coarser(3600)
    axes = _days(bins) if clock else _from_start(bins)
    if len(axes.rows) * len(axes.columns) == 1:
        return None
    recorded: dict[Place, float] = {}
    heard: dict[int, dict[Place, Heard]] = {}
    for number, seconds in bins.recorded.items():
        place = axes.place(number)
        recorded[place] = recorded.get(place, 0.0) + seconds
    for number, by_label in bins.heard.items():
        for label, more in by_label.items():
            sum_ = heard.setdefault(label, {}).setdefault(axes.place(number), Heard())
            sum_.detections += more.detections
            sum_.seconds += more.seconds
    order = sorted(heard, key=lambda label: (-sum(cell.seconds for cell in heard[label].values()), label))
    fields = [_field(labels[label], heard[label], recorded, axes) for label in order[:MOST_FIELDS]]
    table = _csv(axes, labels, recorded, heard, order)
    return Timeline(axes, _path(recorded), fields, len(order) - len(fields), table)


def _last(bins: Bins) -> int:
    return max([*bins.recorded, *bins.heard])


def _from_start(bins: Bins) -> Axes:
    """Minutes in one row, or rows of 24 hours; longer recordings in longer rows."""
    count = _last(bins) + 1
    if bins.unit == 60:
        return Axes("", ("",), "minute", [str(i) for i in range(count)], lambda number: (0, number))
    days = -(-count // DAY)
    each = DAY * -(-days // MOST_ROWS)
    rows = [f"from hour {first}" for first in range(0, count, each)]
    columns = [str(i) for i in range(min(count, each))]
    return Axes("stretch", rows, "hour", columns, lambda number: divmod(number, each))


def _days(bins: Bins) -> Axes:
    """Rows of days, weeks or months, from the first to the last, without a gap; columns of the hours of the day."""
    numbers = [number // DAY for number in (*bins.recorded, *bins.heard)]
    first, last = date.min + timedelta(min(numbers)), date.min + timedelta(max(numbers))
    hours = [str(hour) for hour in range(DAY)]
    days = (last - first).days + 1
    start = first if days <= MOST_ROWS else first - timedelta(first.weekday())
    each = 1 if days <= MOST_ROWS else 7
    if -(-((last - start).days + 1) // each) <= MOST_ROWS:
        begins = [start + timedelta(i) for i in range(0, (last - start).days + 1, each)]
        words = [day.isoformat() for day in begins]
        origin = start.toordinal() - date.min.toordinal()
        name = "day" if each == 1 else "week"
        return Axes(name, words, "hour", hours, lambda number: ((number // DAY - origin) // each, number % DAY))
    months = [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(_month(first), _month(last) + 1)]

    def month(number: int) -> Place:
        return _month(date.min + timedelta(number // DAY)) - _month(first), number % DAY

    return Axes("month", months, "hour", hours, month)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _field(label: str, heard: dict[Place, Heard], recorded: dict[Place, float], axes: Axes) -> Field:
    shades: list[dict[Place, float]] = [{} for _ in STEPS]
    for place, cell in heard.items():
        if cell.seconds > 0:
            share = cell.seconds / max(recorded.get(place, 0.0), cell.seconds)
            shades[sum(share >= step for step in STEPS) - 1][place] = share
    minutes = [
        [
            heard.get((row, column), Heard()).seconds / 60 if (row, column) in recorded else None
            for column in range(len(axes.columns))
        ]
        for row in range(len(axes.rows))
    ]
    detections = sum(cell.detections for cell in heard.values())
    seconds = sum(cell.seconds for cell in heard.values())
    return Field(label, detections, seconds, tuple(_path(shade) for shade in shades), minutes)


def _path(cells: dict[Place, float]) -> str:
    """Neighbours in a row are one rectangle."""
    parts: list[str] = []
    run: tuple[int, int, int] | None = None
    for row, column in [*sorted(cells), (-1, -1)]:
        if run is not None and (row, column) == (run[0], run[2]):
            run = (run[0], run[1], column + 1)
            continue
        if run is not None:
            parts.append(f"M{run[1]} {run[0]}h{run[2] - run[1]}v1H{run[1]}z")
        run = (row, column, column + 1)
    return "".join(parts)


def _csv(
    axes: Axes,
    labels: Sequence[str],
    recorded: dict[Place, float],
    heard: dict[int, dict[Place, Heard]],
    order: Sequence[int],
) -> str:
    """A line for each cell and label that is heard in it; a cell with nothing has one without a label."""
    names = [axes.row_name or "stretch", axes.column_name, "label", "detections", "heard_seconds", "recorded_seconds"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    places = sorted({*recorded, *(place for cells in heard.values() for place in cells)})
    for place in places:
        begins = [axes.rows[place[0]], axes.columns[place[1]]]
        there = [(labels[label], heard[label][place]) for label in order if place in heard[label]]
        for label, cell in there or [("", Heard())]:
            safe = guarded({"label": label})["label"]
            writer.writerow([*begins, safe, cell.detections, f"{cell.seconds:.3f}", f"{recorded.get(place, 0.0):.3f}"])
    return data_uri("text/csv;charset=utf-8", text.getvalue().encode())
