"""A stream over bytes that lie in several places, read by their position."""

from __future__ import annotations

import io
from abc import abstractmethod


class ReadAt(io.RawIOBase):
    """Seekable and read-only; who derives from it says how long it is and what stands where."""

    def __init__(self) -> None:
        self._position = 0

    @property
    @abstractmethod
    def size(self) -> int:
        """In bytes."""

    @abstractmethod
    def read_at(self, position: int, count: int) -> bytes:
        """At most `count` bytes from `position` on, none only behind the end."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self.read_at(self._position, len(buffer))
        buffer[: len(block)] = block
        self._position += len(block)
        return len(block)
