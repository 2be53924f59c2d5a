"""Recordings through libsndfile, with what it reads amiss put right."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile as sf

from atmda.core.audio.complaints import told
from atmda.core.audio.leftover import LITTLE, READ_ON, another_recording, leftover
from atmda.core.audio.levels import step
from atmda.core.audio.open_ended import flac_of, to_the_end
from atmda.core.audio.riff import Recovered, Spliced, recovered
from atmda.core.audio.source import Source, Tell, block_frames
from atmda.core.audio.truncation import promised, truncation
from atmda.core.types import FloatArray
from atmda.errors import AudioError

NOT_AUDIO = "it is not audio that libsndfile can read"
UNKNOWN_FRAMES = 2**62
A_HEADER = 1024  # bytes; a file without samples that is longer holds something else


class UnreadableError(AudioError):
    """libsndfile cannot read the file at all; another decoder may."""


@dataclass(frozen=True)
class Facts:
    """What libsndfile says of a file: Hz, samples a channel, channels, and its names of container and samples."""

    rate: int
    frames: int
    channels: int
    container: str
    subtype: str


class _Straight(sf.SoundFile):  # type: ignore[misc]
    """Read from its beginning to its end; soundfile else seeks to where it is after every read."""

    def seekable(self) -> bool:
        return False


def open_sndfile(path: Path, name: str, size: int, tell: Tell) -> Source:
    """The recording in `path`, of `size` bytes; `tell` hears of what was put right.

    Raises UnreadableError where it is not audio for libsndfile, AudioError where it is cut or holds no samples.
    """
    mended = None
    facts = _facts(path, None, tell)
    if facts is None or facts.frames == 0:
        mended = recovered(path, size) or to_the_end(path, size)
        facts = facts if mended is None else _facts(path, mended, tell)
    container = facts.container if facts else None
    with path.open("rb") as file:
        found = promised(file, path, size, container)
        if reason := truncation(file, size, found, container, tell):
            raise AudioError(name, reason)
        left = leftover(file, size, found, container) if found and container else 0
        another = left > 0 and found is not None and another_recording(file, found)
    if facts is not None and left and (mended is None or another):
        more = None if another else _longer(path, size, left, facts.container)
        if more is None:
            what = (
                "another recording is in it behind the first" if another else "its header tells of less than is in it"
            )
            tell(f"{what}; the last {left} bytes were left")
        else:
            mended, facts = more, _facts(path, more, tell)
    if facts is None:
        raise UnreadableError(name, NOT_AUDIO)
    if facts.frames == 0:
        but = "a header and nothing else" if size <= A_HEADER else f"so its header says, though it has {size} bytes"
        raise AudioError(name, f"it holds no samples ({but})")
    if mended is not None and mended.note:
        tell(mended.note)
    if facts.frames >= UNKNOWN_FRAMES:  # of FLAC that was written to a pipe; without the number nothing can be sought
        counted = sum(map(len, _blocks(path, None, name, 0, None, tell, straight=True)))
        mended, facts = flac_of(path, size, counted), replace(facts, frames=counted)
    return _source(path, mended, name, facts, tell)


def _longer(path: Path, size: int, left: int, container: str) -> Recovered | None:
    """How to read a file with the `left` bytes behind its samples; None where they seem to be no samples."""
    return recovered(path, size, longer=True) if container in READ_ON and left > LITTLE else None


def _source(path: Path, mended: Recovered | None, name: str, facts: Facts, tell: Tell) -> Source:
    def blocks(first: int, count: int | None) -> Iterator[FloatArray]:
        return _blocks(path, mended, name, first, count, tell)

    return Source(facts.rate, facts.frames, facts.channels, blocks, step(facts.subtype))


def _facts(path: Path, mended: Recovered | None, tell: Tell) -> Facts | None:
    """None where libsndfile refuses the file, as a file of samples without a header."""
    try:
        with told(tell), _opened(path, mended) as file:
            return Facts(file.samplerate, file.frames, file.channels, file.format, file.subtype)
    except (sf.LibsndfileError, RuntimeError, TypeError):
        return None


@contextmanager
def _opened(path: Path, mended: Recovered | None, kind: type[sf.SoundFile] = sf.SoundFile) -> Iterator[sf.SoundFile]:
    with ExitStack() as stack:
        stream = _name(path) if mended is None else stack.enter_context(closing(Spliced(path, mended)))
        yield stack.enter_context(kind(stream))


def _name(path: Path) -> str | bytes:
    """`path` as soundfile takes it where it is not UTF-8, too: as the system's bytes."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def _blocks(
    path: Path, mended: Recovered | None, name: str, first: int, count: int | None, tell: Tell, straight: bool = False
) -> Iterator[FloatArray]:
    """`straight`: nothing is sought, not even where it is after a read."""
    try:
        with ExitStack() as stack:
            with told(tell):
                file = stack.enter_context(_opened(path, mended, _Straight if straight else sf.SoundFile))
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
        cut = "it is truncated or damaged: " if "lost sync" in str(error) else ""  # of FLAC
        raise AudioError(name, f"{cut}decoding stopped: {error}") from error
