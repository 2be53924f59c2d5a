"""From a name to files in their official layout: download, check, unpack aside, then put in place.

Everything is staged in `<folder>/.fetch/` on the same disk; a file that was there before is replaced only when the
whole part has been checked. Whoever looks meanwhile sees the old copy.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial as bind
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from atmda.datasets.remotes import Part, Remote, Target
from atmda.download.archives import RESERVE, unpack
from atmda.download.availability import is_whole_copy
from atmda.download.checksums import agrees, checksum_of
from atmda.download.client import Client, Policy, Report
from atmda.download.destinations import destination_of, move
from atmda.download.pool import run_all
from atmda.download.state import FETCH_FOLDER, Installed, State, locked
from atmda.download.unpacking import Limits
from atmda.download.verify import index_entries, load_index, save_index, staged_contents_agree
from atmda.errors import AtmdaError

UNPACKS_TO = 1.5  # times an archive's size, where nothing better is known


@dataclass(frozen=True)
class Options:
    """How to fetch. `workers`: downloads at once; `cleanup`: archives are deleted once unpacked."""

    partial: tuple[str, ...] = ()
    force: bool = False
    cleanup: bool = True
    workers: int = 4
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Watch:
    """Who is told what: bytes downloaded (from several threads), bytes unpacked, the size of the job, notices."""

    downloaded: Report = lambda remote, done, total: None
    unpacked: Callable[[str, int], None] = lambda part, count: None
    planned: Callable[[int | None], None] = lambda total: None
    notice: Callable[[str], None] = lambda message: None


@dataclass(frozen=True)
class Outcome:
    """What a fetch did: names of parts fetched now, and of parts that were whole already."""

    folder: Path
    fetched: tuple[str, ...]
    present: tuple[str, ...]


def install(target: Target, data_dir: Path, options: Options | None = None, watch: Watch | None = None) -> Outcome:
    """Fetch what is missing of `target` into `data_dir`; does nothing where it is whole.

    Raises AtmdaError: offline, refused, wrong bytes, no room, a dangerous archive; what was there before stays.
    """
    options, watch = options or Options(), watch or Watch()
    parts = target.select(options.partial)
    folder = data_dir / target.folder
    state = State.load(folder)
    missing = [part for part in parts if options.force or not state.whole(part)]
    present = tuple(part.name for part in parts if part not in missing)
    if not missing or (not state.parts and not options.force and is_whole_copy(target, data_dir)):
        return Outcome(folder, (), tuple(part.name for part in parts))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AtmdaError(f"{folder} cannot be made ({error.strerror}).", "Choose another `data_dir`.") from error
    with locked(folder, target.name):
        _Run(target, folder, state, options, watch).fetch(missing)
    return Outcome(folder, tuple(part.name for part in missing), present)


class _Run:
    """One fetch under way."""

    def __init__(self, target: Target, folder: Path, state: State, options: Options, watch: Watch) -> None:
        self.target, self.folder, self.state, self.options, self.watch = target, folder, state, options, watch
        self.fetch_folder = folder / FETCH_FOLDER
        self.cancel = threading.Event()
        self.client = Client(options.policy, self.cancel, watch.downloaded, watch.notice)

    def fetch(self, parts: list[Part]) -> None:
        shutil.rmtree(self.fetch_folder / "unpack", ignore_errors=True)
        found = {remote: path for part in parts for remote in part.remotes if (path := self._found_here(part, remote))}
        wanted = [(part, remote) for part in parts for remote in part.remotes if remote not in found]
        if wanted:
            self._check_space([remote for _, remote in wanted], whole=len(parts) == len(self.target.parts))
        save_index(self.target, self.fetch_folder, self.client)
        waiting = {part.name: {remote for remote in part.remotes if remote not in found} for part in parts}
        for part in parts:
            if not waiting[part.name]:
                self._finish(part, [found[remote] for remote in part.remotes])
        jobs = [bind(self._download, part, remote) for part, remote in wanted]
        with closing(run_all(jobs, self.options.workers, self.cancel)) as done:
            for part, remote, path in done:
                found[remote] = path
                waiting[part.name].discard(remote)
                if not waiting[part.name]:
                    self._finish(part, [found[piece] for piece in part.remotes])
        shutil.rmtree(self.fetch_folder / "downloads", ignore_errors=True)

    def _download(self, part: Part, remote: Remote) -> tuple[Part, Remote, Path]:
        return part, remote, self.client.download(remote, self._downloads(part))

    def _downloads(self, part: Part) -> Path:
        """A folder a part: two parts may hold files of one name."""
        return self.fetch_folder / "downloads" / quote(part.name, safe="")

    def _found_here(self, part: Part, remote: Remote) -> Path | None:
        """A file that an earlier run downloaded, or that the user put where it belongs, if its checksum agrees."""
        done = self._downloads(part) / remote.filename
        own = self.folder / remote.destination / remote.filename
        for path in (done, own):
            if not path.is_file() or (path == own and self.options.force):
                continue
            expected = remote.checksum or self.client.probe(remote)[1]
            if remote.volatile or (path == done and not expected) or (expected and agrees(path, expected)):
                self.watch.notice(f"{path} is here already.")
                return path
            if path == done:
                path.unlink()
            else:
                self.watch.notice(f"{path} is not what {self.target.name} holds now; it is fetched anew.")
        return None

    def _check_space(self, remotes: list[Remote], whole: bool) -> None:
        """Ask for sizes, tell them, and refuse to begin what cannot end; `whole`: every part is to be fetched."""
        ask = [bind(self.client.probe, remote) for remote in remotes]
        first = ask.pop(0)()[0]  # alone, so that being offline is found out before anything else
        sizes = [first, *(size for size, _ in run_all(ask, self.options.workers, threading.Event()))]
        if None in sizes:
            self.watch.planned(None)
            return
        total = sum(size or 0 for size in sizes)
        self.watch.planned(total)
        kept = sum(path.stat().st_size for path in (self.fetch_folder / "downloads").rglob("*.part"))
        archives = any(remote.is_archive for remote in remotes)
        facts = self.target.facts.unpacked if whole else None
        unpacked = (facts or total * UNPACKS_TO) if archives else 0
        needed, free = total - kept + unpacked, shutil.disk_usage(self.folder).free - RESERVE
        if needed > free:
            raise AtmdaError(
                f"{self.target.name} needs about {needed / 1e9:.1f} GB ({total / 1e9:.1f} GB to download, "
                f"{unpacked / 1e9:.1f} GB unpacked), and {self.folder} has {max(0, free) / 1e9:.1f} GB free.",
                "Make room, choose another `data_dir`, or fetch some of it with `partial`.",
            )

    def _finish(self, part: Part, paths: list[Path]) -> None:
        """A part whose files are all here and checked: unpack, put in place, remember, tidy up."""
        sources = {
            remote.filename: remote.checksum if not remote.volatile and remote.checksum else checksum_of(path, "sha256")
            for remote, path in zip(part.remotes, paths, strict=True)
        }
        if not part.is_archive:
            names = [(PurePosixPath(r.destination) / r.filename).as_posix() for r in part.remotes]
            files = self._put(dict(zip(names, paths, strict=True)))
        else:
            staging = self.fetch_folder / "unpack"
            shutil.rmtree(staging, ignore_errors=True)
            try:
                names = unpack(paths, staging, limits=self.options.limits, report=bind(self.watch.unpacked, part.name))
                placed = {destination_of(part.remotes[0], name): staging / name for name in names}
                if part.remotes[0].volatile:
                    self._check_contents(part, placed, paths[0])
            except AtmdaError:
                self._reject(part, paths)
                raise
            files = self._put(placed)
            shutil.rmtree(staging, ignore_errors=True)
            self._tidy(part, paths)
        self._drop_old(part, files)
        self.state.record(part, Installed(files, sources))

    def _put(self, placed: dict[str, Path]) -> dict[str, int]:
        """Move staged files into the folder, each in one step; their sizes by name.

        They are not flushed one by one, which would take minutes for thousands: a file that a power cut empties has
        another size than recorded, and is fetched again.
        """
        files = {}
        for name, path in placed.items():
            aim = self.folder / name
            try:
                aim.parent.mkdir(parents=True, exist_ok=True)
                files[name] = path.stat().st_size
                if path != aim:
                    move(path, aim)
            except OSError as error:
                raise AtmdaError(f"{aim} cannot be put in place ({error.strerror}).") from error
        return files

    def _drop_old(self, part: Part, files: dict[str, int]) -> None:
        """Delete what an older copy of this part held and this one does not."""
        old = self.state.parts.get(part.name)
        for name in set(old.files if old else ()) - files.keys():
            if ".." not in PurePosixPath(name).parts and not PurePosixPath(name).is_absolute():
                (self.folder / name).unlink(missing_ok=True)

    def _check_contents(self, part: Part, placed: dict[str, Path], archive: Path) -> None:
        """An archive that its server packs anew at will is good if its checksum agrees or all its contents do."""
        expected = part.remotes[0].checksum
        if expected and agrees(archive, expected):
            return
        index = load_index(self.target, self.fetch_folder, self.client)
        if not staged_contents_agree(index_entries(index), placed):
            raise AtmdaError(
                f"{part.remotes[0].url}: the server sent other recordings than {self.target.name} holds.",
                "The old copy, if there was one, is untouched.",
            )

    def _reject(self, part: Part, paths: list[Path]) -> None:
        """Throw away a download that turned out bad and has no checksum to tell so; the next run fetches it anew."""
        for remote, path in zip(part.remotes, paths, strict=True):
            if self.fetch_folder in path.parents and (remote.volatile or not remote.checksum):
                path.unlink(missing_ok=True)

    def _tidy(self, part: Part, paths: list[Path]) -> None:
        for remote, path in zip(part.remotes, paths, strict=True):
            own = self.folder / remote.destination / remote.filename
            if not self.options.cleanup and path != own:
                own.parent.mkdir(parents=True, exist_ok=True)
                path.replace(own)
            elif self.options.cleanup and path != own:
                path.unlink()
