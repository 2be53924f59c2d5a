"""Numbers of folds as people and programs write them: 3, 3.0, "3", "fold3"; never rounded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from atmda.core.types import IntArray

NAMED = re.compile(r"(?:fold[ _-]?)?([+-]?\d+)(?:\.0*)?", re.IGNORECASE)
#: beyond it float64, in which other programs keep them, has no neighbouring whole numbers
LARGEST = 2**53


def fold_number(value: object) -> int:
    """The fold that `value` tells. Raises ValueError, with what it is, for what is no whole number."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        named = NAMED.fullmatch(value.strip())
        number: float = int(named[1]) if named else _float(value)
    else:
        number = float(value) if isinstance(value, float | np.floating) else _whole(value)
    if not abs(number) < LARGEST or number != int(number):
        raise ValueError(f"{value!r:.40}")
    return int(number)


def fold_numbers(values: Sequence[object], clips: Iterable[str] = ()) -> IntArray:
    """Int64 (n,). Raises ValueError with the first that is no whole number, and its clip or row."""
    numbers = []
    for row, value in enumerate(values):
        try:
            numbers.append(fold_number(value))
        except ValueError as error:
            whose = next((clip for k, clip in enumerate(clips) if k == row), f"row {row + 1}")
            raise ValueError(f"{error} of {whose}") from error
    return np.asarray(numbers, np.int64)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r:.40}") from None


def _whole(value: object) -> int:
    if isinstance(value, int | np.integer):
        return int(value)
    raise ValueError(f"{value!r:.40}")
