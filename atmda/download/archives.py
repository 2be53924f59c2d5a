"""Archives unpacked as if an enemy had packed them.

Streamed, member by member, into an empty folder. Refused: absolute paths, `..`, devices, links that leave the folder,
two members of one name, members longer than declared, and more bytes than the archive's size or the disk allows.
Links to a file inside are unpacked as copies of it, so no link is ever made. Modes and owners are ignored.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from atmda.download.joined import open_joined
from atmda.errors import AtmdaError

CHUNK = 1 << 18
RESERVE = 50_000_000
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
ROOM = "Make room or choose another --data-dir."
JUNK = (".DS_Store", "__MACOSX")  # what macOS leaves in archives


@dataclass(frozen=True)
class Limits:
    """When an archive is a bomb: it unpacks to more than `ratio` times its size (and more than `floor` bytes), or to
    more than `members` files. Recordings shrink to a half or a third, lists of numbers to a tenth."""

    ratio: int = 100
    floor: int = 200_000_000
    members: int = 1_000_000


@dataclass
class _Unpacking:
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
                    raise AtmdaError(f"{self.archive} unpacks to more than {self.folder} has free.", ROOM)
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


def unpack(
    pieces: Sequence[Path],
    folder: Path,
    *,
    limits: Limits | None = None,
    report: Callable[[int], None] = lambda count: None,
) -> list[str]:
    """Unpack an archive (.zip, a split zip's pieces, .tar with or without gz, bz2, xz, or .7z) into `folder`.

    Args:
        pieces: the archive, or all pieces of a split zip in any order.
        folder: made if need be; must be empty. It holds rubbish where this raises.
        limits: what makes an archive a bomb.
        report: told of bytes as they are written; may raise to stop.

    Returns:
        The files written, as POSIX paths below `folder`, in the archive's order.

    Raises:
        AtmdaError: the archive is damaged, dangerous, or larger than the free space.
    """
    limits = limits or Limits()
    folder.mkdir(parents=True, exist_ok=True)
    archive = pieces[0] if len(pieces) == 1 else max(pieces, key=lambda path: path.suffix.lower() == ".zip")
    size = sum(path.stat().st_size for path in pieces)
    free = max(0, shutil.disk_usage(folder).free - RESERVE)
    allowed = max(limits.floor, limits.ratio * size)
    work = _Unpacking(archive, folder, allowed, free, limits.members, report)
    with _explained(archive):
        if archive.suffix.lower() == ".zip":
            _unzip(pieces, work)
        elif archive.suffix.lower() == ".7z":
            from atmda.download.sevenzip import unpack_7z

            return unpack_7z(archive, folder, work.place, min(allowed, free), report)
        else:
            _untar(archive, work)
        work.follow_links()
    return work.files


@contextmanager
def _explained(archive: Path) -> Iterator[None]:
    """Whatever the standard library says of a bad archive, as one sentence."""
    try:
        yield
    except DAMAGED as error:
        raise AtmdaError(f"{archive} is damaged ({error}).", "Fetch it again with --force.") from error
    except RuntimeError as error:  # zipfile: encrypted
        raise AtmdaError(f"{archive} cannot be unpacked ({error}).") from error
    except FileExistsError as error:
        raise AtmdaError(f"{archive} is not unpacked: it holds two members of one name ({error.filename}).") from error
    except (NotADirectoryError, IsADirectoryError) as error:
        raise AtmdaError(f"{archive} is not unpacked: {error.filename} is a file and a folder in it.") from error
    except OSError as error:
        place = error.filename or archive
        raise AtmdaError(f"{archive} cannot be unpacked: {place}: {error.strerror or error}.") from error


def _unzip(pieces: Sequence[Path], work: _Unpacking) -> None:
    source = open_joined(pieces) if len(pieces) > 1 else pieces[0].open("rb")
    with source, zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if total > work.free:
            raise AtmdaError(
                f"{work.archive} unpacks to {total / 1e9:.1f} GB, and {work.folder} has {work.free / 1e9:.1f} GB free.",
                ROOM,
            )
        if total > work.allowed:
            raise AtmdaError(f"{work.archive} is not unpacked: it says it grows to {total / 1e9:.1f} GB (a bomb).")
        for member in members:
            name = _zip_name(member)
            mode = member.external_attr >> 16
            if member.is_dir() or stat.S_ISDIR(mode):
                work.place(name)
            elif stat.S_ISLNK(mode):
                target = archive.read(member, None) if member.file_size <= 4096 else b""
                work.link(name, _beside(name, target.decode("utf-8", "surrogateescape")))
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise work.refuse(name, "is a device")
            else:
                with archive.open(member) as stream:
                    work.write(name, stream, member.file_size)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """A member's name with slashes; names in UTF-8 that do not say so are read as UTF-8."""
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = member.orig_filename
    return name.replace("\\", "/")


def _untar(path: Path, work: _Unpacking) -> None:
    with tarfile.open(path, "r|*") as archive:  # a stream: one pass, whatever the compression
        for member in archive:
            if member.isdir():
                if member.name not in (".", "./"):
                    work.place(member.name)
            elif member.issym():
                work.link(member.name, _beside(member.name, member.linkname))
            elif member.islnk():
                work.link(member.name, member.linkname)
            elif member.isreg():
                stream = archive.extractfile(member)
                if stream is None:
                    raise work.refuse(member.name, "holds no data")
                with stream:
                    work.write(member.name, stream, member.size)
            else:
                raise work.refuse(member.name, "is a device")


def _beside(name: str, target: str) -> str:
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
