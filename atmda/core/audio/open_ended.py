"""Files that do not tell how long they are, as a program leaves that writes to a pipe: read with the length they have.

libsndfile refuses CAF whose data chunk says -1, finds AU empty whose length is beyond the file by too much, and cannot
seek in FLAC whose STREAMINFO counts no samples. Each is read through its own header with the length put in.
"""

from __future__ import annotations

import struct
from pathlib import Path

from atmda.core.audio.extent import extent
from atmda.core.audio.riff import NOTHING_FOLLOWS, Recovered

STREAMINFO = (b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22")
BEFORE_FLAC = 1 << 20  # bytes, of ID3 tags


def to_the_end(path: Path, size: int) -> Recovered | None:
    """How to read such a CAF or AU file of `size` bytes; None where it is none."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic not in (b"caff", b".snd", b"dns."):
            return None
        found = extent(file, size)
        if found is None or not (found.open_ended or found.doubtful) or found.start + 4 >= size:
            return None
        file.seek(0)
        header = file.read(found.start)
    length = size - found.start
    if magic == b"caff":
        header = header[:-8] + struct.pack(">q", length)
    else:
        header = header[:8] + struct.pack(">I" if magic == b".snd" else "<I", length) + header[12:]
    return Recovered(header, found.start, length, "" if found.length else NOTHING_FOLLOWS)


def flac_of(path: Path, size: int, frames: int) -> Recovered | None:
    """How to read a FLAC file of `size` bytes that has `frames` samples; None where it is no plain FLAC."""
    with path.open("rb") as file:
        before = file.read(BEFORE_FLAC)
    start = next((at for at in map(before.find, STREAMINFO) if at >= 0), -1)
    if start < 0 or frames >= 1 << 36:
        return None
    header = bytearray(before[start : start + 26])
    header[21] = header[21] & 0xF0 | frames >> 32
    header[22:26] = struct.pack(">I", frames & 0xFFFFFFFF)
    return Recovered(bytes(header), start + 26, size - start - 26, "")
