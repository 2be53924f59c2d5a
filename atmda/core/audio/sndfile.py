"""Recordings through libsndfile, with what it reads amiss put right."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import soundfile as sf

from atmda.core.audio.complaints import told
from atmda.core.audio.levels import step
from atmda.core.audio.riff import Recovered, Spliced, recovered
from atmda.core.audio.source import Source, Tell, block_frames
from atmda.core.audio.truncation import truncation
from atmda.core.types import FloatArray
from atmda.errors import AudioError

NOT_AUDIO = "it is not audio that libsndfile can read"
A_HEADER = 1024  # bytes; a file without samples that is longer holds something else


class UnreadableError(AudioError):
    """libsndfile cannot read the file at all; another decoder may."""


def open_sndfile(path: Path, name: str, size: int, tell: Tell) -> Source:
    """The recording in `path`, of `size` bytes; `tell` hears of what was put right.

    Raises UnreadableError where it is not audio for libsndfile, AudioError where it is cut or holds no samples.
    """
    mended = None
    info = _info(path, None, tell)
    if info is None or info[1] == 0:
        mended = recovered(path, size)
        info = info if mended is None else _info(path, mended, tell)
    if info is None:
        raise UnreadableError(name, NOT_AUDIO)
    if reason := truncation(path, size):
        raise AudioError(name, reason)
    rate, frames, channels, subtype = info
    if frames == 0:
        but = "a header and nothing else" if size <= A_HEADER else f"so its header says, though it has {size} bytes"
        raise AudioError(name, f"it holds no samples ({but})")
    if mended is not None:
        tell(mended.note)
    return Source(
        rate, frames, channels, lambda first, count: _blocks(path, mended, name, first, count, tell), step(subtype)
    )


def _info(path: Path, mended: Recovered | None, tell: Tell) -> tuple[int, int, int, str] | None:
    """Sample rate, frames, channels and the samples' format; None where libsndfile refuses the file."""
    try:
        with told(tell), _opened(path, mended) as file:
            return file.samplerate, file.frames, file.channels, file.subtype
    except (sf.LibsndfileError, RuntimeError):
        return None


@contextmanager
def _opened(path: Path, mended: Recovered | None) -> Iterator[sf.SoundFile]:
    with ExitStack() as stack:
        stream = _name(path) if mended is None else stack.enter_context(closing(Spliced(path, mended)))
        yield stack.enter_context(sf.SoundFile(stream))


def _name(path: Path) -> str | bytes:
    """`path` as soundfile takes it where it is not UTF-8, too: as the system's bytes."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def _blocks(
    path: Path, mended: Recovered | None, name: str, first: int, count: int | None, tell: Tell
) -> Iterator[FloatArray]:
    try:
        with ExitStack() as stack:
            with told(tell):
                file = stack.enter_context(_opened(path, mended))
                if first:
                    file.seek(first)
            size, left = block_frames(file.samplerate), sys.maxsize if count is None else count
            sought = first > 0
            while left:
                with told(tell, sought):
                    block: FloatArray = file.read(min(size, left), dtype="float32", always_2d=True)
                if not len(block):
                    return
                sought = True  # soundfile seeks to where it is after every read
                yield block
                left -= len(block)
    except (sf.LibsndfileError, RuntimeError) as error:
        raise AudioError(name, f"decoding stopped: {error}") from error
