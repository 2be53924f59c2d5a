"""What was fetched into a folder: which parts, which files they hold, where they came from.

Kept in `<folder>/.fetch/state.json`, written anew after each part, so that a killed run goes on with the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock

from atmda.core.files import publish
from atmda.datasets.remotes import Part
from atmda.errors import AtmdaError

FETCH_FOLDER = ".fetch"


@dataclass(frozen=True)
class Installed:
    """One part that is here: its files' sizes and the checksums of what was downloaded."""

    files: dict[str, int]
    sources: dict[str, str]

    def whole(self, folder: Path) -> bool:
        """Whether every file is there at its size; what is inside is for `verify`."""
        try:
            return bool(self.files) and all((folder / name).stat().st_size == size for name, size in self.files.items())
        except OSError:
            return False


@dataclass
class State:
    """The parts that are here, by name."""

    folder: Path
    parts: dict[str, Installed] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> State:
        """What `folder` holds; nothing where that is not known."""
        state = cls(folder)
        try:
            content = json.loads((folder / FETCH_FOLDER / "state.json").read_text("utf-8"))
            for name, part in content["parts"].items():
                files = {str(file): int(size) for file, size in part["files"].items()}
                state.parts[name] = Installed(files, {str(k): str(v) for k, v in part["sources"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(folder)
        return state

    def whole(self, part: Part) -> bool:
        return part.name in self.parts and self.parts[part.name].whole(self.folder)

    def record(self, part: Part, installed: Installed) -> None:
        self.parts[part.name] = installed
        content: dict[str, Any] = {
            name: {"files": part.files, "sources": part.sources} for name, part in self.parts.items()
        }
        with publish(self.folder / FETCH_FOLDER / "state.json") as path:
            path.write_text(json.dumps({"version": 1, "parts": content}), "utf-8")


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Hold the folder's lock: two runs at once would write into each other's files. Raises AtmdaError at once."""
    (folder / FETCH_FOLDER).mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / FETCH_FOLDER / "lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise AtmdaError(f"Another fetch of {name} is running.", "Wait until it has ended.") from error
    try:
        yield
    finally:
        lock.release()
