"""What libraries print of a recording, in words that say what it means for the recording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from atmda.core.audio.c_streams import caught
from atmda.core.audio.source import Tell

LEFT_OUT = "bytes in it that are no MP3 were left out"
SIZE = "its size is not the one that its MP3 header tells"
DAMAGED = "parts of its MP3 data are damaged"
BLOCKS = "blocks of it are damaged"
MEANINGS = (
    (re.compile(r"^Error [A1] :"), BLOCKS),
    (re.compile("Illegal Audio-MPEG-Header|resync|Skipped|junk", re.I), LEFT_OUT),
    (re.compile("stream size off|Xing|Info tag", re.I), SIZE),
    (re.compile("error|missing|rewind|illegal", re.I), DAMAGED),
)


@contextmanager
def told(tell: Tell, after_seeking: bool = False) -> Iterator[None]:
    """While the block runs nothing that libsndfile or libmpg123 prints is shown; `tell` hears what it means.

    `after_seeking`: then a frame may lack what those before it hold for it, so that its data only seems damaged.
    """
    lines: list[str] = []
    try:
        with caught(lines):
            yield
    finally:
        for meaning in meanings(lines) if lines else ():
            if not (after_seeking and meaning == DAMAGED):
                tell(meaning)


def meanings(lines: Sequence[str]) -> list[str]:
    """What the lines mean, each once; a line that is not known stands for itself."""
    found: dict[str, None] = {}
    for line in filter(None, map(str.strip, lines)):
        known = (meaning for pattern, meaning in MEANINGS if pattern.search(line))
        found[next(known, f"its decoder says: {line}")] = None
    return list(found)
