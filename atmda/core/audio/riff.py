"""WAV files that libsndfile does not read as they are, though their samples are there.

Two faults are known: a recorder that lost power leaves a data chunk whose size is 0 before the samples, and some
programs write a chunk of odd length without the byte of padding that belongs behind it. Both are read through a header
made anew.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from atmda.core.read_at import ReadAt

LONGEST_FORM = 4096  # bytes; 40 are usual
LARGEST = 0xFFFFFFFF  # stands for "to the end of the file"
NOTHING_FOLLOWS = "its header says that no samples follow, as where a recorder lost power; all that follows was read"
#: chunks that are usual in WAV and AIFF files; by them it is seen where a chunk begins
USUAL = set(
    b"fmt ,data,LIST,fact,bext,iXML,axml,cue ,plst,smpl,inst,note,labl,ltxt,JUNK,junk,PAD ,FLLR,PEAK,cart,id3 ,ID3 ,"
    b"DISP,wamd,guan,_PMX,levl,link,umid,SSND,COMM,MARK,INST,COMT,NAME,AUTH,ANNO,FVER,MIDI,APPL,CHAN".split(b",")
)


@dataclass(frozen=True)
class Chunk:
    """A chunk: its name, where its content begins, and its length as told."""

    name: bytes
    start: int
    length: int
    padded: bool = True


@dataclass(frozen=True)
class Recovered:
    """A WAV file to be read as `header` and then its bytes from `start` on, `length` of them; `note` says why."""

    header: bytes
    start: int
    length: int
    note: str


def byte_order(magic: bytes) -> str:
    """As `struct` spells it, of a RIFF, RF64, BW64, RIFX or AIFF file by its first 12 bytes; "" for any other."""
    if len(magic) < 12 or magic[:4] not in (b"RIFF", b"RF64", b"BW64", b"RIFX", b"FORM"):
        return ""
    return "<" if magic[:4] in (b"RIFF", b"RF64", b"BW64") else ">"


def chunks(file: BinaryIO, size: int, order: str, position: int = 12) -> Iterator[Chunk]:
    """The chunks of a file of `size` bytes from `position` on, as far as they can be followed."""
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        start, padded = position + 8, True
        if length & 1:
            file.seek(start + length)
            behind = file.read(5)
            padded = behind[1:] in USUAL or behind[:4] not in USUAL
        yield Chunk(name, start, length, padded)
        position = start + length + (length & 1 and padded)


def wide_length(file: BinaryIO, chunk: Chunk) -> int:
    """Bytes of samples in 64 bits, as a chunk ds64 tells them; 0 where it is cut before that."""
    file.seek(chunk.start + 8)
    content = file.read(8)
    return int.from_bytes(content, "little") if len(content) == 8 else 0


def recovered(path: Path, size: int, longer: bool = False) -> Recovered | None:
    """How to read a WAV file that libsndfile refuses or finds empty; None where that is not one of the known faults.

    `longer`: all that follows are samples, though the header tells of less.
    """
    with path.open("rb") as file:
        magic = file.read(12)
        order = byte_order(magic)
        if not order or magic[8:] != b"WAVE":
            return None
        form = b""
        unpadded = False
        wide = 0
        for chunk in chunks(file, size, order):
            if chunk.name == b"fmt ":
                file.seek(chunk.start)
                form = file.read(min(chunk.length, LONGEST_FORM))
            if chunk.name == b"ds64" and chunk.length >= 16:
                wide = wide_length(file, chunk)
            if chunk.name == b"data":
                break
            unpadded |= not chunk.padded
        else:
            return None
        there = size - chunk.start
        told = wide or chunk.length if chunk.length == LARGEST else chunk.length
        lost = told in (0, LARGEST) and there > 0 and not _chunks_follow(file, chunk.start, size, order)
        file.seek(min(chunk.start + told, size))
        joined = file.read(4) in (b"RIFF", b"RF64", b"BW64", b"RIFX")
    if not form or not (lost or unpadded or longer or joined or magic[:4] == b"BW64"):
        return None
    length = there if lost or longer else min(told, there)
    note = _note(lost, longer, unpadded, told, there)
    return Recovered(_header(order, form, length), chunk.start, length, note)


def _note(lost: bool, longer: bool, unpadded: bool, told: int, there: int) -> str:
    if lost:
        return NOTHING_FOLLOWS
    if longer:
        return f"its header tells of {told} bytes of samples, and {there} follow; all of them were read"
    return "a chunk of odd length in it has no padding; it was read nonetheless" if unpadded else ""


def _header(order: str, form: bytes, length: int) -> bytes:
    """Of a WAV file with the content `form` of its chunk fmt, and `length` bytes of samples behind it."""
    parts = b"fmt " + struct.pack(f"{order}I", len(form)) + form + b"\0" * (len(form) & 1)
    parts += b"data" + struct.pack(f"{order}I", min(length, LARGEST))
    whole = 4 + len(parts) + length
    if whole <= LARGEST or order == ">":
        magic = b"RIFX" if order == ">" else b"RIFF"
        return magic + struct.pack(f"{order}I", min(whole, LARGEST)) + b"WAVE" + parts
    wide = b"ds64" + struct.pack("<IQQQI", 28, whole + 36, length, 0, 0)
    return b"RF64" + struct.pack("<I", LARGEST) + b"WAVE" + wide + parts[:-4] + struct.pack("<I", LARGEST)


def _chunks_follow(file: BinaryIO, position: int, size: int, order: str) -> bool:
    """Whether what stands behind an empty data chunk are further chunks, up to the end, and not samples."""
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(f"{order}4sI", file.read(8))
        if name not in USUAL:
            return False
        position += 8 + length + (length & 1)
    return size <= position <= size + 1


class Spliced(ReadAt):
    """A `Recovered` file as a stream: the new header, then the samples as they lie on the disk."""

    def __init__(self, path: Path, recovered: Recovered) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._parts = recovered

    @property
    def size(self) -> int:
        return len(self._parts.header) + self._parts.length

    def read_at(self, position: int, count: int) -> bytes:
        header = self._parts.header
        if position < len(header):
            return header[position : position + count]
        done = position - len(header)
        self._file.seek(self._parts.start + done)
        return self._file.read(max(0, min(count, self._parts.length - done)))

    def close(self) -> None:
        self._file.close()
        super().close()
