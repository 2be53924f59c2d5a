"""Selection tables of Raven (Cornell Lab of Ornithology): tab-separated, a selection a line.

Raven refuses a table with a frequency above half its recording's sample rate: a selection reaches up to that half, and
to `LOW_ENOUGH` where the rate is not known, which is below half of all usual rates.
"""

from __future__ import annotations

from atmda.report.formats.base import LabelFormat, Placed, one_line

COLUMNS = (
    "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)",
    "Label", "Confidence", "Begin Path", "File Offset (s)",
)  # fmt: skip
LOW_ENOUGH = 4000.0


def line(placed: Placed) -> str:
    high = LOW_ENOUGH if placed.sample_rate is None else placed.sample_rate / 2
    return (
        f"{placed.number}\tSpectrogram 1\t1\t{placed.start:.6f}\t{placed.end:.6f}\t0\t{high:.1f}\t"
        f"{_cell(placed.label)}\t{placed.confidence:.6f}\t{_cell(placed.path)}\t{placed.file_start:.6f}\n"
    )


def _cell(text: str) -> str:
    """One with quotes in it is quoted, as readers of such tables undo it."""
    text = one_line(text)
    return '"' + text.replace('"', '""') + '"' if '"' in text else text


PLUGINS = (LabelFormat("raven", (".selections.txt",), "\t".join(COLUMNS) + "\n", line),)
