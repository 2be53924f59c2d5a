"""Label tracks of Audacity as annotations: start, end and label, tab-separated, nothing quoted, no header.

A line that begins with a backslash holds the frequencies of the label before it; they are passed over.
"""

from __future__ import annotations

import re

from atmda.datasets.annotation import Annotation, labels_of, number_of, refuse_backwards

FREQUENCIES = "\\"
_LABEL = re.compile(r"\s*[-+]?\d+(?:[.,]\d*)?\t[-+]?\d+(?:[.,]\d*)?(?:\t|\s*$)")


def is_track(text: str) -> bool:
    """Whether the first line that says something is one of a label track: two numbers, and perhaps a label."""
    first = next((line for line in _lines(text) if line.strip()), "")
    return _LABEL.match(first) is not None


def track_rows(text: str, table: str, recording: str, problems: list[str]) -> list[Annotation]:
    """The labels of a track of `recording`; a label at a point, which lasts no time, is told and left out."""
    rows = []
    for number, line in enumerate(_lines(text), start=1):
        if not line.strip() or line.startswith(FREQUENCIES):
            continue
        start, _, rest = line.partition("\t")
        end, _, label = rest.partition("\t")
        try:
            first, last = _seconds(start, "start"), _seconds(end, "end")
            refuse_backwards(first, last)
        except ValueError as error:
            problems.append(f"{table} line {number}: {error}; the row is left out.")
            continue
        rows.append(Annotation(number, recording, labels_of(label), start=first, end=last))
    return rows


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n?|\n", text)


def _seconds(text: str, what: str) -> float:
    """Where a comma stands for the decimal point, as in some countries' versions, it is one."""
    return number_of(text.strip().replace(",", "."), what)
