"""How far downloads are: a bar with speed and time left on a terminal, a line now and then in a log."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Any

from atmda.cli.console import Console
from atmda.core.text import printable
from atmda.datasets.remotes import Remote

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class Transfers:
    """Told of bytes from several threads; shows them on stderr unless --quiet or --json."""

    def __init__(self, console: Console, name: str) -> None:
        self.console, self.name = console, name
        self.total: int | None = None
        self._done: dict[Remote, int] = {}
        self._first: dict[Remote, int] = {}
        self._lock = threading.Lock()
        self._started = self._last = time.monotonic()
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Transfers:
        from rich.console import Console as RichConsole

        stderr = RichConsole(stderr=True)
        if stderr.is_terminal and not self.console.quiet and not self.console.json_output:
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=stderr,
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def planned(self, total: int | None) -> None:
        """How many bytes there are to download, None where servers do not say."""
        self.total = total

    def downloaded(self, remote: Remote, done: int, total: int | None) -> None:
        """`done` bytes of one file are here."""
        with self._lock:
            self._first.setdefault(remote, done)
            self._done[remote] = done
            if self._bar is not None:
                self._advance(remote.filename, done, total)
            elif time.monotonic() - self._last > LINE_EVERY:
                self._last = time.monotonic()
                self.console.notice(self._line())

    def unpacked(self, part: str, count: int) -> None:
        """`count` more bytes of a part's archive are written."""
        if self._bar is not None:
            with self._lock:
                task = self._task(f"unpacking {part}", None)
                self._bar.advance(task, count)

    def notice(self, message: str) -> None:
        """A line above the bar."""
        if self._bar is not None:
            self._bar.console.print(printable(message), highlight=False, markup=False)
        else:
            self.console.notice(message)

    def _advance(self, filename: str, done: int, total: int | None) -> None:
        self._bar.update(self._task(filename, total), completed=done, total=total)
        if total is not None and done >= total:
            self._bar.update(self._tasks[filename], visible=False)
        if len(self._done) > 1:
            self._bar.update(self._task(f"{self.name} in all", self.total), completed=sum(self._done.values()))

    def _task(self, what: str, total: int | None) -> Any:
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        return self._tasks[what]

    def _line(self) -> str:
        done = sum(self._done.values())
        gained = done - sum(self._first.values())
        speed = gained / max(1e-9, time.monotonic() - self._started)
        line = f"{self.name}: {format_bytes(done)}"
        if self.total is not None:
            line += f" of {format_bytes(self.total)}"
        line += f", {format_bytes(speed)}/s"
        if self.total is not None and speed > 0:
            line += f", {max(0.0, self.total - done) / speed / 60:.0f} min left"
        return line


def format_bytes(count: float) -> str:
    """Bytes as people say them: 6.0 GB."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
