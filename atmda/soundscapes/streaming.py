"""Soundscapes written as they are mixed, so that one of a day takes no more memory than its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from atmda.soundscapes.files import put_whole, steps_of, wav_header
from atmda.soundscapes.mix import Mix
from atmda.soundscapes.rendering import ClipPolicy, Rendered, Renderer, settle_peak


def render_to_file(
    renderer: Renderer, mix: Mix, clip_policy: ClipPolicy, name: str, path: Path
) -> tuple[Rendered, str]:
    """Mix `mix` into the WAV file `path`, which is there whole or not at all, with the bytes of `wav_bytes`.

    A sum that is to be scaled is mixed twice: its peak is known at its end. Returns what `Renderer.render` does,
    without samples, and the file's SHA-256. Raises what `Renderer.render` raises, and OSError.
    """
    result, checksum = _written(renderer, mix, 1.0, path, lambda mixed: settle_peak(mixed, mix, clip_policy, name))
    if result.scale != 1.0:
        _, checksum = _written(renderer, mix, result.scale, path, lambda mixed: None)
    return result, checksum


def _written(
    renderer: Renderer, mix: Mix, scale: float, path: Path, check: Callable[[Rendered], None]
) -> tuple[Rendered, str]:
    result, checksum = Rendered(), sha256()
    with put_whole(path) as file:
        for data in _pieces(renderer, mix, scale, result):
            checksum.update(data)
            file.write(data)
        check(result)
    return result, checksum.hexdigest()


def _pieces(renderer: Renderer, mix: Mix, scale: float, result: Rendered) -> Iterator[bytes | memoryview]:
    yield wav_header(mix.frames, mix.sample_rate)
    for block in renderer.blocks(mix, result):
        if scale != 1.0:
            block *= np.float32(scale)
        yield steps_of(block).data.cast("B")
