"""What recordings hold, as a checksum; a set mixes each of its recordings many times."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from atmda.core.fingerprint import digest
from atmda.errors import AudioError


def content_of(path: Path, name: str) -> str:
    """SHA-256 of the recording `name` at `path`, computed once as long as it has the same size and time.

    Raises AudioError where it cannot be read.
    """
    try:
        status = path.stat()
        return _content(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise AudioError(name, f"it cannot be read ({error.strerror})") from error


@lru_cache(4096)
def _content(path: Path, size: int, modified: int) -> str:
    return digest(path)
