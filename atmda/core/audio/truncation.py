"""Does a file hold all that its header promises? libsndfile reads a cut file silently short, so we look ourselves."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

UNKNOWN_SIZES = {0, 0x7FFFFFFF, 0xFFFFFFFF}  # what streaming writers leave in the data chunk


def truncation(path: Path, size: int) -> str:
    """Why `path` (of `size` bytes) is shorter than its own header says, or "" where it is whole or cannot tell."""
    with path.open("rb") as file:
        magic = file.read(12)
        if magic[:4] in (b"RIFF", b"RIFX", b"FORM") and len(magic) == 12:
            return _chunks(file, size, ">" if magic[:4] in (b"RIFX", b"FORM") else "<")
        if magic[:4] == b"OggS":
            return _ogg_end(file, size)
    return ""


def _chunks(file: BinaryIO, size: int, order: str) -> str:
    """Walk RIFF (or AIFF) chunks to the sample data and compare its declared length with what is there."""
    position = 12
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        if name in (b"data", b"SSND"):
            there = size - position - 8
            if length not in UNKNOWN_SIZES and there < length:
                return f"it is truncated: {there} of {length} bytes of samples are there"
            return ""
        position += 8 + length + (length & 1)
    return ""


def _ogg_end(file: BinaryIO, size: int) -> str:
    """The last Ogg page carries an end-of-stream flag; a cut file has lost it."""
    file.seek(max(0, size - 65_536 - 4096))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last >= 0 and last + 6 <= len(tail) and not tail[last + 5] & 4:
        return "it is truncated: the Ogg stream has no end"
    return ""
