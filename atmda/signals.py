"""What ends the program: Ctrl-C, job schedulers (SIGTERM), a lost terminal (SIGHUP).

While a command works, the first such signal stops it in order, and what was finished is kept; a second one, or one
before the work has begun, ends the program at once. This module imports next to nothing, so that it is in place
before the imports that take time.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # as far as the system has them
SHOW_CURSOR = b"\x1b[?25h\nStopped.\n"  # a progress bar hides it
_working = False


def take_over() -> None:
    """Handle the signals from now on. One that is ignored stays so, as nohup and shells' background jobs want it."""
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


@contextmanager
def stopped_in_order() -> Iterator[None]:
    """In this block the first signal raises `core.interruption.Stopped`."""
    global _working
    from atmda.core import interruption  # noqa: F401  (here, and not when the signal comes)

    _working = True
    try:
        yield
    finally:
        _working = False


def _handle(number: int, frame: FrameType | None) -> None:
    global _working
    if not _working:
        os.write(2, SHOW_CURSOR if os.isatty(2) else b"Stopped.\n")
        os._exit(128 + number)
    _working = False
    from atmda.core.interruption import stop

    stop(number)
