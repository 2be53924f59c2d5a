"""Several recordings in one file, put end to end: chained Ogg, and MP3 or FLAC files that were joined.

libsndfile reads the first of them and takes it for the whole. Where each begins is told by what only a beginning has:
in Ogg a page that begins a stream, in FLAC its STREAMINFO, in MP3 the place where the header before says that it ends.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from atmda.core.audio.source import Source
from atmda.core.types import FloatArray

AT_ONCE = 1 << 18
#: of beginnings that may lie on the border of what is read at once
OVERLAP = 64
FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
#: a page that begins a stream of sound, its only segment in group 1
OGG = re.compile(rb"OggS\x00[\x02\x06].{20}\x01(.)(?:\x01vorbis|OpusHead|\x7fFLAC)", re.S)
A_PAGE = 28  # bytes of an Ogg page, but for its one segment
A_FRAME = 128  # bytes; less is no recording
HAS_FRAMES, HAS_BYTES = 1, 2  # of an MP3's Xing header


def beginnings(path: Path, size: int, container: str) -> list[int]:
    """Where in a file of `size` bytes, of libsndfile's `container`, a recording begins; in order, 0 the first."""
    if container not in ("OGG", "FLAC", "MP3"):
        return [0]
    with path.open("rb") as file:
        if container == "MP3":
            return _mp3(file, size)
        found = list(_found(file, *((b"OggS\0", OGG) if container == "OGG" else (b"fLaC", FLAC))))
    return [0, *found[1:]]


def _found(file: BinaryIO, mark: bytes, pattern: re.Pattern[bytes]) -> Iterator[int]:
    """Where the pattern, which begins with `mark`, is met; a plain search for that is many times as fast."""
    position, last, behind, kept = 0, -1, -1, b""
    while block := file.read(AT_ONCE):
        held = kept + block if kept else block
        start = position - len(kept)
        place = held.find(mark)
        while place >= 0:
            at, match = start + place, pattern.match(held, place)
            if match and at > last:
                if at != behind:  # pages that begin streams side by side begin one recording
                    yield at
                if match.groups():
                    behind = at + A_PAGE + match[1][0]
                last = at
            place = held.find(mark, place + 1)
        position += len(block)
        kept = held[-OVERLAP:]


def _mp3(file: BinaryIO, size: int) -> list[int]:
    found = [0]
    while (end := _mp3_end(file, found[-1])) and end + A_FRAME < size:
        file.seek(end)
        behind = file.read(4)
        end += 128 * (behind[:3] == b"TAG")
        file.seek(end)
        behind = file.read(4)
        if not (behind[:3] == b"ID3" or (behind[:1] == b"\xff" and len(behind) > 1 and behind[1] >= 0xE0)):
            break
        found.append(end)
    return found


def _mp3_end(file: BinaryIO, start: int) -> int:
    """Where an MP3 that begins at `start` ends by its Xing header; 0 where it has none."""
    file.seek(start)
    head = file.read(10)
    if head[:3] == b"ID3" and len(head) == 10:
        start += 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(64)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or frame[:1] != b"\xff" or len(frame) < at + 16:
        return 0
    (flags,) = struct.unpack_from(">I", frame, at + 4)
    if not flags & HAS_BYTES:
        return 0
    (length,) = struct.unpack_from(">I", frame, at + 8 + 4 * (flags & HAS_FRAMES))
    return start + int(length) if length else 0


def end_to_end(sources: Sequence[Source]) -> Source:
    """The `sources`, of one rate and number of channels, as one."""

    def blocks(first: int, count: int | None) -> Iterator[FloatArray]:
        left = count
        for place, source in enumerate(sources):
            last = place == len(sources) - 1
            if first >= source.frames and not last:
                first -= source.frames
                continue
            take = left if last else min(source.frames - first, source.frames if left is None else left)
            if take != 0:
                yield from source.blocks(first, take)
            first = 0
            left = None if left is None else left - (take or 0)
            if left == 0:
                return

    one, frames = sources[0], sum(source.frames for source in sources)
    return Source(one.sample_rate, frames, one.channels, blocks, one.step)
