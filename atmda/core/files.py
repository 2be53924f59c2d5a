"""Files as they are written and as they are read.

Publishing: written beside, flushed to the disk, then renamed, so that a reader sees the old one or the new one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = ".tmp-"
#: What the shell opened for us: `<(...)` is /dev/fd/63, and what is piped in is /dev/stdin.
_OPENED_ALREADY = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/", os.devnull)
#: Longest file of words that is read: tables of millions of rows are shorter.
MOST_TEXT = 1 << 28


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there becomes `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Delete what a killed run left half written in `folder`."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        leftover.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened, and need not be
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def refuse_pipes(path: Path) -> None:
    """Raises OSError where `path` is a named pipe or a device: reading it may wait, or go on, for ever.

    What the shell opened for this command (`/dev/stdin`, `<(...)`) may be such, and so may an empty file, /dev/null.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and not str(path).startswith(_OPENED_ALREADY):
        what = "a named pipe" if stat.S_ISFIFO(mode) else "a device"
        raise OSError(errno.EINVAL, f"it is {what}, not a file", str(path))


def read_small(path: Path, most: int = MOST_TEXT) -> bytes:
    """The bytes of a file that a user named. Raises OSError, also for a pipe and for more than `most` bytes."""
    refuse_pipes(path)
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is longer than {most:,} bytes", str(path))
    return content
