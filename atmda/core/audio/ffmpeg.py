"""Recordings through the program ffmpeg, for what libsndfile does not read: streamed as PCM from a pipe.

Nothing in a file, nor in its name, makes it do more than read that file: no shell is involved, the name stands behind
`file:` where it is neither an option nor an address, and no other protocol is open.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO

import numpy as np

from atmda.core.audio.source import Source, Tell, block_frames
from atmda.core.audio.time_limit import TimeLimit
from atmda.core.types import FloatArray
from atmda.errors import AudioError, SettingsError

PROGRAMS = ("ffmpeg", "ffprobe")  # they are installed together
INPUT = ("-v", "error", "-protocol_whitelist", "file")
FACTS = ("-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels", "-of", "json")


def require_ffmpeg() -> None:
    """Raises SettingsError where ffmpeg, or ffprobe that comes with it, is not on the PATH."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise SettingsError(
                f"`ffmpeg` needs the program {program}, which is not on the PATH.",
                "Install ffmpeg, or leave the setting out.",
                setting="ffmpeg",
            )


def open_ffmpeg(path: Path, name: str, limit: TimeLimit, tell: Tell) -> Source:
    """The first sound in `path`, decoded once to count its frames, as its header need not tell them.

    Raises AudioError with what ffmpeg said where it finds no sound, or stops in the middle.
    """
    source = f"file:{path}"
    with _running(["ffprobe", *INPUT, *FACTS, "-i", source], name, limit, tell) as output:
        answer = output.read()
    try:
        facts = json.loads(answer)["streams"][0]
        rate, channels = int(facts["sample_rate"]), int(facts["channels"])
    except (ValueError, LookupError, TypeError) as error:
        raise AudioError(name, "ffmpeg finds no sound in it") from error
    layout = ("-ar", str(rate), "-ac", str(channels))  # as it is; only to hold fast what the pipe carries
    command = ["ffmpeg", "-nostdin", *INPUT, "-i", source, "-map", "0:a:0", *layout, "-f", "f32le", "-"]

    def blocks(first: int, count: int | None) -> Iterator[FloatArray]:
        return _part(_decoded(command, rate, channels, name, limit, tell), first, count)

    frames = sum(len(block) for block in limit.watch(blocks(0, None)))
    return Source(rate, frames, channels, blocks)


def _decoded(
    command: Sequence[str], rate: int, channels: int, name: str, limit: TimeLimit, tell: Tell
) -> Iterator[FloatArray]:
    width = 4 * channels
    with _running(command, name, limit, tell) as output:
        while content := output.read(block_frames(rate, channels) * width):
            whole = len(content) // width * width
            yield np.frombuffer(content[:whole], "<f4").reshape(-1, channels)


def _part(blocks: Iterator[FloatArray], first: int, count: int | None) -> Iterator[FloatArray]:
    """The `count` frames from `first` on; what is before is decoded too, for only so is the place exact."""
    last = sys.maxsize if count is None else first + count
    done = 0
    for block in blocks:
        wanted = block[max(0, first - done) : max(0, last - done)]
        done += len(block)
        if len(wanted):
            yield wanted
        if done >= last:
            return


@contextmanager
def _running(command: Sequence[str], name: str, limit: TimeLimit, tell: Tell) -> Iterator[IO[bytes]]:
    """The program's output; it ends with the block. Raises AudioError with its words where it fails."""
    with tempfile.TemporaryFile() as said:  # a pipe that nobody empties would hold it up
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        except OSError as error:
            raise AudioError(name, f"{command[0]} cannot be run ({error.strerror})") from error
        timer = Timer(max(0.0, limit.left), process.kill) if math.isfinite(limit.left) else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        assert process.stdout is not None
        try:
            with process.stdout as output:
                yield output
            process.wait()
        finally:
            process.kill()
            process.wait()
            if timer is not None:
                timer.cancel()
        limit.check()
        said.seek(0)
        words = _last_line(said.read())
    if process.returncode:
        raise AudioError(name, f"{command[0]} cannot read it: {words or f'it ended with {process.returncode}'}")
    if words:
        tell(f"{command[0]} says of it: {words}")


def _last_line(said: bytes) -> str:
    """What the program said last, which is why it ended."""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else ""
