"""Does a file hold all that its header promises? libsndfile reads a cut file silently short, so we look ourselves."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from atmda.core.audio.riff import byte_order, chunks

UNKNOWN_SIZES = {0, 0x7FFFFFFF, 0xFFFFFFFF}  # what streaming writers leave in the data chunk


def truncation(path: Path, size: int) -> str:
    """Why `path` (of `size` bytes) is shorter than its own header says, or "" where it is whole or cannot tell."""
    with path.open("rb") as file:
        magic = file.read(12)
        if order := byte_order(magic):
            return _samples(file, size, order)
        if magic[:4] == b"OggS":
            return _ogg_end(file, size)
    return ""


def _samples(file: BinaryIO, size: int, order: str) -> str:
    """Compare the declared length of the sample data with what is there."""
    for chunk in chunks(file, size, order):
        if chunk.name in (b"data", b"SSND"):
            there = size - chunk.start
            if chunk.length not in UNKNOWN_SIZES and there < chunk.length:
                return f"it is truncated: {there} of {chunk.length} bytes of samples are there"
            return ""
    return ""


def _ogg_end(file: BinaryIO, size: int) -> str:
    """The last Ogg page carries an end-of-stream flag; a cut file has lost it."""
    file.seek(max(0, size - 65_536 - 4096))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last >= 0 and last + 6 <= len(tail) and not tail[last + 5] & 4:
        return "it is truncated: the Ogg stream has no end"
    return ""
