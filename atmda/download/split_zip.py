"""A split zip (.z01, .z02, ..., .zip) read as one file, without outside programs and without joining it on disk.

Format: PKWARE's APPNOTE 6.3, sections 4.3.12 to 4.3.16 and 8. In a split archive every position is counted from the
start of the piece ("disk") it lies in. Here the pieces are laid end to end, and the central directory is written anew
in memory with positions counted from the start of the whole, in zip64 form, which Python's zipfile then reads.
"""

from __future__ import annotations

import bisect
import io
import struct
from collections.abc import Sequence
from pathlib import Path

from atmda.core.read_at import ReadAt
from atmda.errors import AtmdaError

END, END64, LOCATOR, ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF
LONGEST_END = 22 + 65535  # the end record and its comment


def in_order(pieces: Sequence[Path]) -> list[Path]:
    """The pieces of a split zip in the order in which they follow each other: .z01, .z02, ..., .zip last."""
    return sorted(
        pieces,
        key=lambda path: (path.suffix.lower() == ".zip", int(path.suffix[2:]) if path.suffix[2:].isdecimal() else 0),
    )


def open_split_zip(pieces: Sequence[Path]) -> io.BufferedIOBase:
    """A file that zipfile can read, of `pieces` in any order. Raises AtmdaError where they do not make an archive."""
    pieces = in_order(pieces)
    body = _Pieces(pieces)
    try:
        directory, at = _directory(body, pieces)
    except (struct.error, IndexError, ValueError) as error:
        body.close()
        raise AtmdaError(f"{pieces[-1]} is not the end of a split zip archive ({error}).", "Fetch it again.") from error
    except AtmdaError:
        body.close()
        raise
    return io.BufferedReader(_WithDirectory(body, at, directory), 1 << 18)


class _Pieces:
    """Files laid end to end."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.starts = [0]
        self._files = [path.open("rb") for path in paths]
        for path in paths:
            self.starts.append(self.starts[-1] + path.stat().st_size)

    @property
    def size(self) -> int:
        return self.starts[-1]

    def read(self, at: int, count: int) -> bytes:
        found = []
        while count > 0 and at < self.size:
            piece = bisect.bisect_right(self.starts, at) - 1
            file = self._files[piece]
            file.seek(at - self.starts[piece])
            block = file.read(min(count, self.starts[piece + 1] - at))
            if not block:
                break
            found.append(block)
            at, count = at + len(block), count - len(block)
        return b"".join(found)

    def close(self) -> None:
        for file in self._files:
            file.close()


class _WithDirectory(ReadAt):
    """`body` up to `at`, then `directory`."""

    def __init__(self, body: _Pieces, at: int, directory: bytes) -> None:
        super().__init__()
        self._body, self._at, self._directory = body, at, directory

    @property
    def size(self) -> int:
        return self._at + len(self._directory)

    def read_at(self, position: int, count: int) -> bytes:
        start = position - self._at
        return self._body.read(position, min(count, -start)) if start < 0 else self._directory[start : start + count]

    def close(self) -> None:
        self._body.close()
        super().close()


def _directory(body: _Pieces, pieces: Sequence[Path]) -> tuple[bytes, int]:
    """The central directory with positions in the whole, and where it begins there."""
    tail_at = max(0, body.size - LONGEST_END)
    tail = body.read(tail_at, LONGEST_END)
    found = tail.rfind(END)
    if found < 0:
        raise ValueError("it has no end record")
    disk, first_disk, _, entries, size, offset = struct.unpack("<4H2L", tail[found + 4 : found + 20])
    locator = tail[found - 20 : found]
    if found >= 20 and locator[:4] == LOCATOR:
        record_disk, record_at, disks = struct.unpack("<LQL", locator[4:])
        _check_count(disks, pieces)
        record = body.read(body.starts[record_disk] + record_at, 56)
        if record[:4] != END64:
            raise ValueError("its zip64 end record is missing")
        disk, first_disk, _, entries, size, offset = struct.unpack("<2L4Q", record[16:56])
    else:
        _check_count(disk + 1, pieces)
    at = body.starts[first_disk] + offset
    if size > body.size - at:
        raise ValueError("its directory reaches beyond its end")
    directory = _renumbered(body.read(at, size), entries, body.starts)
    ends = struct.pack("<4sQ2H2L4Q", END64, 44, 45, 45, 0, 0, entries, entries, len(directory), at)
    ends += struct.pack("<4sLQL", LOCATOR, 0, at + len(directory), 1)
    ends += struct.pack("<4s4H2LH", END, 0, 0, FULL16, FULL16, FULL32, FULL32, 0)
    return directory + ends, at


def _check_count(disks: int, pieces: Sequence[Path]) -> None:
    if disks != len(pieces):
        names = ", ".join(path.name for path in pieces)
        raise AtmdaError(f"{pieces[-1]} is split into {disks} pieces, and here are {len(pieces)} ({names}).")


def _renumbered(old: bytes, entries: int, starts: Sequence[int]) -> bytes:
    """Entries of a central directory, each position counted from the start of the whole."""
    new, at = [], 0
    for _ in range(entries):
        fixed = old[at : at + 46]
        if fixed[:4] != ENTRY:
            raise ValueError("its directory is damaged")
        compressed, plain, name, extra, comment, disk = struct.unpack("<2L4H", fixed[20:36])
        (offset,) = struct.unpack("<L", fixed[42:46])
        names = old[at + 46 : at + 46 + name]
        extras = old[at + 46 + name : at + 46 + name + extra]
        at += 46 + name + extra + comment
        others, wide = _extras(extras)
        values = iter(wide)
        plain, compressed, offset = (
            next(values) if value == FULL32 else value for value in (plain, compressed, offset)
        )
        if disk == FULL16:
            disk = next(values)
        field = struct.pack("<2H3Q", 1, 24, plain, compressed, starts[disk] + offset) + others
        head = fixed[:20] + struct.pack("<2L4H", FULL32, FULL32, name, len(field), 0, 0) + fixed[36:42]
        new.append(head + struct.pack("<L", FULL32) + names + field)
    return b"".join(new)


def _extras(extras: bytes) -> tuple[bytes, list[int]]:
    """Extra fields without the zip64 one, and its values: 8 bytes each, the disk number 4."""
    others, wide, at = b"", [], 0
    while at + 4 <= len(extras):
        kind, length = struct.unpack("<2H", extras[at : at + 4])
        value = extras[at + 4 : at + 4 + length]
        if kind == 1:
            wide = list(struct.unpack(f"<{length // 8}Q", value[: length // 8 * 8]))
            if length % 8 == 4:
                wide += struct.unpack("<L", value[-4:])
        else:
            others += extras[at : at + 4 + length]
        at += 4 + length
    return others, wide
