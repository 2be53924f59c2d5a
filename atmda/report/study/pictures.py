"""The figures as files for print: PNG, SVG and PDF, by matplotlib, which is an extra."""

from __future__ import annotations

import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from atmda.core.files import publish
from atmda.report.study.chart import Figure, Lines, Matrix, Panel, Spans
from atmda.report.study.drawing import lines_scales, short, tick_word

FORMATS = ("png", "svg", "pdf")
WITHOUT = "Figures as PNG, SVG and PDF need matplotlib: pip install 'atmda[study]'. The report holds them all the same."
#: inches: two columns of a journal, 183 mm
WIDTH = 7.2
#: told apart by people who do not see all colours (Okabe and Ito, 2008), and in grey by their marks
COLOURS = ("#555555", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00")
MARKS = ("o", "s", "^", "D", "v", "P")
#: what makes text of all words, and the same bytes of the same figure
SETTINGS = {
    "font.family": "DejaVu Sans", "font.size": 7, "axes.titlesize": 7.5, "axes.linewidth": 0.6, "lines.linewidth": 1,
    "lines.markersize": 3.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "axes.spines.top": False,
    "axes.spines.right": False, "grid.linewidth": 0.4, "grid.color": "#dddddd", "axes.axisbelow": True,
    "legend.frameon": False, "savefig.dpi": 300, "pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "atmda",
    "text.parse_math": False, "text.usetex": False, "axes.unicode_minus": True, "path.simplify": True,
}  # fmt: skip
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "atmda"},
    "pdf": {"CreationDate": None, "Creator": "atmda", "Producer": None},
}


def matplotlib_is_there() -> bool:
    """Whether figures can be written; where not, `WITHOUT` says what to do."""
    return find_spec("matplotlib") is not None


def save_figure(figure: Figure, folder: Path) -> None:
    """Write `folder`/NAME.png, .svg and .pdf; the same bytes with the same matplotlib. Raises OSError."""
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    across = min(len(figure.panels), 2 if any(isinstance(p, Matrix | Spans) for p in figure.panels) else 3)
    down = -(-len(figure.panels) // across)
    heights = [max(_height(panel) for panel in figure.panels[i * across : (i + 1) * across]) for i in range(down)]
    width = WIDTH if across > 1 else WIDTH / 2
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that the font has not
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(SETTINGS)
        canvas = Canvas(figsize=(width, sum(heights) + 0.35), layout="constrained")
        axes = canvas.subplots(down, across, squeeze=False, height_ratios=heights)
        for place, panel in enumerate(figure.panels):
            _draw(panel, axes[place // across][place % across])
        for place in range(len(figure.panels), down * across):
            axes[place // across][place % across].set_axis_off()
        _legend(figure, canvas)
        canvas.draw_without_rendering()
        canvas.set_layout_engine("none")  # it stays as it is now, and is not worked out again for each format
        for kind in FORMATS:
            with publish(folder / f"{figure.name}.{kind}") as temporary:
                canvas.savefig(temporary, format=kind, metadata=_METADATA[kind])


def _height(panel: Panel) -> float:
    if isinstance(panel, Spans):
        return 0.6 + min(0.14, 8.5 / max(1, len(panel.spans))) * len(panel.spans)
    return 3.2 if isinstance(panel, Matrix) else 2.2


def _draw(panel: Panel, axes: Any) -> None:
    axes.set_title(panel.title, loc="left")
    if isinstance(panel, Matrix):
        _matrix(panel, axes)
    elif isinstance(panel, Spans):
        _spans(panel, axes)
    else:
        _lines(panel, axes)


def _lines(panel: Lines, axes: Any) -> None:
    x, y = lines_scales(panel, (0, 1), (0, 1))
    for number, series in enumerate(panel.series):
        beside = (number - (len(panel.series) - 1) / 2) * 0.012 * (x.high - x.low) if panel.dodged else 0.0
        at = [replace(point, x=point.x + beside) for point in series.points]
        near = [point for point in at if point.x - beside < panel.apart] if series.joined else []
        colour = COLOURS[series.tone]
        axes.plot([p.x for p in near], [p.y for p in near], color=colour)
        style = {"ls": "", "marker": MARKS[series.tone], "color": colour, "alpha": 0.6 if panel.bare else 1}
        axes.plot([p.x for p in at], [p.y for p in at], **style)
        bars = [(p.x, p.low, p.high) for p in at if p.low is not None and p.high is not None]
        axes.vlines(*(zip(*bars, strict=True) if bars else ([], [], [])), color=colour, lw=0.8)
    axes.set_xlim(x.low, x.high)
    axes.set_ylim(y.low, y.high)
    if panel.note:
        axes.text(0.04, 0.97, panel.note.replace(", ", "\n"), va="top", size=6, transform=axes.transAxes)
    if panel.bare:
        axes.set_xticks([])
        axes.set_yticks([])
        return
    if panel.square:
        axes.plot([0, 1], [0, 1], color="#888888", ls="--", lw=0.7)
        axes.set_aspect("equal")
    elif panel.y_unit == "points":
        axes.axhline(0, color="#888888", lw=0.7)
    ticks = panel.x_ticks or [(value, tick_word(value, panel.x_unit)) for value in x.ticks()]
    axes.set_xticks([value for value, _ in ticks], [word for _, word in ticks])
    axes.set_yticks(y.ticks(), [tick_word(value, panel.y_unit) for value in y.ticks()])
    axes.grid(axis="y")
    axes.set_xlabel(panel.x_name + (", %" if panel.x_unit == "percent" else ""))
    axes.set_ylabel(panel.y_name + (", %" if panel.y_unit == "percent" else ""))


def _spans(panel: Spans, axes: Any) -> None:
    for tone, sure in sorted({(span.tone, span.sure) for span in panel.spans}):
        rows = [(place, s) for place, s in enumerate(panel.spans) if (s.tone, s.sure) == (tone, sure)]
        bars = [(place, s.low, s.high) for place, s in rows if s.low is not None and s.high is not None]
        axes.hlines(*(zip(*bars, strict=True) if bars else ([], [], [])), color=COLOURS[tone], lw=0.8)
        style = {"ls": "", "marker": MARKS[tone], "color": COLOURS[tone], "mfc": COLOURS[tone] if sure else "white"}
        axes.plot([s.value for _, s in rows], [place for place, _ in rows], ms=3, mew=0.7, **style)
    low, high = panel.bounds
    room = (high - low) * 0.04 or 0.01
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(len(panel.spans) - 0.4, -0.6)
    if len(panel.spans) <= 60:
        axes.set_yticks(range(len(panel.spans)), [short(span.label, 180) for span in panel.spans])
    else:
        axes.set_yticks([])
    if panel.unit == "points":
        axes.axvline(0, color="#888888", lw=0.7)
    axes.xaxis.set_major_formatter(lambda value, _: tick_word(round(value, 6), panel.unit))
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x")
    axes.set_xlabel(panel.x_name + (", %" if panel.unit == "percent" else ""))


def _matrix(panel: Matrix, axes: Any) -> None:
    image = axes.imshow(panel.shares, cmap="Blues", vmin=0, vmax=1, interpolation="none")
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.046, pad=0.03)
    bar.set_label("share of the class's clips")
    bar.outline.set_linewidth(0.6)
    for side in axes.spines.values():
        side.set_visible(True)
    if len(panel.labels) <= 60:
        words = [short(label, 150) for label in panel.labels]
        axes.set_xticks(range(len(words)), words, rotation=90)
        axes.set_yticks(range(len(words)), words)
        axes.tick_params(length=0, labelsize=7 if len(words) <= 20 else 3.5)
    else:
        axes.set_xticks([])
        axes.set_yticks([])


def _legend(figure: Figure, canvas: Any) -> None:
    from matplotlib.lines import Line2D

    keys = [
        Line2D([], [], color=COLOURS[tone], marker=MARKS[tone], ls="", label=short(word, 200))
        for tone, word in figure.legend
    ]
    if len(keys) > 1:
        canvas.legend(handles=keys, loc="outside lower center", ncols=min(4, len(keys)))
