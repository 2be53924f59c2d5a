"""What C libraries print while a recording is read, caught for that recording instead of shown.

libmpg123, inside libsndfile, prints its complaints to C's `stderr`, and libsndfile's reader of SDS some to `stdout`,
where they would stand among our results; neither can be told not to. Redirecting file descriptors would catch what
other threads and the command line print too. In the GNU C library both are variables that may be set (its manual,
"Standard Streams"), so while a thread listens they are streams of ours: what the listening thread prints is kept for
it, what any other prints goes where it always went. Python's own streams take no part. Where the C library is another,
nothing is caught.
"""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

UNBUFFERED, LOCKED_BY_CALLER = 2, 2  # _IONBF, FSETLOCKING_BYCALLER
_Write = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

_heard = threading.local()
_lock = threading.Lock()
_listening = 0
_before: dict[str, int | None] = {}


class _Functions(ctypes.Structure):
    """cookie_io_functions_t, of which only `write` is given."""

    _fields_ = [("read", ctypes.c_void_p), ("write", _Write), ("seek", ctypes.c_void_p), ("close", ctypes.c_void_p)]


@contextmanager
def caught(lines: list[str]) -> Iterator[None]:
    """While the block runs, what C code prints on this thread is added to `lines`."""
    outer: bytearray | None = getattr(_heard, "text", None)
    _heard.text = text = bytearray()
    _begin()
    try:
        yield
    finally:
        _end()
        _heard.text = outer
        if text:
            lines.extend(text.decode("utf-8", "replace").splitlines())


def _begin() -> None:
    global _listening
    if not _streams():
        return
    with _lock:
        if _listening == 0:
            for name, stream in _streams().items():
                _before[name] = _variable(name).value
                _variable(name).value = stream
        _listening += 1


def _end() -> None:
    global _listening
    if not _streams():
        return
    with _lock:
        _listening -= 1
        if _listening == 0:
            for name, stream in _before.items():
                _variable(name).value = stream


@cache
def _variable(name: str) -> ctypes.c_void_p:
    return ctypes.c_void_p.in_dll(ctypes.CDLL(None), name)


@cache
def _streams() -> dict[str, int]:
    """C streams that are never closed, for each of C's variables; none where the C library is not GNU's."""
    found = {name: _stream(number) for name, number in (("stdout", 1), ("stderr", 2))}
    return {name: stream for name, stream in found.items() if stream is not None}


def _stream(number: int) -> int | None:
    """A C stream that writes to the file descriptor `number` what no thread listens to."""
    if platform.libc_ver()[0] != "glibc":
        return None
    libc = ctypes.CDLL(None)
    libc.fopencookie.restype = ctypes.c_void_p
    libc.fopencookie.argtypes = [ctypes.c_void_p, ctypes.c_char_p, _Functions]
    stream: int | None = libc.fopencookie(number, b"w", _Functions(None, _KEEP, None, None))
    if stream is not None:
        libc.setvbuf(ctypes.c_void_p(stream), None, UNBUFFERED, 0)
        # without a lock of the stream's own no thread can wait for it while it holds Python's
        libc.__fsetlocking(ctypes.c_void_p(stream), LOCKED_BY_CALLER)
    return stream


def _keep(number: int, start: int, size: int) -> int:
    content = ctypes.string_at(start, size)
    text: bytearray | None = getattr(_heard, "text", None)
    if text is not None:
        text += content
        return size
    try:
        return os.write(number, content)
    except OSError:
        return size


_KEEP = _Write(_keep)  # kept here: C code calls it for as long as the process lives
