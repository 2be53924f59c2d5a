"""The garbage collector, kept from looking at what will not be garbage.

Importing torch makes half a million objects that live as long as the process. The collector walks over them again and
again while they are made. It is left to its work at the end of the process: without it, extensions report what they
have not been asked to let go of.
"""

from __future__ import annotations

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
