"""Signals that end the program, held back while something is written that must not be cut in two."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_held = 0
_pending: Stopped | None = None
_last: Stopped | None = None


class Stopped(KeyboardInterrupt):
    """The program was asked to end by the signal `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def stop(number: int) -> None:
    """End what the main thread does by raising Stopped there, now or once it may be cut."""
    global _pending, _last
    _last = Stopped(number)
    if _held:
        _pending = _last
    else:
        raise _last


@contextmanager
def told_by_its_signal() -> Iterator[None]:
    """Of a library that raises a KeyboardInterrupt of its own for what a signal raised: Stopped, as it was."""
    try:
        yield
    except Stopped:
        raise
    except KeyboardInterrupt:
        if _last is None:
            raise
        raise _last from None


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Run the block to its end. Raises Stopped behind it where that was asked for meanwhile."""
    global _held, _pending
    _held += 1
    try:
        yield
    finally:
        _held -= 1
    if _pending is not None and not _held:
        stopped, _pending = _pending, None
        raise stopped
