"""The sources that a JAMS file names, found again.

A source is looked for as scaper looks (`<folder>/<its parent's name>/<its name>`), then by its name anywhere below the
folder, so that a sorted copy of a data set serves for a flat one and the other way about.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from atmda.datasets.folder import audio_endings
from atmda.errors import AtmdaError


class Finder:
    """Finds recordings below one folder by the end of their path; the folder is walked once, when first needed."""

    def __init__(self, folder: Path, setting: str) -> None:
        if not folder.is_dir():
            raise AtmdaError(f"`{setting}` {folder} is not a folder.", "Give the folder that holds the recordings.")
        self._folder = folder
        self._setting = setting
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, source: str) -> Path:
        """Where `source`, a path as JAMS gives it, lies now. Raises AtmdaError where it is not or not alone."""
        written = PurePosixPath(source.replace("\\", "/"))
        if not written.name or ".." in written.parts[-2:]:
            raise AtmdaError(f"{source!r} does not name a recording.")
        for choice in (self._folder / written.parent.name / written.name, self._folder / written.name):
            if choice.is_file():
                return choice
        named = self._index().get(written.name, [])
        if len(named) == 1:
            return named[0]
        if named:
            raise AtmdaError(
                f"{len(named)} recordings below {self._folder} are called {written.name}.",
                f"Give `{self._setting}` the folder that holds {written.parent.name}/{written.name}.",
            )
        raise AtmdaError(f"{written.name} is not below {self._folder}.", f"Is `{self._setting}` right?")

    def _index(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            for path in sorted(self._folder.rglob("*")):
                if path.suffix.lower() in audio_endings() and path.is_file():
                    self._by_name.setdefault(path.name, []).append(path)
        return self._by_name
