"""One archive on its way into a folder: the rules that every kind of archive is held to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from atmda.errors import AtmdaError

CHUNK = 1 << 18
MAKE_ROOM = "Make room or choose another `data_dir`."
JUNK = (".DS_Store", "__MACOSX")  # what macOS leaves in archives


@dataclass(frozen=True)
class Limits:
    """When an archive is a bomb: it unpacks to more than `ratio` times its size (and more than `floor` bytes), or to
    more than `members` files. Recordings shrink to a half or a third, lists of numbers to a tenth."""

    ratio: int = 100
    floor: int = 200_000_000
    members: int = 1_000_000


@dataclass
class Unpacking:
    """One archive on its way into `folder`: what is there so far, and what is refused."""

    archive: Path
    folder: Path
    allowed: int
    free: int
    members: int
    report: Callable[[int], None]
    files: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0

    def refuse(self, name: str, reason: str) -> AtmdaError:
        return AtmdaError(f"{self.archive} is not unpacked: its member {name[:200]!r} {reason}.")

    def place(self, name: str) -> Path | None:
        """Where a member goes; None for what macOS leaves behind. Raises AtmdaError where it would leave the folder."""
        parts = PurePosixPath(name).parts
        unsafe = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or PureWindowsPath(name).root
        if unsafe or ".." in parts or ".." in PureWindowsPath(name).parts or "\0" in name:
            raise self.refuse(name, "leads out of its folder")
        if not parts:
            raise self.refuse(name, "has no name")
        if any(part in JUNK or part.startswith("._") for part in parts):
            return None
        self.members -= 1
        if self.members < 0:
            raise AtmdaError(f"{self.archive} is not unpacked: it holds too many files.")
        return self.folder.joinpath(*parts)

    def write(self, name: str, source: IO[bytes], declared: int) -> None:
        """One file, no longer than declared, and all files together no longer than allowed."""
        path = self.place(name)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with path.open("xb") as target:
            while block := source.read(CHUNK):
                written += len(block)
                self.count += len(block)
                if written > declared:
                    raise self.refuse(name, "is longer than the archive says")
                if self.count > self.allowed:
                    raise AtmdaError(f"{self.archive} is not unpacked: it grows far beyond its size (a bomb).")
                if self.count > self.free:
                    raise AtmdaError(f"{self.archive} unpacks to more than {self.folder} has free.", MAKE_ROOM)
                target.write(block)
                self.report(len(block))
        if written < declared:
            raise self.refuse(name, f"ends after {written} of {declared} bytes")
        self.files.append(path.relative_to(self.folder).as_posix())

    def link(self, name: str, target: str) -> None:
        """A link, followed once all files are there."""
        self.place(name)
        self.links.append((name, target))

    def follow_links(self) -> None:
        """Make a copy of what each link points to, which must be a file of this archive."""
        for name, target in self.links:
            place, aim = self.place(name), self.place(target)
            if place is None or aim is None:
                continue
            if aim.relative_to(self.folder).as_posix() not in self.files:
                raise self.refuse(name, f"is a link to {target!r}, which is no file of the archive")
            place.parent.mkdir(parents=True, exist_ok=True)
            with aim.open("rb") as source:
                self.write(name, source, aim.stat().st_size)


def beside(name: str, target: str) -> str:
    """What a symbolic link called `name` points to, as a member's name; `..` is kept where it leaves the top."""
    if PurePosixPath(target).is_absolute() or not target:
        return target or "/"
    parts: list[str] = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(target.replace("\\", "/")).parts:
        if part != ".." or not parts:
            parts.append(part)
        else:
            parts.pop()
    return "/".join(parts) or "/"
