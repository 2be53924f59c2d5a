"""Where errors stop: one sentence on stderr and an exit code, never a traceback unless asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from atmda.cli.console import print_error
from atmda.errors import AtmdaError, SettingsError

DONE, FAILED, WRONG_USAGE, SOME_SKIPPED, INTERRUPTED = 0, 1, 2, 3, 130


def run_at_edge(work: Callable[[], int], *, debug: bool = False) -> int:
    """Run `work` and turn whatever it raises into an exit code."""
    try:
        return work()
    except SettingsError as error:
        if debug:
            raise
        print_error(str(error))
        return WRONG_USAGE
    except AtmdaError as error:
        if debug:
            raise
        print_error(str(error))
        return FAILED
    except KeyboardInterrupt:
        print_error("Interrupted; what was finished is kept.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our stdout went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MemoryError:
        print_error("Out of memory: a smaller --batch-size or fewer --num-workers needs less.")
        return FAILED
    except OSError as error:
        if debug:
            raise
        place = f"{error.filename}: " if error.filename else ""
        print_error(f"{place}{error.strerror or error}.")
        return FAILED
    except Exception as error:
        if debug:
            raise
        print_error(f"Unexpected {type(error).__name__}: {error}. Run again with --debug and report what it shows.")
        return FAILED
