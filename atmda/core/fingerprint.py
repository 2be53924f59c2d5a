"""Is a file still the one it was? Size and time of change tell at a glance, its content where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

BLOCK = 1 << 20


@dataclass(frozen=True)
class Fingerprint:
    """What a file was like when it was read.

    Attributes:
        size: in bytes.
        modified: time of its last change, nanoseconds since 1970.
        sha256: of its content, in hexadecimal; "" where it was not read for it.
    """

    size: int
    modified: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Fingerprint:
        """The fingerprint of the file at `path`. Raises OSError."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, digest(path))

    @classmethod
    def glance(cls, path: Path) -> Fingerprint:
        """Size and time alone, which cost nothing. Raises OSError."""
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, "")

    def fits(self, path: Path) -> bool:
        """Whether the file at `path` has the same content; it is read only where its time differs alone.

        Raises OSError.
        """
        status = path.stat()
        if status.st_size != self.size:
            return False
        return status.st_mtime_ns == self.modified or (self.sha256 != "" and digest(path) == self.sha256)


def digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal. Raises OSError."""
    found = sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()
