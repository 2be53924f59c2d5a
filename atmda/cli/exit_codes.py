"""Where errors end: one sentence on stderr and an exit code, never a traceback unless asked for."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from atmda.cli.spelling import in_flags
from atmda.core.interruption import Stopped
from atmda.core.text import printable
from atmda.errors import AtmdaError, SettingsError

DONE, FAILED, WRONG_USAGE, SOME_SKIPPED = 0, 1, 2, 3
BY_SIGNAL = 128  # and the signal's number


def exit_code_of(work: Callable[[], int], *, debug: bool = False) -> int:
    """Run `work` and turn whatever it raises into an exit code."""
    try:
        return work()
    except SettingsError as error:
        if debug:
            raise
        _print(str(error))
        return WRONG_USAGE
    except AtmdaError as error:
        if debug:
            raise
        _print(str(error))
        return FAILED
    except KeyboardInterrupt as error:
        return BY_SIGNAL + (error.number if isinstance(error, Stopped) else signal.SIGINT)
    except BrokenPipeError:  # the reader of our stdout went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MemoryError:
        _print("Out of memory: a smaller --batch-size or fewer --num-workers needs less.")
        return FAILED
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        _print(f"{place}{error.strerror or error}.")
        return FAILED
    except Exception as error:
        if debug:
            raise
        _print(f"Unexpected {type(error).__name__}: {error}. Run again with --debug and report what it shows.")
        return FAILED


def _print(message: str) -> None:
    sys.stderr.write(f"error: {printable(in_flags(message))}\n")
