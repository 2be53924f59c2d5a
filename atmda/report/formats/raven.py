"""Selection tables of Raven (Cornell Lab of Ornithology): tab-separated, a selection a line.

Raven refuses a table with a frequency above half its recording's sample rate: a selection reaches up to that half, and
to `LOW_ENOUGH` where the rate is not known, which is below half of all usual rates.
"""

from __future__ import annotations

import csv
import io

from atmda.report.formats.base import LabelFormat, Placed, one_line

COLUMNS = (
    "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)",
    "Label", "Confidence", "Begin Path", "File Offset (s)",
)  # fmt: skip
LOW_ENOUGH = 4000.0


def line(placed: Placed) -> str:
    high = LOW_ENOUGH if placed.sample_rate is None else placed.sample_rate / 2
    return _line(
        placed.number, "Spectrogram 1", 1, f"{placed.start:.6f}", f"{placed.end:.6f}", 0, f"{high:.1f}",
        one_line(placed.label), f"{placed.confidence:.6f}", one_line(placed.path), f"{placed.file_start:.6f}",
    )  # fmt: skip


def _line(*cells: object) -> str:
    """Cells between tabs; one with quotes in it is quoted, as the readers of such tables undo it."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerow(cells)
    return text.getvalue()


PLUGINS = (LabelFormat("raven", (".selections.txt",), _line(*COLUMNS), line),)
