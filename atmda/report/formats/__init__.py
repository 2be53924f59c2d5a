"""Formats of tables of results. A module here, or another package's entry point in `atmda.formats`, adds more."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from atmda.core.registry import Registry
from atmda.errors import SettingsError
from atmda.report.formats.base import Row, TableFormat

FORMATS: Registry[TableFormat] = Registry("format", "atmda.report.formats", ("csv", "jsonl", "parquet"))

__all__ = ["FORMATS", "Row", "TableFormat", "format_of"]


def format_of(output: str) -> TableFormat:
    """The format that the ending of `output` stands for. Raises SettingsError where none does."""
    name = Path(output).name.lower()
    for candidate in chain(FORMATS.built_in(), FORMATS):
        if any(name.endswith(ending) for ending in candidate.endings):
            return candidate
    endings = [ending for candidate in FORMATS for ending in candidate.endings]
    raise SettingsError(
        f"`output` {output}: it should end in {', '.join(endings)}, or be - for stdout.", setting="output"
    )
