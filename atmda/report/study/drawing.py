"""Panels as paths and words, which the page's template writes as inline SVG.

A panel is drawn as wide as a telephone, so that its words can be read there; wider screens show some side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from unicodedata import east_asian_width

import numpy as np

from atmda.report.study.chart import Lines, Matrix, Panel, Point, Spans
from atmda.report.study.numbers import Unit, shown, signed
from atmda.report.study.scale import Scale, fitted

WIDTH = 340
#: how wide labels beside rows may be; the table behind the figure has them in full
MOST_ROOM = 124.0
#: shares from which a field of a matrix is one shade darker
STEPS = (0.0, 0.05, 0.2, 0.4, 0.7)
MORE = "…"
_WIDTHS = (
    (4.4, "iltjfrI.,:;'|!()[]-/ "),
    (9.0, "ABCDEFGHJKLNOPQRSTUVXYZw&"),
    (11.5, "mMW@%…"),
)
_MARKS = (
    "M{0:.1f} {1:.1f}m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "M{0:.1f} {1:.1f}m-3.2-3.2h6.4v6.4h-6.4z",
    "M{0:.1f} {1:.1f}m0-4.2l4.2 7.2h-8.4z",
    "M{0:.1f} {1:.1f}m0-4.4l4.4 4.4l-4.4 4.4l-4.4-4.4z",
    "M{0:.1f} {1:.1f}m0 4.2l4.2-7.2h-8.4z",
    "M{0:.1f} {1:.1f}m-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z",
)


@dataclass(frozen=True)
class Word:
    """Text in a picture. anchor: start, middle or end; turned: it runs upwards."""

    x: float
    y: float
    text: str
    anchor: str = "middle"
    turned: bool = False


@dataclass
class Drawn:
    """A picture: paths by their classes of style, from the ground up, and words; `note` stands below it."""

    title: str
    words: str
    height: float
    width: float = WIDTH
    note: str = ""
    paths: list[tuple[str, str]] = field(default_factory=list)
    texts: list[Word] = field(default_factory=list)

    def path(self, style: str, parts: Sequence[str]) -> None:
        """Add a path, where there is something of it."""
        if parts:
            self.paths.append((style, "".join(parts)))


def drawn(panel: Panel) -> Drawn:
    """A panel, drawn."""
    if isinstance(panel, Matrix):
        return _matrix(panel)
    return _spans(panel) if isinstance(panel, Spans) else _lines(panel)


def mark(tone: int, x: float, y: float) -> str:
    """The path of the mark of a tone."""
    return _MARKS[tone % len(_MARKS)].format(x, y)


def tick_word(value: float, unit: Unit) -> str:
    """A value at an axis: without its unit, which the axis names."""
    return signed(f"{100 * value:.10g}" if unit in ("percent", "points") else f"{value:.10g}")


def lines_scales(panel: Lines, across: tuple[float, float], up: tuple[float, float]) -> tuple[Scale, Scale]:
    """The scales of both axes, `across` and `up` the ends of their lines."""
    points = [point for series in panel.series for point in series.points]
    if panel.square:
        return Scale(0, 1, *across), Scale(0, 1, *up)
    xs = [point.x for point in points] + [x for x, _ in panel.x_ticks]
    ys = [v for p in points for v in (p.y, p.low, p.high) if v is not None]
    return fitted(xs, *across), fitted([*ys, *([0.0] if panel.y_unit == "points" else [])], *up)


def _lines(panel: Lines) -> Drawn:
    side = 300.0 if panel.square or panel.bare else 210.0
    left, right, top, bottom = (8.0 if panel.bare else 46.0), WIDTH - 14.0, 8.0, side - (8.0 if panel.bare else 40.0)
    x, y = lines_scales(panel, (left, right), (bottom, top))
    found = Drawn(panel.title, panel.words, side, note=panel.note)
    if not panel.bare:
        _axes(found, panel, x, y)
    if panel.square:
        found.path("diagonal", [f"M{x(0):.1f} {y(0):.1f}L{x(1):.1f} {y(1):.1f}"])
    elif panel.y_unit == "points":
        found.path("zero", [f"M{left} {y(0):.1f}H{right}"])
    for number, series in enumerate(panel.series):
        beside = 4.0 * (number - (len(panel.series) - 1) / 2) if panel.dodged else 0.0
        at = [(x(p.x) + beside, p) for p in series.points]
        if series.joined:
            found.path(f"line t{series.tone}", _joined(at, panel.apart, y))
        bars = [f"M{px:.1f} {y(p.low):.1f}V{y(p.high):.1f}" for px, p in at if p.low is not None and p.high is not None]
        found.path(f"bars t{series.tone}", bars)
        found.path(f"mark{' dots' if panel.bare else ''} t{series.tone}",
                   [mark(series.tone, px, y(p.y)) for px, p in at])  # fmt: skip
    return found


def _joined(at: Sequence[tuple[float, Point]], apart: float, y: Scale) -> list[str]:
    near = [(px, p) for px, p in at if p.x < apart]
    return [f"{'L' if i else 'M'}{px:.1f} {y(p.y):.1f}" for i, (px, p) in enumerate(near)] if len(near) > 1 else []


def _axes(found: Drawn, panel: Lines, x: Scale, y: Scale) -> None:
    for value in y.ticks():
        found.path("grid", [f"M{x.start} {y(value):.1f}H{x.end}"])
        found.texts.append(Word(x.start - 6, y(value) + 4, tick_word(value, panel.y_unit), "end"))
    ticks = panel.x_ticks or [(value, tick_word(value, panel.x_unit)) for value in x.ticks()]
    until = -WIDTH * 1.0
    for value, word in ticks:
        room = 3.2 * len(word) + 2
        if x(value) - room >= until:  # what would run into its neighbour is left out
            found.texts.append(Word(x(value), y.start + 16, word))
            until = x(value) + room
    found.path("axis", [f"M{x.start} {y.start}H{x.end}"])
    unit = ", %" if panel.x_unit == "percent" else ""
    found.texts.append(Word((x.start + x.end) / 2, y.start + 33, panel.x_name + unit))
    unit = ", %" if panel.y_unit == "percent" else ""
    found.texts.append(Word(11, (y.start + y.end) / 2, panel.y_name + unit, turned=True))


def _spans(panel: Spans) -> Drawn:
    count = len(panel.spans)
    named = count <= 60
    each = 15.0 if named else max(2.5, 700 / count)
    labels = [short(span.label) for span in panel.spans] if named else []
    left, top = 20.0 + max(map(room, labels), default=0.0), 6.0
    bottom = top + each * count
    x = fitted(panel.bounds, left, WIDTH - 12, 0.03)
    found = Drawn(panel.title, panel.words, bottom + 40)
    for value in x.ticks():
        found.path("grid", [f"M{x(value):.1f} {top}V{bottom:.1f}"])
        found.texts.append(Word(x(value), bottom + 15, tick_word(value, panel.unit)))
    if panel.unit == "points":
        found.path("zero", [f"M{x(0):.1f} {top}V{bottom:.1f}"])
    unit = ", %" if panel.unit == "percent" else ""
    found.texts.append(Word((left + WIDTH - 12) / 2, bottom + 32, panel.x_name + unit))
    for tone in sorted({span.tone for span in panel.spans}):
        rows = [(top + each * (i + 0.5), span) for i, span in enumerate(panel.spans) if span.tone == tone]
        ends = [(at, s.low, s.high) for at, s in rows if s.low is not None and s.high is not None]
        found.path(f"bars t{tone}", [f"M{x(low):.1f} {at:.1f}H{x(high):.1f}" for at, low, high in ends])
        for sure in (False, True):
            marks = [mark(tone, x(span.value), at) for at, span in rows if span.sure is sure]
            found.path(f"mark{'' if sure else ' open'} t{tone}", marks)
    found.texts += [Word(left - 8, top + each * (i + 0.5) + 4, label, "end") for i, label in enumerate(labels)]
    return found


def short(label: str, most: float = MOST_ROOM) -> str:
    """A label that fits into `most` units of the picture."""
    if room(label) <= most:
        return label
    while label and room(label) > most - room(MORE):
        label = label[:-1]
    return label + MORE


def room(text: str) -> float:
    """How wide a text is, or a little less, in the widest fonts that browsers take; in units of the picture."""
    return sum(next((width for width, letters in _WIDTHS if c in letters), 11.5 if _is_wide(c) else 7.0) for c in text)


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in "WF"


def _matrix(panel: Matrix) -> Drawn:
    count = len(panel.labels)
    named = count <= 20
    left, top = (112.0 if named else 6.0), 6.0
    each = (WIDTH - left - 6) / max(1, count)
    under = top + each * count
    found = Drawn(panel.title, panel.words, under + (100 if named else 6))
    shades: list[list[str]] = [[] for _ in STEPS]
    for i, k in np.argwhere(panel.shares > 0).tolist():
        shade = int(np.searchsorted(STEPS, panel.shares[i, k], side="right")) - 1
        shades[shade].append(f"M{left + each * k:.2f} {top + each * i:.2f}h{each:.2f}v{each:.2f}h-{each:.2f}z")
    found.path("frame", [f"M{left} {top}H{WIDTH - 6}V{under:.1f}H{left}z"])
    for number, shade_parts in enumerate(shades):
        found.path(f"s{number + 1}", shade_parts)
    if named:
        for i, label in enumerate(panel.labels):
            found.texts.append(Word(left - 5, top + each * (i + 0.5) + 4, short(label, 100), "end"))
            found.texts.append(Word(left + each * (i + 0.5) + 4, under + 5, short(label, 90), "end", turned=True))
    return found


def shown_share(step: int) -> str:
    """The shares that have a shade, in words."""
    low = shown(STEPS[step], "percent").replace(".0", "")
    return f"below {shown(STEPS[1], 'percent').replace('.0', '')}" if step == 0 else f"{low} and more"
