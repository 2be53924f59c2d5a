"""Is every file what it should be? Against soundata's index, or against what was recorded when it was fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from atmda.core.files import read_small
from atmda.core.untrusted import parsed_object
from atmda.datasets.remotes import Target
from atmda.download.checksums import agrees
from atmda.download.client import Client
from atmda.download.state import FETCH_FOLDER, State, is_inside
from atmda.errors import AtmdaError, StoreError


@dataclass(frozen=True)
class Verdict:
    """`checked` files, those of them that are `missing` or `differ`, and whether all of the target was fetched."""

    checked: int
    missing: tuple[str, ...]
    differ: tuple[str, ...]
    partial: bool

    @property
    def good(self) -> bool:
        return not self.differ and (self.partial or not self.missing)


@contextmanager
def _unwatched(total: int) -> Iterator[Callable[[int], None]]:
    yield lambda count: None


def verify(
    target: Target,
    data_dir: Path,
    partial: tuple[str, ...] = (),
    client: Client | None = None,
    workers: int = 2,
    progress: Callable[[int], AbstractContextManager[Callable[[int], None]]] = _unwatched,
) -> Verdict:
    """Read every file of `target` and compare it with its published checksum.

    `progress` is told how many files there are, then of each that is done. Where only some parts were fetched, files
    of the others are counted as missing and forgiven. Raises AtmdaError where there is nothing to verify, or no index.
    """
    folder = data_dir / target.folder
    chosen = target.select(partial)
    state = State.load(folder)
    if not folder.is_dir():
        raise AtmdaError(f"{folder} is missing.", f"Fetch it with: atmda fetch {target.name}")
    expected = _expected(target, folder, state, client)
    if partial:  # the index does not say which part a file comes from; what was recorded does
        own = {name for part in chosen if part.name in state.parts for name in state.parts[part.name].files}
        expected = {name: checksum for name, checksum in expected.items() if name in own}
    if not expected:
        raise AtmdaError(
            f"No checksums are known for {folder}.",
            f"Copies that were fetched have them; to compare: atmda fetch {target.name} with another `data_dir`",
        )
    missing: list[str] = []
    differ: list[str] = []

    def look(name: str) -> tuple[str, str]:
        path = folder / name
        try:
            return name, "" if agrees(path, expected[name]) else "differs"
        except OSError:
            return name, "missing"

    pool = ThreadPoolExecutor(workers)
    try:
        with progress(len(expected)) as advance:
            for name, answer in pool.map(look, sorted(expected)):
                advance(1)
                if answer:
                    (missing if answer == "missing" else differ).append(name)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # when interrupted, not after all the files that are left
    some = bool(state.parts) and {part.name for part in target.parts} > state.parts.keys()
    return Verdict(len(expected), tuple(missing), tuple(differ), some)


def _expected(target: Target, folder: Path, state: State, client: Client | None) -> dict[str, str]:
    """Checksums by file name: those of the index where there is one, else those recorded of downloads as they are."""
    if target.index is not None:
        return index_entries(load_index(target, folder / FETCH_FOLDER, client or Client()))
    return {
        name: checksum
        for installed in state.parts.values()
        for name in installed.files
        for source, checksum in installed.sources.items()
        if PurePosixPath(name).name == source
    }


def save_index(target: Target, fetch_folder: Path, client: Client) -> None:
    """Keep the index beside the data, so that it can be verified without a network; a failure can wait until then."""
    if target.index is not None and not (fetch_folder / "index.json").is_file():
        try:
            client.download(target.index, fetch_folder)
        except AtmdaError as error:
            client.notice(
                f"The index of {target.name} could not be fetched ({error.message}); `verify` will try again."
            )


def load_index(target: Target, fetch_folder: Path, client: Client) -> dict[str, Any]:
    """soundata's index of `target`, fetched if it is not here yet. Raises AtmdaError."""
    if target.index is None:
        raise AtmdaError(f"There is no index of {target.name}.")
    path = fetch_folder / "index.json"
    if not path.is_file() or (target.index.checksum and not agrees(path, target.index.checksum)):
        client.download(target.index, fetch_folder)
    try:
        return parsed_object(read_small(path), str(path))
    except (OSError, StoreError) as error:
        raise AtmdaError(f"{path} is not an index ({error}).", "Delete it and try again.") from error


def index_entries(index: Mapping[str, Any]) -> dict[str, str]:
    """Checksums by file name below the data set's folder, from soundata's index.

    Its form: {"clips": {id: {what: [path, md5]}}, "metadata": {what: [path, md5]}}; a path may be null. Paths that
    lead out of the folder are left out.
    """
    entries: dict[str, str] = {}

    def take(pair: Any) -> None:
        told = isinstance(pair, list) and len(pair) == 2 and all(isinstance(item, str) for item in pair)
        if told and is_inside(pair[0]):
            entries[PurePosixPath(pair[0]).as_posix()] = f"md5:{pair[1]}"

    for group in ("clips", "clipgroups", "metadata"):
        found = index.get(group)
        for entry in found.values() if isinstance(found, dict) else ():
            for pair in entry.values() if isinstance(entry, dict) else [entry]:
                take(pair)
    return entries


def staged_contents_agree(entries: Mapping[str, str], placed: Mapping[str, Path]) -> bool:
    """Whether staged files hold all that the index lists, unchanged."""
    return bool(entries) and all(name in placed and agrees(placed[name], sum_) for name, sum_ in entries.items())
