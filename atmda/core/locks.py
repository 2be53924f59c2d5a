"""Who may write into a folder: one job, or several that share it by agreement.

The operating system holds the locks and lets go of them when a process ends, however it ends; the files that stay
behind are empty and no obstacle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from atmda.core.files import check_writable
from atmda.errors import AtmdaError

LOCK = ".lock"  # hidden: readers of Parquet folders pass over it
GATE_SECONDS = 60.0  # a gate is held for moments


class FolderInUseError(AtmdaError):
    """Another process is writing there."""


@contextmanager
def gate(folder: Path) -> Iterator[None]:
    """Hold the folder for a moment, to change what jobs that share it all write. Raises FolderInUseError."""
    with _held(folder / LOCK, GATE_SECONDS, folder):
        yield


@contextmanager
def locked(folder: Path, part: str = "") -> Iterator[None]:
    """Hold `folder`, which is made where it is missing, while the block runs.

    `part`: "K-of-N" for a job that shares the folder with the other parts of N; each part is held by one job alone,
    and jobs that share nothing are kept out. Raises FolderInUseError at once where another has it, AtmdaError where
    the folder cannot be written.
    """
    check_writable(folder / LOCK, folder)
    own = folder / f"{LOCK}-{part or 'all'}"
    with ExitStack() as held:
        with gate(folder):
            for other in sorted(folder.glob(f"{LOCK}-*")):
                if other != own and not _shared(other, own):
                    with _held(other, 0, folder):
                        pass  # free: who held it is gone
            held.enter_context(_held(own, 0, folder))
        yield


def in_use(folder: Path) -> list[str]:
    """The parts of `folder` that some process holds now, "all" for the whole of it."""
    found = []
    for path in sorted(folder.glob(f"{LOCK}-*")):
        try:
            with _held(path, 0, folder):
                pass
        except FolderInUseError:
            found.append(path.name.removeprefix(f"{LOCK}-"))
    return found


def _shared(one: Path, other: Path) -> bool:
    sets = [re.search(r"\d+-of-(\d+)$", path.name) for path in (one, other)]
    return None not in sets and len({found[1] for found in sets if found}) == 1


@contextmanager
def _held(path: Path, timeout: float, folder: Path) -> Iterator[None]:
    lock = filelock.FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise FolderInUseError(
            f"{folder}: another atmda is writing into it.", "Wait until it has ended, or choose another `output`."
        ) from error
    try:
        yield
    finally:
        lock.release()
