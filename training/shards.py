"""Files of arrays that several processes make and read: written whole, awaited, read where they lie."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import numpy as np
from synth_parts import Array


def awaited(path: Path) -> Path:
    """`path`, once another process has made it."""
    while not path.exists():
        time.sleep(2)
    return path


def publish(path: Path, **arrays: Array) -> None:
    """Write `arrays` to `path` so that it is there whole or not at all."""
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    with beside.open("wb") as file:
        np.savez(file, **arrays)
    beside.replace(path)


def mapped(path: Path) -> dict[str, Array]:
    """The arrays of a shard as they lie on disk: processes that read the same bank share the memory it takes."""
    arrays = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for member in archive.infolist():
            file.seek(member.header_offset + 26)  # where a zip file's local header has the lengths of what follows it
            name, extra = np.frombuffer(file.read(4), "<u2")
            file.seek(int(name) + int(extra), os.SEEK_CUR)
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            arrays[member.filename.removesuffix(".npy")] = np.memmap(path, dtype, "r", file.tell(), shape)
    return arrays
