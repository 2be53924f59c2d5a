"""Class labels from a file: a label a line, all on one line, a JSON list, or a table with a column of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from atmda.datasets.base import display_name
from atmda.datasets.label_text import listed, on_lines
from atmda.datasets.tables import columns_of, parse_table, read_text
from atmda.errors import SettingsError

#: columns that hold labels, the best first: AudioSet's display_name, ESC-50's category, and what people call theirs
LABEL_COLUMNS = ("display_name", "label", "class", "category", "name")
SETTING = "class_labels"
TABLES = (".csv", ".tsv")


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels in `path`, blank lines left out, a repeated label kept once. Raises SettingsError.

    A single line is labels between commas, semicolons or tabs; `[...]` is a JSON list of them.
    A first line of several columns of which one is called label, class, category, name or display_name makes it a
    table; so does a first line that is such a name alone, in a file called .csv or .tsv.
    """
    found = _found(read_text(path, SETTING), path)
    labels = tuple(dict.fromkeys(label for label in found if label))
    if not labels:
        raise SettingsError(f"`{SETTING}` {path}: there is no label in it.", "Give a label a line.", setting=SETTING)
    return labels


def _found(text: str, path: Path) -> tuple[str, ...]:
    try:
        words = listed(text)
    except ValueError as error:
        raise SettingsError(f"`{SETTING}` {path}: {error}.", "Give a label a line.", setting=SETTING) from error
    if words is not None:
        return words
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    tabular = path.suffix.lower() in TABLES
    column = _label_column(lines[0], tabular) if len(lines) > 1 or (lines and tabular) else None
    if column is None:
        return on_lines(lines)
    table = parse_table(text, path, SETTING)
    if table.too_long:
        raise SettingsError(
            f"`{SETTING}` {path}: line {table.too_long[0]} has more cells than there are columns.",
            "Put a label with a comma in quotes.",
            setting=SETTING,
        )
    return tuple(row[column] for _, row in table.rows())


def merge_labels(labels: Iterable[str]) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """Labels of which no two mean the same prompt, and for each that stands for others too, those others.

    >>> merge_labels(["dog_bark", "siren", "Dog Bark"])
    (('dog_bark', 'siren'), {'dog_bark': ['Dog Bark']})
    """
    kept: dict[str, str] = {}
    merged: dict[str, list[str]] = {}
    for label in dict.fromkeys(labels):
        first = kept.setdefault(display_name(label).lower(), label)
        if first != label:
            merged.setdefault(first, []).append(label)
    return tuple(kept.values()), merged


def _label_column(header: str, tabular: bool) -> str | None:
    """The column of labels, where the first line of a file is the header of a table."""
    names = columns_of(header)
    if len(names) == 1 and not tabular:
        return None  # a class may well be called "class" in a file of labels
    by_name = {name.lower(): name for name in names}
    return next((by_name[column] for column in LABEL_COLUMNS if column in by_name), None)
