"""Descriptions of classes that people wrote: a table with the columns label and description."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from atmda.datasets.base import display_name
from atmda.datasets.tables import parse_table, read_text
from atmda.errors import SettingsError

SETTING, LABEL, DESCRIPTION = "descriptions", "label", "description"


def read_descriptions(path: Path, labels: Sequence[str]) -> list[tuple[str, ...]]:
    """The descriptions of each of `labels`, in their order and that of the table; a label may have several rows.

    Raises SettingsError where the file is no such table, or a label has none. Rows of other labels are left out.
    """
    table = parse_table(read_text(path, SETTING), path, SETTING)
    for column in (LABEL, DESCRIPTION):
        if column not in table.columns:
            raise SettingsError(
                f"`{SETTING}` {path}: it has no column {column!r}.",
                "Give a table with the columns label and description, a row a sentence.",
                setting=SETTING,
            )
    if table.too_long:
        raise SettingsError(
            f"`{SETTING}` {path}: line {table.too_long[0]} has more cells than there are columns.",
            "Put a description with a comma in quotes.",
            setting=SETTING,
        )
    found: dict[str, dict[str, None]] = {}
    for _, row in table.rows():
        if row[DESCRIPTION]:
            found.setdefault(display_name(row[LABEL]).lower(), {})[row[DESCRIPTION]] = None
    missing = [label for label in labels if display_name(label).lower() not in found]
    if missing:
        raise SettingsError(
            f"`{SETTING}` {path}: {len(missing)} of {len(labels)} labels have no description, as {missing[0]!r}.",
            "Give each class a row.",
            setting=SETTING,
        )
    return [tuple(found[display_name(label).lower()]) for label in labels]
