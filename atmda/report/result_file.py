"""Where the rows of a run go: one file, written whole at the end; until then a journal on the disk."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from atmda.core.files import check_writable, claim, new_file, publish, unwritable
from atmda.core.text import printable
from atmda.errors import SettingsError
from atmda.report.formats import Row, TableFormat, format_of
from atmda.report.formats.comma_separated import CSV, guarded, write_lines
from atmda.report.journal import Journal

STDOUT = "-"


class ResultFile:
    """Rows on their way into `output`; a block that ends well writes it, one that is interrupted keeps the journal.

    Args:
        output: a file, - for CSV on stdout, or None to keep nothing on the disk.
        journal_path: gives a path for the journal that is not there yet.
        warn: told of what goes wrong.
        refuge: a folder for the rows where `output` cannot be written after all.
        spreadsheet_safe: whether words that a spreadsheet would run are guarded.
        form: the format; None leaves it to the ending of `output`.

    Raises SettingsError, AtmdaError for an output that cannot be written, before hours of work.
    """

    def __init__(
        self,
        output: str | None,
        journal_path: Callable[[], Path],
        warn: Callable[[str], None],
        refuge: Path = Path(),
        spreadsheet_safe: bool = False,
        form: TableFormat | None = None,
    ) -> None:
        self.output = output
        self.rows: list[Row] = []
        self._format = None if output in (None, STDOUT) else _checked(str(output), form)
        self._journal = None if output is None else Journal(journal_path, warn)
        self._warn = warn
        self._guard = guarded if spreadsheet_safe else dict
        self._refuges = (refuge, Path(tempfile.gettempdir()))

    def add(self, row: Row) -> None:
        row = self._guard(row)
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
            write_lines(sys.stdout, columns, [_shown(row) for row in self.rows] if sys.stdout.isatty() else self.rows)
        elif self._format is not None:
            try:
                with publish(Path(str(self.output))) as temporary:
                    self._format.write(columns, self.rows, temporary)
            except OSError as error:
                raise unwritable(Path(str(self.output)), error, self._rescued(columns)) from error

    def _rescued(self, columns: list[str]) -> str:
        """Keep the rows where that can be done, and say where that is."""
        for folder in self._refuges:
            path = folder / f"rescued_{Path(str(self.output)).stem}.csv"
            try:
                path = claim(path, new_file)
                with publish(path) as temporary:
                    CSV.write(columns, self.rows, temporary)
            except OSError:
                continue
            return f"All {len(self.rows)} rows are in {path}."
        write_lines(sys.stdout, columns, self.rows)
        return f"All {len(self.rows)} rows were printed instead."


def _shown(row: Row) -> Row:
    """A row as a terminal may have it."""
    return {name: printable(value) if isinstance(value, str) else value for name, value in row.items()}


def _checked(output: str, form: TableFormat | None) -> TableFormat:
    found = form or format_of(output)
    path = Path(output)
    if path.is_dir():
        raise SettingsError(f"`output` {output}: it is a directory.", "Give a file.", setting="output")
    check_writable(path)
    return found
