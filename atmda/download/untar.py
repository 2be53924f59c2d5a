"""Tar archives, plain or compressed.

Members are judged by `tarfile`'s data filter (PEP 706). Own checks stay because Python 3.10 has it only since 3.10.12,
and because it allows what is refused here: links that are made, paths of another system, bombs.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from pathlib import Path
from typing import IO, cast

from atmda.download.unpacking import CHUNK, Unpacking, beside
from atmda.errors import AtmdaError


def untar(path: Path, work: Unpacking) -> None:
    """Unpack a tar, compressed or not, in one pass and to its very end."""
    with _decompressed(path) as source:
        counted = _Counted(source, work)
        with tarfile.open(fileobj=cast(IO[bytes], counted), mode="r|") as archive:
            _members(archive, work)
        while counted.read(CHUNK):  # to the end, where the checksum of the whole stands
            pass


def _members(archive: tarfile.TarFile, work: Unpacking) -> None:
    for member in archive:
        _judge(member, work)
        if member.isdir():
            if member.name not in (".", "./"):
                work.place(member.name)
        elif member.issym():
            work.link(member.name, beside(member.name, member.linkname))
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


def _judge(member: tarfile.TarInfo, work: Unpacking) -> None:
    """Raises AtmdaError where Python's data filter refuses a member; what it would change in it is not used."""
    data_filter = getattr(tarfile, "data_filter", None)
    if data_filter is None:
        return
    try:
        data_filter(member, str(work.folder))
    except tarfile.SpecialFileError as error:
        raise work.refuse(member.name, "is a device") from error
    except (tarfile.AbsoluteLinkError, tarfile.LinkOutsideDestinationError) as error:
        raise work.refuse(member.name, "is a link that leads out of its folder") from error
    except (tarfile.FilterError, ValueError) as error:  # ValueError: a zero byte in its name
        raise work.refuse(member.name, "leads out of its folder") from error


class _Counted:
    """A stream that ends a bomb whose bytes are in no file: in padding, in skipped members, after the end."""

    def __init__(self, source: IO[bytes], work: Unpacking) -> None:
        self._source, self._work, self._count = source, work, 0

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self._count += len(block)
        if self._count > 2 * self._work.allowed:
            raise AtmdaError(f"{self._work.archive} is not unpacked: it grows far beyond its size (a bomb).")
        return block


def _decompressed(path: Path) -> IO[bytes]:
    """A tar's own bytes. tarfile could find out the compression itself, but does not look at gzip's checksum then."""
    with path.open("rb") as file:
        start = file.read(6)
    for magic, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ\0", lzma)):
        if start.startswith(magic):
            return cast(IO[bytes], module.open(path, "rb"))
    return path.open("rb")
