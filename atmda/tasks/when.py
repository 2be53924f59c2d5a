"""When and where recordings were made, and where they lie, each looked up once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from atmda.core.audio.recorded_at import Recorded, recorded_at, site_of
from atmda.tasks.observer import Observer

REMEMBERED = 16  # recordings: they come one after another


class When:
    """Looks up recordings by name.

    `paths`: where they lie, as far as that is known. `zone`: of times that tell none. `observer`: told where a
    recording says two different things.
    """

    def __init__(self, paths: Mapping[str, Path], zone: tzinfo | None, observer: Observer) -> None:
        self._paths, self._zone, self._observer = paths, zone, observer
        self._found = lru_cache(REMEMBERED)(self._look)
        self._told: set[str] = set()
        sites = [site_of(name) for name in paths]
        changes = 1 + sum(a != b for a, b in pairwise(sites))
        #: whether recordings of one site do not all follow each other
        self.interleaved = not paths or changes > len(set(sites))

    def path(self, name: str) -> Path | None:
        """Where a recording lies; None where that is not known."""
        return self._paths.get(name)

    def file(self, name: str) -> tuple[Path | None, float | None]:
        """Where it lies, and its sample rate in Hz; None each where it is not known."""
        import soundfile

        path = self.path(name)
        try:
            return path, None if path is None else float(soundfile.info(path).samplerate)
        except (soundfile.LibsndfileError, RuntimeError, TypeError):
            return path, None

    def start(self, name: str) -> datetime | None:
        """When it began, as far as that is known."""
        return self._found(name).start

    def seconds(self, name: str) -> float | None:
        """When it began, in seconds since 1970 (of a clock without a zone as if it showed UTC)."""
        start = self.start(name)
        if start is None:
            return None
        return (start if start.tzinfo else start.replace(tzinfo=timezone.utc)).timestamp()

    def site(self, name: str) -> str:
        """The folder of the place."""
        return site_of(name)

    def _look(self, name: str) -> Recorded:
        found = recorded_at(self.path(name), name, self._zone)
        if found.note and name not in self._told:
            self._told.add(name)
            self._observer.notice(f"note: {self.path(name) or name}: {found.note}.")
        return found
