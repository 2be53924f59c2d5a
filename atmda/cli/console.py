"""All output: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from atmda.cli.spelling import in_flags
from atmda.cli.streams import naming_stdout
from atmda.core.text import printable
from atmda.tasks.observer import Advance, Observer

SHOW_AFTER = 1.0  # seconds of work before a progress bar appears


class Console(Observer):
    """The one sink of a command.

    Results: `table`, `text` (people) and `document` (--json, and then nothing else is on stdout).
    On stderr: `notice` (unless --quiet), `detail` (--verbose only), `warning` (always), `progress`.
    """

    def __init__(self, json_output: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.json_output = json_output
        self.quiet = quiet
        self.verbose = verbose and not quiet
        self.output: Path | None = None

    def __enter__(self) -> Console:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with naming_stdout():
            sys.stdout.flush()

    def notice(self, message: str) -> None:
        if not self.quiet:
            sys.stderr.write(f"{printable(in_flags(message))}\n")

    def detail(self, message: str) -> None:
        if self.verbose:
            self.notice(message)

    def warning(self, message: str) -> None:
        sys.stderr.write(f"warning: {printable(in_flags(message))}\n")

    def writes_to(self, output: Path) -> None:
        self.output = output

    def document(self, content: Any) -> None:
        """The command's result as one JSON document; only with --json."""
        if self.json_output:
            text = json.dumps(content, ensure_ascii=False, allow_nan=False)
            try:
                text.encode(sys.stdout.encoding or "utf-8")
            except UnicodeEncodeError:  # a terminal of another language, or a name that is no UTF-8
                text = json.dumps(content, allow_nan=False)
            with naming_stdout():
                sys.stdout.write(f"{text}\n")

    def text(self, content: str) -> None:
        """Lines on stdout: exact for the program that reads them, fit to be shown on a terminal."""
        if not self.json_output:
            with naming_stdout():
                sys.stdout.write(f"{printable(content, keep=chr(10)) if sys.stdout.isatty() else content}\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
        """A table for people, on stdout; numbers line up on the right."""
        if self.json_output:
            return
        from rich.box import SIMPLE_HEAD
        from rich.console import Console as RichConsole
        from rich.table import Table
        from rich.text import Text

        lines = [list(row) for row in rows]
        table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
        for index, column in enumerate(columns):
            numeric = bool(lines) and all(_is_number(line[index]) for line in lines)
            table.add_column(column, justify="right" if numeric else "left", overflow="fold")
        for line in lines:
            table.add_row(*(Text(printable(cell)) for cell in line))
        plain = not sys.stdout.isatty()
        with naming_stdout():
            RichConsole(file=sys.stdout, width=160 if plain else None, highlight=False).print(table)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Advance]:
        """A bar with count and time left on stderr once the work takes over a second."""
        if self.quiet or self.json_output or not sys.stderr.isatty():
            yield lambda count: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        bar = Progress(*columns, console=RichConsole(file=sys.stderr), transient=True)
        task = bar.add_task(what, total=total)
        started = time.monotonic()

        def advance(count: int) -> None:
            bar.advance(task, count)
            if not bar.live.is_started and time.monotonic() - started > SHOW_AFTER:
                bar.start()

        try:
            yield advance
        finally:
            bar.stop()


def _is_number(cell: str) -> bool:
    try:
        float(cell.rstrip("%"))
    except ValueError:
        return cell in ("", "-")
    return True
