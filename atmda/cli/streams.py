"""Standard streams that the shell closed, or that cannot be written: one sentence and an exit code, no traceback."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.cli.exit_codes import FAILED

if TYPE_CHECKING:
    from typing_extensions import Buffer

EXACT = "atmda-exact"  # how stdout writes what its alphabet lacks


@contextmanager
def standard_streams() -> Iterator[None]:
    """Run a command with all three streams there, and say on stderr where stdout could not take what was shown."""
    _open_closed()
    codecs.register_error(EXACT, _exact)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=EXACT)
    leaving: SystemExit | None = None
    try:
        try:
            yield
        except SystemExit as error:
            leaving = error
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our stdout went away, as `head` does
        _discard_output()
    except OSError as error:
        _discard_output()
        if leaving is None or not leaving.code:  # else a sentence has been shown already
            with suppress(OSError):
                sys.stderr.write(f"error: standard output cannot be written ({error.strerror or error}).\n")
            raise SystemExit(FAILED) from error
    if leaving is not None:
        raise leaving


@contextmanager
def naming_stdout() -> Iterator[None]:
    """Whatever the system refuses while stdout is written to, the error says that it was there."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, error.filename or "standard output") from error


def _exact(error: UnicodeError) -> tuple[bytes, int]:
    """Bytes of names that are not UTF-8 as they are; what the terminal's alphabet lacks as an escape."""
    assert isinstance(error, UnicodeEncodeError)
    characters = error.object[error.start : error.end]
    return b"".join(
        bytes([ord(c) - 0xDC00]) if "\udc80" <= c <= "\udcff" else c.encode("ascii", "backslashreplace")
        for c in characters
    ), error.end


class _Closed(io.RawIOBase):
    """What writes to a closed stream meet: the error they would meet with no Python in between, until that was told."""

    told = False

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int:
        if self.told:
            return memoryview(data).nbytes
        raise OSError(errno.EBADF, "it is closed")


def _open_closed() -> None:
    """Python has no stream where the shell closed one (`>&-`), and the next file opened would take its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        null = os.open(os.devnull, os.O_RDWR)
        if null == number:
            os.set_inheritable(null, True)
        else:
            os.dup2(null, number)
            os.close(null)
        if name == "stdout":  # results would be lost without a word
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Closed()), encoding="utf-8")
        else:
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def _discard_output() -> None:
    """What is left in the buffer goes nowhere: Python tries again as it ends, and as the stream goes (3.13 says so)."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Closed):
        raw.told = True
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(sys.stdout.fileno(), 1)
