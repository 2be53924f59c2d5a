"""Recordings through libsndfile, with what it reads amiss put right."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import soundfile as sf

from atmda.core.audio.complaints import told
from atmda.core.audio.joined import beginnings, end_to_end
from atmda.core.audio.leftover import LITTLE, READ_ANYWAY, READ_ON, another_recording, leftover
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

    def like(self, source: Source) -> bool:
        """Whether it can be put behind `source`."""
        return (self.rate, self.channels) == (source.sample_rate, source.channels)


class _Straight(sf.SoundFile):  # type: ignore[misc]
    """Read from its beginning to its end; soundfile else seeks to where it is after every read."""

    def seekable(self) -> bool:
        return False


def open_sndfile(path: Path, name: str, size: int, tell: Tell) -> Source:
    """The recording in `path`, of `size` bytes; `tell` hears of what was put right.

    Raises UnreadableError where it is not audio for libsndfile, AudioError where it is cut or holds no samples.
    """
    mended = None
    said: list[str] = []
    facts = _facts(path, None, said.append)
    if facts is None or facts.frames == 0:
        mended = recovered(path, size) or to_the_end(path, size)
        facts = facts if mended is None else _facts(path, mended, tell)
    more = _compared(path, name, size, facts, mended, tell)
    if facts is None:
        raise UnreadableError(name, NOT_AUDIO)
    if facts.frames == 0:
        but = "a header and nothing else" if size <= A_HEADER else f"so its header says, though it has {size} bytes"
        raise AudioError(name, f"it holds no samples ({but})")
    if more is not None:
        mended, facts = more
    if mended is not None and mended.note:
        tell(mended.note)
    if facts.frames >= UNKNOWN_FRAMES:  # of FLAC that was written to a pipe; without the number nothing can be sought
        counted = sum(map(len, _blocks(path, None, name, 0, None, tell, straight=True)))
        mended, facts = flac_of(path, size, counted), replace(facts, frames=counted)
    starts = beginnings(path, size, facts.container) if mended is None else [0]
    if len(starts) > 1:  # where the decoder only wonders about the size of the first
        return _joined(path, name, size, starts, tell)
    for note in said:
        tell(note)
    return _source(path, mended, name, facts, tell)


def _compared(
    path: Path, name: str, size: int, facts: Facts | None, mended: Recovered | None, tell: Tell
) -> tuple[Recovered, Facts] | None:
    """What the header promises is compared with what is there; how to read more than it promises, where that can be.

    Raises AudioError where less is there.
    """
    container = facts.container if facts else None
    with path.open("rb") as file:
        found = promised(file, path, size, container)
        if reason := truncation(file, size, found, container, tell):
            raise AudioError(name, reason)
        left = leftover(file, size, found, container) if found and container else 0
        if not left or found is None or container is None:
            return None
        another = another_recording(file, found)
    if mended is not None and not another:
        return None
    longer = recovered(path, size, longer=True) if container in READ_ON and left > LITTLE and not another else None
    more = _facts(path, longer, tell) if longer is not None else None
    if longer is None or more is None:
        tell(_of_leftover(container, left, another))
        return None
    return longer, more


def _of_leftover(container: str, left: int, another: bool) -> str:
    what = "another recording follows the first in it" if another else "its header tells of less than is in it"
    return f"{what}; the last {left} bytes were {'read, too' if container in READ_ANYWAY else 'left'}"


def _joined(path: Path, name: str, size: int, starts: Sequence[int], tell: Tell) -> Source:
    """All recordings of a file that begin at `starts`, up to one that is of another kind, of which `tell` hears."""
    sources: list[Source] = []
    for start, end in pairwise([*starts, size]):
        part = Recovered(b"", start, end - start, "")
        facts = _facts(path, part, tell)
        alike = facts is not None and (not sources or facts.like(sources[0]))
        if facts is None or not alike or not 0 < facts.frames < UNKNOWN_FRAMES:
            why = "is of another rate or number of channels" if facts and facts.frames else "cannot be read"
            tell(f"recording {len(sources) + 1} of several in it {why}; the last {size - start} bytes were left")
            break
        sources.append(_source(path, part, name, facts, tell))
    if not sources:
        raise UnreadableError(name, NOT_AUDIO)
    return end_to_end(sources)


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
            size, left = block_frames(file.samplerate, file.channels), sys.maxsize if count is None else count
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
