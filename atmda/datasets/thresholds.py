"""A threshold for each class, from a table of `label,threshold`."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from atmda.core.bounds import Bounds
from atmda.datasets.base import display_name
from atmda.datasets.tables import columns_of, delimiter_of, parse_table, read_text
from atmda.errors import SettingsError

SETTING = "thresholds"
COLUMNS = ("label", "threshold")
CONFIDENCE = Bounds(0.0, 1.0)


def read_thresholds(path: Path, labels: Sequence[str]) -> dict[str, float]:
    """What the confidence of a label must reach, for those of `labels` that `path` names.

    A line is `label,threshold`; a header of these names may stand first, and then the table may have other columns too.
    Labels are found as prompts would mean them, so that "Dog Bark" is `dog_bark`. Raises SettingsError for a file that
    is none, a label that is not among `labels` or comes twice, and a threshold that is no number from 0 to 1.
    """
    text = read_text(path, SETTING)
    first = next((line for line in text.splitlines() if line.strip()), "")
    names = [name.lower() for name in columns_of(first)]
    headed = not first or set(COLUMNS) <= set(names)
    if not headed:
        text = delimiter_of(first).join(COLUMNS) + "\n" + text
    table = parse_table(text, path, SETTING)
    label_column, threshold_column = (table.columns[names.index(c) if headed else i] for i, c in enumerate(COLUMNS))
    before = 0 if headed else 1  # lines that are not in the file
    if table.too_long:
        raise _refused(
            path, table.too_long[0] - before, "has more cells than columns", "Put a label with a comma in quotes."
        )
    known = {display_name(label).lower(): label for label in labels}
    found: dict[str, float] = {}
    for line, row in table.rows():
        label = _known(row[label_column], known, path, line - before)
        if label in found:
            raise _refused(path, line - before, f"is the second for {label!r}", "Keep one of them.")
        found[label] = _threshold(row[threshold_column], path, line - before)
    return found


def _known(name: str, known: dict[str, str], path: Path, line: int) -> str:
    meaning = display_name(name).lower()
    if meaning not in known:
        near = get_close_matches(meaning, known, n=1)
        hint = f"Did you mean {known[near[0]]}?" if near else f"The labels are: {', '.join(known.values())}."
        raise _refused(path, line, f"is for {name!r}, which is not among the labels", hint)
    return known[meaning]


def _threshold(cell: str, path: Path, line: int) -> float:
    try:
        threshold = float(cell)
    except ValueError:
        threshold = float("nan")
    if threshold not in CONFIDENCE:
        raise _refused(path, line, f"has the threshold {cell!r}", f"Give a number {CONFIDENCE}, as 0.6.")
    return threshold


def _refused(path: Path, line: int, why: str, hint: str) -> SettingsError:
    return SettingsError(f"`{SETTING}` {path}: line {line} {why}.", hint, setting=SETTING)
