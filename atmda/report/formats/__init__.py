"""Formats of results. A module here, or another package's entry point in `atmda.formats`, adds more."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from atmda.core.registry import Registry
from atmda.errors import SettingsError
from atmda.report.formats.base import Columns, LabelFormat, Row, TableFormat

FORMATS: Registry[TableFormat | LabelFormat] = Registry(
    "format", "atmda.report.formats", ("csv", "jsonl", "parquet", "raven", "audacity")
)

__all__ = ["FORMATS", "Columns", "LabelFormat", "Row", "TableFormat", "any_format_of", "format_of"]


def any_format_of(output: str) -> TableFormat | LabelFormat:
    """The format that the ending of `output` stands for. Raises SettingsError where none does."""
    for candidate in chain(FORMATS.built_in(), FORMATS):
        if output.lower().endswith(candidate.endings):
            return candidate
    raise _unknown(output, list(FORMATS))


def format_of(output: str) -> TableFormat:
    """As `any_format_of`, for rows that are not labels on a time line."""
    try:
        found = any_format_of(output)
    except SettingsError:
        raise _unknown(output, [item for item in FORMATS if isinstance(item, TableFormat)]) from None
    if isinstance(found, LabelFormat):
        raise SettingsError(
            f"`output` {output}: the format {found.name} is one of detections.",
            "Give `window`, or another ending.",
            setting="output",
        )
    return found


def _unknown(output: str, known: list[TableFormat | LabelFormat]) -> SettingsError:
    endings = ", ".join(ending for candidate in known for ending in candidate.endings)
    return SettingsError(f"`output` {Path(output)}: it should end in {endings}, or be - for stdout.", setting="output")
