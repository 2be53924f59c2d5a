"""Does a file hold all that its header promises? libsndfile reads a cut file silently short, so we look ourselves."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from atmda.core.audio.extent import LENGTHLESS, Extent, extent, htk, mpc2k
from atmda.core.audio.source import Tell

LENGTH_UNKNOWN = "its format does not tell how long it is; whether it was cut cannot be known"
FROM_A_PIPE = (
    "its header gives {} bytes of samples, as programs do that write to a pipe; all {} that are there were read, and "
    "whether it was cut cannot be known"
)


def promised(file: BinaryIO, path: Path, size: int, container: str | None) -> Extent | None:
    """What the header of `path`, open as `file`, tells of its samples; None where it tells nothing.

    `container`: what libsndfile calls it, None where it does not read it.
    """
    if container == "MPC2K":
        return mpc2k(file.read(42))
    if container is None and path.suffix.lower() == ".htk" and size > 12:  # libsndfile knows a whole one by its size
        return htk(file.read(12))
    return None if container in LENGTHLESS - {"XI"} else extent(file, size)


def truncation(file: BinaryIO, size: int, found: Extent | None, container: str | None, tell: Tell) -> str:
    """Why a file of `size` bytes is shorter than the `found` that it tells, or "" where it is whole or cannot tell.

    `tell` hears where it cannot be known.
    """
    if found is None or found.open_ended:
        if container in LENGTHLESS:
            tell(LENGTH_UNKNOWN)
        if found is None and container in (None, "OGG"):
            file.seek(0)
            return _ogg_end(file, size) if file.read(4) == b"OggS" else ""
        return ""
    there = max(0, size - found.start)
    if found.length <= there:
        return ""
    if found.doubtful and container is not None:
        tell(FROM_A_PIPE.format(found.length, there))
        return ""
    return f"it is truncated: {there} of {found.length} bytes of samples are there"


def _ogg_end(file: BinaryIO, size: int) -> str:
    """The last Ogg page is whole and carries an end-of-stream flag; a cut file has lost it."""
    file.seek(max(0, size - 65_536 - 4096))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or last + 6 > len(tail):
        return ""
    lengths = tail[last + 27 : last + 27 + tail[last + 26]] if last + 26 < len(tail) else b""
    whole = last + 26 < len(tail) and last + 27 + tail[last + 26] + sum(lengths) <= len(tail)
    if not tail[last + 5] & 4 or not whole:
        return "it is truncated: the Ogg stream has no end"
    return ""
