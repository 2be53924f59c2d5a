"""One row of a table of annotations, and what its cells may hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

from atmda.datasets.base import display_name, fold_in

SETTING = "annotations"
LABEL_SEPARATOR = ";"


@dataclass(frozen=True)
class Annotation:
    """One row: the recording as the table names it, and what it says of it (seconds from the recording's start).

    `table` is the table's own name, as far as it may name the recording: it is asked where `recording` is not clear.
    """

    line: int
    recording: str
    labels: tuple[str, ...]
    fold: int | None = None
    split: str | None = None
    start: float | None = None
    end: float | None = None
    source: str | None = None
    table: str = ""


def required(text: str, column: str) -> str:
    if not text:
        raise ValueError(f"{column} is empty")
    return text


def labels_of(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(display_name(part) for part in text.split(LABEL_SEPARATOR) if part.strip()))


def fold_of(text: str) -> int | None:
    """3, "3.0" as spreadsheets write it, or "fold3"."""
    if not text:
        return None
    named = fold_in(text.lower())
    number = number_of(text, "fold") if named is None else float(named)
    if not number.is_integer():
        raise ValueError(f"fold {text!r} is not a whole number")
    return int(number)


def times_of(start: str, end: str) -> tuple[float | None, float | None]:
    first = number_of(start, "start") if start else None
    last = number_of(end, "end") if end else None
    if last is not None:
        refuse_backwards(first or 0.0, last)
    return first, last


def refuse_backwards(start: float, end: float) -> None:
    if end <= start:
        raise ValueError(f"end {end:g} is not after start {start:g}")


def number_of(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{what} {text!r} is not a number of 0 or more")
    return number
