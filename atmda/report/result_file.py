"""Where the rows of a run go: one file, written whole at the end; until then a journal on the disk."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from atmda.core.files import publish
from atmda.errors import SettingsError
from atmda.report.formats import Row, TableFormat, format_of
from atmda.report.formats.comma_separated import write_lines
from atmda.report.journal import Journal

STDOUT = "-"


class ResultFile:
    """Rows on their way into `output`; a block that ends well writes it, one that is interrupted keeps the journal.

    Args:
        output: a file whose ending names its format, - for CSV on stdout, or None to keep nothing on the disk.
        journal_path: gives a path for the journal that is not there yet.
        warn: told of what goes wrong.

    Raises SettingsError for an output that cannot be written, before hours of work.
    """

    def __init__(self, output: str | None, journal_path: Callable[[], Path], warn: Callable[[str], None]) -> None:
        self.output = output
        self.rows: list[Row] = []
        self._format = None if output in (None, STDOUT) else _checked(str(output))
        self._journal = None if output is None else Journal(journal_path, warn)
        self._warn = warn

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if self._journal is not None:
            self._journal.add(row)

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write()
        if self._journal is None:
            return
        if kind is None:
            self._journal.discard()
        elif issubclass(kind, KeyboardInterrupt):
            self._journal.write()
            if self._journal.written:
                count, path = self._journal.written, self._journal.path
                self._warn(f"{count} recordings were labelled before the interruption: {path}")

    def _write(self) -> None:
        columns = list(self.rows[0]) if self.rows else ["filename", "label", "confidence"]
        if self.output == STDOUT:
            write_lines(sys.stdout, columns, self.rows)
        elif self._format is not None:
            with publish(Path(str(self.output))) as temporary:
                self._format.write(columns, self.rows, temporary)


def _checked(output: str) -> TableFormat:
    found = format_of(output)
    if Path(output).is_dir():
        raise SettingsError(f"`output` {output}: it is a directory.", "Give a file.", setting="output")
    return found
