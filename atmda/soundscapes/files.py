"""The bytes of a soundscape's files, and putting them in place whole."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from atmda.core.files import TEMPORARY
from atmda.core.types import FloatArray

HEADER_BYTES = 44


def wav_bytes(samples: FloatArray, sample_rate: int) -> memoryview:
    """`samples` (n,) in [-1, 1] as a 16-bit mono WAV file: the nearest of 65536 steps, what is beyond cut off.

    The header is written here, 44 bytes and nothing else, so that files do not differ with libsndfile's version.
    """
    size = 2 * len(samples)
    whole = np.empty(HEADER_BYTES // 2 + len(samples), "<i2")
    fields = (b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16, b"data", size)
    whole[: HEADER_BYTES // 2] = np.frombuffer(struct.pack("<4sI4s4sIHHIIHH4sI", *fields), "<i2")
    steps = samples * np.float32(32768.0)
    np.rint(steps, out=steps)
    whole[HEADER_BYTES // 2 :] = np.clip(steps, -32768.0, 32767.0, out=steps)
    return whole.data.cast("B")


def wav_size(frames: int) -> int:
    """Bytes of the file that `wav_bytes` makes of `frames` samples."""
    return HEADER_BYTES + 2 * frames


def txt_bytes(events: list[tuple[float, float, str]]) -> bytes:
    """Onset, offset and label of each event, a line each, between tabs: what scaper and Audacity call labels."""
    return "".join(f"{onset!r}\t{offset!r}\t{label}\n" for onset, offset, label in events).encode()


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write `data` beside `path`, then put it in place: `path` is there whole or not at all.

    Unlike `core.files.publish` it does not wait for the disk, which would take longer than the mixing. A loss of power
    may so leave an empty or short file, which a resumed run sees by its size.
    """
    part = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    with part.open("wb") as file:
        file.write(data)
    part.replace(path)


def remove_partial_files(folder: Path) -> None:
    """Remove what a killed run was writing, in `folder` and below."""
    for part in folder.rglob(f"{TEMPORARY}*"):
        part.unlink(missing_ok=True)
