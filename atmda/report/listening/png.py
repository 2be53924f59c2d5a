"""Grey pictures as PNG, in the few lines that needs; a library of pictures would be a dependency for this alone."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

#: shades of grey: four bits a pixel are half of eight, and the noise of a spectrogram hides their steps
SHADES = 16


def grey_png(shades: npt.NDArray[np.uint8]) -> bytes:
    """A PNG of `shades`, uint8 (height, width), 0 (black) to 15 (white).

    Format: W3C Portable Network Graphics (Third Edition), grey of bit depth 4, no filter.
    """
    height, width = shades.shape
    even = np.zeros((height, (width + 1) // 2 * 2), np.uint8)
    even[:, :width] = shades
    packed = even[:, ::2] << 4 | even[:, 1::2]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), packed], axis=1)  # each line says first: no filter
    header = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
