"""Recordings by the names that tables give them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import PurePath, PurePosixPath

from atmda.core.clip import Clip
from atmda.datasets.annotation import Annotation


class Finder:
    """Recordings by what a table may call them: their name, the end of their path, their file name, or its stem."""

    def __init__(self, recordings: Sequence[Clip]) -> None:
        self._by_name = {clip.name: clip for clip in recordings}
        self._by_file: dict[str, list[Clip]] = {}
        for clip in recordings:
            path = PurePosixPath(clip.name)
            for key in {path.name, path.stem}:
                self._by_file.setdefault(key, []).append(clip)

    def find(self, row: Annotation) -> list[Clip]:
        """The recording that a row names; several where it could be any of them."""
        found = self._called(row.recording)
        return found if len(found) == 1 or not row.table else (self._called(row.table) or found)

    def _called(self, name: str) -> list[Clip]:
        """The recordings that `name` may be.

        Of several called alike it is the one whose folders agree with those of `name` the furthest up, so that a table
        made elsewhere, or before the recordings were moved, still names the right one.
        """
        path = PurePosixPath(name)
        exact = self._by_name.get(path.as_posix())
        if exact is not None:
            return [exact]
        found = self._by_file.get(path.name, [])
        if len(found) < 2:
            return found
        agreeing = [_agreeing(clip.path.absolute().parent, path.parent) for clip in found]
        best = max(agreeing)
        return [clip for clip, count in zip(found, agreeing, strict=True) if count == best]


def _agreeing(one: PurePath, other: PurePath) -> int:
    """How many folders at their ends are called the same."""
    pairs = zip(reversed(one.parts), reversed(other.parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
