"""The garbage collector, kept from looking at what will not be garbage.

Importing torch makes half a million objects that live as long as the process. The collector walks over them again and
again while they are made, and once more when the process ends.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection within: for imports, which leave little garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def end_without_collecting() -> None:
    """Leave out the collection at the end of the process; the operating system takes back all memory at once."""
    atexit.register(gc.freeze)
