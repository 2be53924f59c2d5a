"""7z archives, which two of soundata's data sets use; py7zr comes with soundata."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from atmda.errors import AtmdaError


def unpack_7z(
    archive: Path,
    folder: Path,
    place: Callable[[str], Path | None],
    allowed: int,
    report: Callable[[int], None],
) -> list[str]:
    """Unpack a .7z into the empty `folder`; `place` refuses names that leave it. Returns and raises as `unpack`."""
    try:
        import py7zr
    except ImportError as error:
        raise AtmdaError(f"{archive} needs the package py7zr.", "Install it with: pip install py7zr") from error
    try:
        with py7zr.SevenZipFile(archive, "r") as source:
            members = source.list()
            for member in members:
                place(member.filename)
                if member.is_symlink:
                    raise AtmdaError(f"{archive} is not unpacked: its member {member.filename!r} is a link.")
            total = sum(member.uncompressed or 0 for member in members)
            if total > allowed:
                raise AtmdaError(f"{archive} is not unpacked: it says it grows to {total / 1e9:.1f} GB.")
            source.extractall(folder)
    except AtmdaError:
        raise
    except Exception as error:  # py7zr and its codecs raise exceptions of many kinds on damaged data
        raise AtmdaError(f"{archive} is damaged ({error}).", "Move it elsewhere and fetch again.") from error
    found = sorted(path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    for path in found:
        if path.is_symlink() or not path.is_file():
            raise AtmdaError(f"{archive} is not unpacked: {path.name!r} is a link or a device.")
        report(path.stat().st_size)
    return [path.relative_to(folder).as_posix() for path in found]
