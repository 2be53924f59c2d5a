"""Where the contents of an archive go, and how they get there."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path, PurePosixPath

from atmda.core.files import publish
from atmda.datasets.remotes import Remote


def destination_of(remote: Remote, name: str) -> str:
    """Where a member of an archive goes: below `destination`, without the top folder that is to be stripped."""
    parts = PurePosixPath(name).parts
    if len(parts) > 1 and parts[0] in remote.strip:
        parts = parts[1:]
    return PurePosixPath(remote.destination, *parts).as_posix()


def move(path: Path, aim: Path) -> None:
    """Move in one step; where the folder is linked to another disk, copy beside first."""
    try:
        path.replace(aim)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with publish(aim) as temporary:
            shutil.copyfile(path, temporary)
