"""Which files of a folder are the store's, which it lacks, and which are somebody else's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from atmda.core.embeddings.manifest import MANIFEST, Manifest, Part, Shard, read_manifest
from atmda.core.embeddings.shards import ShardFile, is_shard, maker_of, read_shard, shard_paths
from atmda.errors import StoreError


@dataclass(frozen=True)
class Contents:
    """The files of a folder.

    Attributes:
        manifest: what they should be; None for a folder of Parquet files that other programs wrote.
        shards: the files of the store, in order, with their checksums (None where they are not told).
        unlisted: shards that the manifest does not name: copies, or what a job published as it was killed.
        strangers: Parquet files of somebody else. restored: whether the manifest was lost.
    """

    manifest: Manifest | None
    shards: list[tuple[Path, str | None]]
    missing: tuple[str, ...] = ()
    unlisted: tuple[Path, ...] = ()
    strangers: tuple[Path, ...] = ()
    restored: bool = False

    @classmethod
    def of(cls, folder: Path) -> Contents:
        """What is in `folder`. Raises StoreError where the manifest is damaged, or shards do not go together."""
        manifest = read_manifest(folder)
        paths = shard_paths(folder)
        restored = manifest is None
        manifest = manifest or restore(paths)
        if manifest is None:
            return cls(None, [(path, None) for path in paths])
        if manifest.shards is None:
            strangers = tuple(path for path in paths if not is_ours(path))
            return cls(manifest, [(path, None) for path in paths if path not in strangers], strangers=strangers)
        listed = [(folder / name, shard.sha256) for name, shard in sorted(manifest.shards.items())]
        there = set(paths)
        others = {p: is_ours(p) for p in paths if p.name not in manifest.shards and p.name not in manifest.obsolete}
        return cls(
            manifest,
            [pair for pair in listed if pair[0] in there],
            tuple(path.name for path, _ in listed if path not in there),
            tuple(path for path, ours in others.items() if ours),
            tuple(path for path, ours in others.items() if not ours),
            restored,
        )

    def problems(self) -> list[str]:
        """Each way in which the store is not what it should be, in words without a full stop."""
        manifest = self.manifest
        if manifest is None or manifest.shards is None:
            return []
        found = [f"{name} is missing ({manifest.shards[name].rows} clips)" for name in self.missing]
        found += [f"{path.name} is not of the store as its manifest knows it (a copy?)" for path in self.unlisted]
        if not manifest.complete:
            rows = sum(shard.rows for shard in manifest.shards.values())
            of = f" of {manifest.wanted} that it was to hold" if manifest.wanted else ""
            found.append(f"it was not finished: {rows} {'windows' if manifest.cut else 'clips'} are embedded{of}")
        return found

    def notes(self) -> list[str]:
        """A sentence for each thing worth knowing."""
        found = [f"{path.name} is not atmda's and is left alone." for path in self.strangers]
        if self.restored:
            found.append(f"{MANIFEST} is lost; what it said was taken from the shards.")
        return found


def cut_of(path: Path) -> dict[str, str]:
    """How the recordings were cut whose windows are at `path`, {} where they are not windows, or that is not told.

    Raises StoreError where it is damaged, or of a newer atmda.
    """
    manifest = read_manifest(path) if path.is_dir() else None
    if manifest is None:
        shards = shard_paths(path) if path.is_dir() else [path] if path.suffix == ".parquet" else []
        manifest = maker_of(shards[0]) if shards else None
    return manifest.cut if manifest else {}


def restore(paths: Iterable[Path]) -> Manifest | None:
    """The manifest that shards tell of; None where they tell nothing. Raises StoreError where they do not agree."""
    found: Manifest | None = None
    shards: dict[str, Shard] = {}
    tried: dict[str, set[str]] = {}
    wanted: dict[str, int] = {}
    for path in paths:
        shard = read_shard(path) if is_ours(path) else None
        if shard is None or shard.maker is None:
            continue
        if found is not None and (different := found.differences(shard.maker)):
            raise StoreError(f"{path}: it was made in another way: {different[0]}.", "Keep such shards apart.")
        part = part_of(path.name)
        if part is None or tried.setdefault(part, set()) & set(shard.clips):
            continue  # a copy
        found = found or shard.maker
        shards[path.name] = Shard(len(shard.table), shard.sha256)
        tried[part] |= {*shard.clips, *shard.skipped}
        wanted[part] = shard.wanted
    if found is None:
        return None
    known = {part: bool(wanted[part]) or not found.cut for part in tried}  # of windows it is known at the end alone
    parts = {part: Part(wanted[part], known[part] and len(clips) >= wanted[part]) for part, clips in tried.items()}
    return replace(found, shards=shards, parts=parts)


def is_ours(path: Path) -> bool:
    """By what it says of itself or, where it is damaged, by its name."""
    return is_shard(path) or path.name.startswith("part-")


def part_of(name: str) -> str | None:
    """The part that a shard of this name belongs to: "part" for part-00003.parquet; None for another name."""
    part, _, number = name.removesuffix(".parquet").rpartition("-")
    return part if number.isdecimal() and part else None


def adopt(unlisted: Iterable[Path], clips: Iterable[str]) -> list[ShardFile]:
    """Of `unlisted` shards those that hold none of `clips`: a job published them as it was killed."""
    found: list[ShardFile] = []
    there = set(clips)
    for path in unlisted:
        shard = read_shard(path)
        if part_of(path.name) is not None and not shard.replaces and not there & set(shard.clips):
            found.append(shard)
            there |= set(shard.clips)
    return found
