"""What was fetched into a folder: which parts, which files they hold, where they came from.

Kept in `<folder>/.fetch/state.json`, written anew after each part, so that a killed run goes on with the next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import filelock

from atmda.core.files import publish, read_small
from atmda.core.untrusted import parsed_object
from atmda.datasets.remotes import Part
from atmda.errors import AtmdaError, StoreError

FETCH_FOLDER = ".fetch"
CHECKSUM = re.compile(r"(md5|sha1|sha256|sha512|git):[0-9a-fA-F]+")


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
        path = folder / FETCH_FOLDER / "state.json"
        try:
            parts = parsed_object(read_small(path), str(path)).get("parts")
            return cls(folder, {name: _installed(part) for name, part in parts.items()})  # type: ignore[union-attr]
        except (OSError, StoreError, ValueError, KeyError, TypeError, AttributeError):
            return cls(folder)

    def whole(self, part: Part) -> bool:
        return part.name in self.parts and self.parts[part.name].whole(self.folder)

    def record(self, part: Part, installed: Installed) -> None:
        self.parts[part.name] = installed
        content: dict[str, Any] = {
            name: {"files": part.files, "sources": part.sources} for name, part in self.parts.items()
        }
        with publish(self.folder / FETCH_FOLDER / "state.json") as path:
            path.write_text(json.dumps({"version": 1, "parts": content}), "utf-8")


def _installed(part: Any) -> Installed:
    """A part as the file tells of it. Raises ValueError, KeyError, TypeError, AttributeError for anything else.

    Its files are deleted when a newer copy lacks them: none may lie outside the folder.
    """
    for name, size in part["files"].items():
        if not is_inside(name) or type(size) is not int or size < 0:
            raise ValueError(f"a file {name!r}")
    for name, checksum in part["sources"].items():
        if not CHECKSUM.fullmatch(checksum):
            raise ValueError(f"a checksum of {name!r}")
    return Installed(dict(part["files"]), dict(part["sources"]))


def is_inside(name: str) -> bool:
    """Whether `name`, a path below a folder as lists write it, stays in that folder, whatever the system."""
    parts = PurePosixPath(name).parts
    plain = not PurePosixPath(name).is_absolute() and ".." not in parts and "\0" not in name
    return bool(parts) and plain and not PureWindowsPath(name).drive and "\\" not in name


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
