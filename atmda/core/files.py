"""Files as they are written and as they are read.

Publishing: written beside, flushed to the disk, then renamed, so that a reader sees the old one or the new one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path

from atmda.errors import AtmdaError

TEMPORARY = ".tmp-"
#: What the shell opened for us: `<(...)` is /dev/fd/63, and what is piped in is /dev/stdin.
_OPENED_ALREADY = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/", os.devnull)
#: Longest file of words that is read: tables of millions of rows are shorter.
MOST_TEXT = 1 << 28


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; what is written there becomes `path` when the block ends well.

    Raises OSError, which names `path` and not the temporary one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        yield temporary
        put_in_place(temporary, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Make a file that is written whole `path`, on the disk for good. Raises OSError."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


OR_MAKE_ROOM = "Choose another `output`, or make room."


def check_writable(path: Path, asked: Path | None = None, hint: str = OR_MAKE_ROOM) -> None:
    """Raises AtmdaError where a file at `path`, which may be there already, could not be written.

    Tried, not looked up: permissions do not tell of read-only and full disks. `asked`: what people named, if it is not
    `path` itself but the folder that it is to lie in.
    """
    probe = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(bytes(4096))
    except OSError as error:
        raise unwritable(asked or path, error, hint) from error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError, hint: str = OR_MAKE_ROOM) -> AtmdaError:
    """What to tell people of a file or folder that they asked for."""
    return AtmdaError(f"{path} cannot be written ({error.strerror or error}).", hint)


@contextmanager
def placeholder(path: Path) -> Iterator[Path]:
    """An empty file that is removed behind the block where nothing was written into it."""
    try:
        yield path
    finally:
        with suppress(OSError):
            if path.stat().st_size == 0:
                path.unlink()


def remove_leftovers(folder: Path, name: str = "*") -> None:
    """Delete what killed runs left half written in `folder`, of files that `name` (a glob) matches.

    Only for who holds those names alone: what another is writing at this moment looks the same.
    """
    for leftover in folder.glob(f"{TEMPORARY}*-{name}"):
        leftover.unlink(missing_ok=True)


def claim(path: Path, make: Callable[[Path], None]) -> Path:
    """Make `path`, or, where it is taken, the first of `path`-2, `path`-3, ... that is not.

    `make` makes one, or raises FileExistsError: finding and making it are one step, so that of two processes that ask
    at once each gets its own. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    for free in chain([path], numbered):
        try:
            make(free)
        except FileExistsError:
            continue
        return free
    raise AssertionError("numbers do not end")


def new_file(path: Path) -> None:
    """Make an empty file. Raises OSError, FileExistsError where there is one."""
    path.touch(exist_ok=False)


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
