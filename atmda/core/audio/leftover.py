"""Bytes behind the samples that a header tells of: further chunks, padding, or samples that it does not tell of."""

from __future__ import annotations

import struct
from typing import BinaryIO

from atmda.core.audio.extent import Extent
from atmda.core.audio.riff import USUAL, byte_order

#: as libsndfile calls what may be read on: plain WAV, whose samples reach wherever the file does
READ_ON = {"WAV", "WAVEX", "RF64"}
#: which libsndfile reads to the end of the file in any case
READ_ANYWAY = {"W64", "NIST", "AVR"}
#: whose samples are the last that is in them, but for chunks
CHECKED = {*READ_ON, "AIFF", "AU", "CAF", "W64", "NIST", "AVR"}
#: bytes; less than that is a tag, or a block that was not quite written
LITTLE = 1024
RECORDINGS = (b"RIFF", b"RF64", b"BW64", b"RIFX", b"FORM", b"riff", b".snd", b"caff", b"fLaC", b"OggS")


def leftover(file: BinaryIO, size: int, found: Extent, container: str) -> int:
    """How many bytes of a file of `size` behind its samples are neither chunks nor zeros; 0 where there are none."""
    if container not in CHECKED or found.open_ended or found.end + 1 >= size:
        return 0
    file.seek(0)
    order = byte_order(file.read(12))
    file.seek(found.end)
    behind = file.read(LITTLE)
    left = size - found.end
    if any(_is_chunk(behind[skip : skip + 24], left - skip, container, order) for skip in _paddings(found, container)):
        return 0
    while behind and not behind.strip(b"\0"):
        behind = file.read(1 << 20)
    return left if behind else 0


def another_recording(file: BinaryIO, found: Extent) -> bool:
    """Whether what is behind the samples is a file of its own, as where files were put end to end."""
    file.seek(found.end)
    behind = file.read(5)
    return behind[:4] in RECORDINGS or behind[1:] in RECORDINGS


def _paddings(found: Extent, container: str) -> tuple[int, ...]:
    if container == "W64":
        return (-found.length % 8,)
    return (0, 1) if found.length % 2 else (0,)


def _is_chunk(head: bytes, left: int, container: str, order: str) -> bool:
    """Whether `head` begins a chunk that ends within the `left` bytes, or is a usual one that was cut."""
    name = head[:4]
    if container in ("AU", "NIST", "AVR") or name in RECORDINGS or len(head) < 8:
        return False
    if container == "W64":
        return len(head) == 24 and 24 <= struct.unpack("<Q", head[16:])[0] <= left + 8
    if name in USUAL:
        return True
    if container == "CAF":
        return len(head) >= 12 and name.isalnum() and 0 <= struct.unpack(">q", head[4:12])[0] <= left - 12
    printable = all(32 <= byte < 127 for byte in name)
    return printable and int(struct.unpack(f"{order}I", head[4:8])[0]) <= left - 8 + 1
