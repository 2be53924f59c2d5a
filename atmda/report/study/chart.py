"""What is drawn, free of how: the page draws it as inline SVG, `pictures` as files for print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from atmda.report.study.numbers import Unit, shown
from atmda.report.study.table import Table

Tick: TypeAlias = tuple[float, str]


@dataclass(frozen=True)
class Point:
    """A value with the bounds of its interval, None where there is none."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Series:
    """Points of one kind; `tone`: number of its colour and mark. joined: a line runs through them."""

    name: str
    tone: int
    points: Sequence[Point]
    joined: bool = True


@dataclass(frozen=True)
class Lines:
    """Series over two axes.

    Attributes:
        x_ticks: where the x axis has which words; none: round numbers. apart: from this x on, points are not joined.
        square: both axes are from 0 to 1, and a diagonal is drawn.
        bare: where the axes' numbers mean nothing. note: a line below it.
    """

    title: str
    series: Sequence[Series]
    x_name: str
    y_name: str
    y_unit: Unit = "percent"
    x_unit: Unit = "number"
    x_ticks: Sequence[Tick] = ()
    apart: float = float("inf")
    square: bool = False
    bare: bool = False
    note: str = ""

    @property
    def dodged(self) -> bool:
        """Whether series are drawn a little beside each other, so that their intervals can be told apart."""
        return any(point.low is not None for series in self.series for point in series.points)

    @property
    def words(self) -> str:
        """What the panel shows, for those who do not see it."""
        parts = []
        for series in (s for s in self.series if s.points):
            first, last = series.points[0], series.points[-1]
            ends = [f"{shown(point.y, self.y_unit)} at {self._x(point.x)}" for point in (first, last)]
            parts.append(
                f"{series.name}, {len(series.points)} points" if self.bare or not series.joined
                else f"{series.name} {ends[0]}" if first is last else f"{series.name} from {ends[0]} to {ends[1]}"
            )  # fmt: skip
        return f"{self.title}: {self.y_name} by {self.x_name}. {'; '.join(parts)}{'. ' if self.note else ''}{self.note}"

    def _x(self, x: float) -> str:
        return dict(self.x_ticks).get(x) or shown(x, self.x_unit)


@dataclass(frozen=True)
class Span:
    """A row with a value and its bounds; `sure`: its mark is filled."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    sure: bool = True
    tone: int = 1


@dataclass(frozen=True)
class Spans:
    """Values one below the other. bounds: the least and largest x of all panels of the figure."""

    title: str
    spans: Sequence[Span]
    x_name: str
    bounds: tuple[float, float]
    unit: Unit = "points"

    @property
    def words(self) -> str:
        """What the panel shows, for those who do not see it."""
        if not self.spans:
            return f"{self.title}: nothing"
        ends = [f(self.spans, key=lambda span: span.value) for f in (min, max)]
        told = " to ".join(f"{shown(end.value, self.unit)} ({end.label})" for end in ends)
        return f"{self.title}: {self.x_name} of {len(self.spans)} rows, {told}"


@dataclass(frozen=True)
class Matrix:
    """Shares, from 0 to 1, of each row's clips by column, float (c, c)."""

    title: str
    labels: Sequence[str]
    shares: npt.NDArray[np.float64]

    @property
    def words(self) -> str:
        """What the panel shows, for those who do not see it."""
        mean = float(self.shares.diagonal().mean()) if len(self.labels) else None
        return f"{self.title}: {len(self.labels)} classes, mean recall {shown(mean, 'percent')}"


Panel: TypeAlias = Lines | Spans | Matrix


@dataclass(frozen=True)
class Figure:
    """Panels with the numbers behind them. name: of its files; about: how to read it; legend: tones and their words."""

    name: str
    heading: str
    about: str
    panels: Sequence[Panel]
    table: Table
    legend: Sequence[tuple[int, str]] = ()
