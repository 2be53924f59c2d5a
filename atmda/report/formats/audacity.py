"""Label tracks of Audacity: start, end and label, tab-separated, without a header and without quotes."""

from __future__ import annotations

from atmda.report.formats.base import LabelFormat, Placed, one_line


def line(placed: Placed) -> str:
    return f"{placed.start:.6f}\t{placed.end:.6f}\t{one_line(placed.label)}\n"


PLUGINS = (LabelFormat("audacity", (".labels.txt",), "", line),)
