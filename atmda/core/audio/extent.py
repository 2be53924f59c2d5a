"""Where a file's header says that its samples lie, and how many bytes they take, in the containers that tell it.

PAF, PVF, IRCAM, SD2 and raw samples tell no length. FLAC, MP3 and Ogg are none of these: their decoders meet the end.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from atmda.core.audio.riff import byte_order, chunks, wide_length

LENGTHLESS = {"PAF", "PVF", "IRCAM", "SD2", "RAW", "XI"}  # XI at times; as libsndfile calls them
UNKNOWN = {0, 0x7FFFFFFF, 0xFFFFFFFF}  # what streaming writers leave for a length
#: a program that writes to a pipe leaves the most that it could write, less its header or what rounding takes
NEAR = 0x10000

NIST_FACT = re.compile(rb"(sample_count|sample_n_bytes|channel_count) -[is]\d* (\d+)")


@dataclass(frozen=True)
class Extent:
    """Samples from the byte `start` on, `length` bytes of them as told.

    `open_ended`: the length is told to be unknown. `doubtful`: it is near the limit of its field, as where a program
    wrote to a pipe.
    """

    start: int
    length: int
    open_ended: bool = False
    doubtful: bool = False

    @property
    def end(self) -> int:
        return self.start + self.length


def extent(file: BinaryIO, size: int) -> Extent | None:
    """Of a file of `size` bytes; None where its container is none of these, or has no samples."""
    file.seek(0)
    head = file.read(512)
    try:
        if byte_order(head):
            return _riff(file, size, head)
        return next((read(file, size, head) for magic, read in READERS if head.startswith(magic)), None)
    except (struct.error, LookupError, ValueError, ArithmeticError):
        return None  # the header itself is cut, and refused by its decoder


def htk(head: bytes) -> Extent:
    """Of an HTK waveform, which has no mark to be known by."""
    return Extent(12, 2 * int(struct.unpack_from(">I", head)[0]))


def mpc2k(head: bytes) -> Extent:
    """Of an Akai MPC 2000 file, of whose mark there are two bytes."""
    return Extent(42, 2 * int(struct.unpack_from("<I", head, 30)[0]) * (1 + head[21]))


def _told(start: int, length: int) -> Extent:
    """A length in 32 bits."""
    doubtful = abs(length - 0x80000000) <= NEAR or length >= 2**32 - NEAR
    return Extent(start, length, length in UNKNOWN, doubtful)


def _riff(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    wide = None
    for chunk in chunks(file, size, byte_order(head)):
        if chunk.name == b"ds64" and chunk.length >= 16:
            wide = wide_length(file, chunk)
        if chunk.name in (b"data", b"SSND", b"BODY"):
            if wide and chunk.length == 0xFFFFFFFF and head[:4] in (b"RF64", b"BW64"):
                return Extent(chunk.start, wide)
            return _told(chunk.start, chunk.length)
    return None


def _w64(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    position = 40
    while position + 24 <= size:
        file.seek(position)
        name, length = struct.unpack("<4s12xQ", file.read(24))  # the length counts these 24 bytes
        if name == b"data":
            return Extent(position + 24, length - 24, not 24 < length < 2**62)
        if length < 24:
            return None
        position += (length + 7) & ~7
    return None


def _au(file: BinaryIO, size: int, head: bytes) -> Extent:
    start, length = struct.unpack_from((">" if head.startswith(b".snd") else "<") + "II", head, 4)
    return _told(start, length)


def _caf(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    position = 8
    while position + 12 <= size:
        file.seek(position)
        name, length = struct.unpack(">4sq", file.read(12))
        if name == b"data":
            return Extent(position + 12, length, length < 0)
        if length < 0:
            return None
        position += 12 + length
    return None


def _voc(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    """The first block that is not whole, or the last with samples."""
    (position,) = struct.unpack_from("<H", head, 20)
    found = None
    while position + 4 <= size:
        file.seek(position)
        kind, low, high = struct.unpack("<BHB", file.read(4))
        if kind == 0:
            return found
        block = Extent(position + 4, low + (high << 16))
        if kind in (1, 2, 9):
            found = block
        if block.end > size:
            return block
        position = block.end
    return found


def _nist(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    start = int(head[8:16])
    file.seek(0)
    told = dict(NIST_FACT.findall(file.read(min(start, 65_536))))
    count, width, channels = (int(told.get(name, 0)) for name in (b"sample_count", b"sample_n_bytes", b"channel_count"))
    return Extent(start, count * width * channels) if count and width and channels else None


def _avr(file: BinaryIO, size: int, head: bytes) -> Extent:
    stereo, bits, frames = struct.unpack_from(">hh10xI", head, 12)
    return Extent(128, frames * (2 if stereo else 1) * (bits // 8))


def _mat4(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    """A matrix of the sample rate, then one of the samples."""
    order = ">" if head[:4] == b"\0\0\x03\xe8" else "<"
    rows, columns, _, name = struct.unpack_from(f"{order}4I", head, 4)
    if (rows, columns) != (1, 1) or head[20:30] != b"samplerate":
        return None
    position = 20 + name + 8
    kind, rows, columns, _, name = struct.unpack_from(f"{order}5I", head, position)
    width = {0: 8, 1: 4, 2: 4, 3: 2, 4: 2, 5: 1}[kind % 100 // 10]
    return Extent(position + 20 + name, rows * columns * width)


def _mat5(file: BinaryIO, size: int, head: bytes) -> Extent | None:
    """The first element that is not whole, or the last; libsndfile writes 8 bytes less than it tells."""
    order = "<" if head[126:128] == b"IM" else ">"
    position, found = 128, None
    while position + 8 <= size:
        file.seek(position)
        _, length = struct.unpack(f"{order}II", file.read(8))
        found = Extent(position + 8, max(0, length - 8))
        if found.end > size:
            break
        position += 8 + length
    return found


def _xi(file: BinaryIO, size: int, head: bytes) -> Extent:
    (length,) = struct.unpack_from("<I", head, 298)
    return Extent(338, length, length == 0)  # libsndfile writes 0


def _wve(file: BinaryIO, size: int, head: bytes) -> Extent:
    return Extent(32, int(struct.unpack_from(">I", head, 18)[0]))


def _sds(file: BinaryIO, size: int, head: bytes) -> Extent:
    """Blocks of 127 bytes, 120 of them samples in bytes of seven bits."""
    bits, frames = head[6], head[10] | head[11] << 7 | head[12] << 14
    a_block = 120 // -(-bits // 7)
    return Extent(21, -(-frames // a_block) * 127)


READERS: tuple[tuple[bytes, Callable[[BinaryIO, int, bytes], Extent | None]], ...] = (
    (b"riff.\x91\xcf\x11", _w64),
    (b".snd", _au),
    (b"dns.", _au),
    (b"caff", _caf),
    (b"Creative Voice File", _voc),
    (b"NIST_1A", _nist),
    (b"2BIT", _avr),
    (b"\0\0\0\0", _mat4),
    (b"\0\0\x03\xe8", _mat4),
    (b"MATLAB 5.0 MAT-file", _mat5),
    (b"Extended Instrument: ", _xi),
    (b"ALawSoundFile", _wve),
    (b"\xf0\x7e", _sds),
)
