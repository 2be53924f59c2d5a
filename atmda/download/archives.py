"""Archives, unpacked without trusting them.

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
from pathlib import Path

from atmda.download.split_zip import open_split_zip
from atmda.download.unpacking import MAKE_ROOM, Limits, Unpacking, beside
from atmda.download.untar import untar
from atmda.errors import AtmdaError

RESERVE = 50_000_000
FETCH_AGAIN = "Move it elsewhere and fetch again."
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)


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
    work = Unpacking(archive, folder, allowed, free, limits.members, report)
    with _explained(archive):
        if archive.suffix.lower() == ".zip":
            _unzip(pieces, work)
        elif archive.suffix.lower() == ".7z":
            from atmda.download.sevenzip import unpack_7z

            return unpack_7z(archive, folder, work.place, min(allowed, free), report)
        else:
            untar(archive, work)
        work.follow_links()
    return work.files


@contextmanager
def _explained(archive: Path) -> Iterator[None]:
    """Whatever the standard library says of a bad archive, as one sentence."""
    try:
        yield
    except DAMAGED as error:
        raise AtmdaError(f"{archive} is damaged ({error}).", FETCH_AGAIN) from error
    except RuntimeError as error:  # zipfile: encrypted
        raise AtmdaError(f"{archive} cannot be unpacked ({error}).") from error
    except FileExistsError as error:
        raise AtmdaError(f"{archive} is not unpacked: it holds two members of one name ({error.filename}).") from error
    except (NotADirectoryError, IsADirectoryError) as error:
        raise AtmdaError(f"{archive} is not unpacked: {error.filename} is a file and a folder in it.") from error
    except OSError as error:
        if error.errno is None:  # gzip and bz2: a bad checksum or no stream of theirs at all
            raise AtmdaError(f"{archive} is damaged ({error}).", FETCH_AGAIN) from error
        place = error.filename or archive
        raise AtmdaError(f"{archive} cannot be unpacked: {place}: {error.strerror or error}.") from error


def _unzip(pieces: Sequence[Path], work: Unpacking) -> None:
    source = open_split_zip(pieces) if len(pieces) > 1 else pieces[0].open("rb")
    with source, zipfile.ZipFile(source) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if total > work.free:
            raise AtmdaError(
                f"{work.archive} unpacks to {total / 1e9:.1f} GB, and {work.folder} has {work.free / 1e9:.1f} GB free.",
                MAKE_ROOM,
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
                work.link(name, beside(name, target.decode("utf-8", "surrogateescape")))
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
