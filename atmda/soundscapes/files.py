"""The bytes of a soundscape's files, and putting them in place whole."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from atmda.core.files import TEMPORARY
from atmda.core.types import FloatArray

HEADER_BYTES, LONG_HEADER_BYTES = 44, 80
MOST_IN_WAV = 2**32 - HEADER_BYTES  # bytes of samples
Steps: TypeAlias = npt.NDArray[np.int16]


def wav_bytes(samples: FloatArray, sample_rate: int) -> memoryview:
    """`samples` (n,) in [-1, 1] as a 16-bit mono WAV file: the nearest of 65536 steps, what is beyond cut off."""
    header = np.frombuffer(wav_header(len(samples), sample_rate), "<i2")
    whole = np.empty(len(header) + len(samples), "<i2")
    whole[: len(header)] = header
    steps_of(samples, whole[len(header) :])
    return whole.data.cast("B")


def steps_of(samples: FloatArray, out: Steps | None = None) -> Steps:
    """`samples` (n,) in [-1, 1] as the nearest of 65536 steps, int16 (n,); what is beyond is cut off."""
    steps = samples * np.float32(32768.0)
    np.rint(steps, out=steps)
    np.clip(steps, -32768.0, 32767.0, out=steps)
    whole: Steps = np.empty(len(steps), "<i2") if out is None else out
    whole[:] = steps
    return whole


def wav_header(frames: int, sample_rate: int) -> bytes:
    """What stands before `frames` samples: 44 bytes; of a file that these cannot tell the length of, RF64 and 80.

    Written here, and nothing else with it, so that files do not differ with libsndfile's version.
    """
    size = 2 * frames
    long = size > MOST_IN_WAV
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, size + LONG_HEADER_BYTES - 8, size, frames, 0) if long else b""
    told = (0xFFFFFFFF, 0xFFFFFFFF) if long else (36 + size, size)
    begin = struct.pack("<4sI4s", b"RF64" if long else b"RIFF", told[0], b"WAVE")
    fields = (b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16, b"data", told[1])
    return begin + sizes + struct.pack("<4sIHHIIHH4sI", *fields)


def wav_size(frames: int) -> int:
    """Bytes of the file that `wav_bytes` makes of `frames` samples."""
    return 2 * frames + (LONG_HEADER_BYTES if 2 * frames > MOST_IN_WAV else HEADER_BYTES)


def txt_bytes(events: list[tuple[float, float, str]]) -> bytes:
    """Onset, offset and label of each event, a line each, between tabs: what scaper and Audacity call labels."""
    return "".join(f"{onset!r}\t{offset!r}\t{label}\n" for onset, offset, label in events).encode(
        errors="surrogateescape"
    )


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write `data` beside `path`, then put it in place: `path` is there whole or not at all.

    Unlike `core.files.publish` it does not wait for the disk, which would take longer than the mixing. A loss of power
    may so leave an empty or short file, which a resumed run sees by its size.
    """
    with put_whole(path) as file:
        file.write(data)


@contextmanager
def put_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, which becomes `path` when the block ends well; see `write_whole`."""
    part = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def remove_partial_files(folder: Path) -> None:
    """Remove what a killed run was writing, in `folder` and below."""
    for part in folder.rglob(f"{TEMPORARY}*"):
        part.unlink(missing_ok=True)
