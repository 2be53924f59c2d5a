"""Labels in text as people write them: one a line, all on one line, or a JSON list."""

from __future__ import annotations

import csv
import json
from typing import Any


def listed(text: str) -> tuple[str, ...] | None:
    """The labels of a JSON list of words; None for text that is no list. Raises ValueError for one of other things.

    Lines that each stand in brackets ("[noise]") are labels, not a list.

    >>> listed('["dog", "car horn"]')
    ('dog', 'car horn')
    """
    text = text.strip()
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")):
        return None
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line[:1] in "[{" and line[-1:] in "]}" for line in lines):
            return None
        raise ValueError("it looks like a list and is not JSON, which has its words in double quotes") from error
    if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
        raise ValueError("it is JSON, but not a list of words")
    return tuple(label.strip() for label in found)


def on_lines(lines: list[str]) -> tuple[str, ...]:
    """The labels on `lines`, none of them blank: those of a single line are separated by tabs, semicolons or commas.

    A comma behind every label but the last, as lists are copied out of a program, is not part of them.

    >>> on_lines(["dog, car horn, rain"])
    ('dog', 'car horn', 'rain')
    >>> on_lines(["Male speech, man speaking", "Rain"])
    ('Male speech, man speaking', 'Rain')
    """
    if len(lines) == 1:
        separator = next((mark for mark in "\t;," if mark in lines[0]), ",")
        lines = next(csv.reader(lines, delimiter=separator, skipinitialspace=True), [])
    elif all(line.endswith(",") for line in lines[:-1]):
        lines = [line.removesuffix(",") for line in lines]
    return tuple(line.strip() for line in lines if line.strip())
