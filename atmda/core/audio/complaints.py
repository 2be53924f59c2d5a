"""What libmpg123 prints of an MP3, in words that say what it means for the recording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from atmda.core.audio.c_stderr import caught
from atmda.core.audio.source import Tell

MEANINGS = (
    (re.compile("Illegal Audio-MPEG-Header|resync|Skipped|junk", re.I), "bytes in it that are no MP3 were left out"),
    (re.compile("stream size off|Xing|Info tag", re.I), "its size is not the one that its MP3 header tells"),
    (re.compile("error|missing|rewind|illegal", re.I), "parts of its MP3 data are damaged"),
)


@contextmanager
def told(tell: Tell) -> Iterator[None]:
    """While the block runs nothing that libmpg123 prints is shown; `tell` hears what it means."""
    lines: list[str] = []
    try:
        with caught(lines):
            yield
    finally:
        if lines:
            for meaning in meanings(lines):
                tell(meaning)


def meanings(lines: Sequence[str]) -> list[str]:
    """What the lines mean, each once; a line that is not known stands for itself."""
    found: dict[str, None] = {}
    for line in filter(None, map(str.strip, lines)):
        known = (meaning for pattern, meaning in MEANINGS if pattern.search(line))
        found[next(known, f"its decoder says: {line}")] = None
    return list(found)
