"""Embeddings on disk: a folder of Parquet shards and a manifest that says what made them and what they hold.

A shard is published whole or not at all, so a killed run loses at most the shard it was filling, and naming the same
folder again goes on behind the last one. Shards carry the encoder's identity too: a store never mixes two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from atmda.core.clip import Clip
from atmda.core.embeddings.contents import Contents, adopt, is_ours, part_of
from atmda.core.embeddings.identity import check_current
from atmda.core.embeddings.manifest import (
    MANIFEST,
    Manifest,
    NewerFormatError,
    Part,
    Shard,
    is_shared,
    jobs_of,
    read_manifest,
)
from atmda.core.embeddings.reading import read_store
from atmda.core.embeddings.schema import COLUMNS, SEEN, Seen, as_arrow
from atmda.core.embeddings.shards import ShardFile, read_shard, shard_paths, write_shard
from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.files import TEMPORARY, put_in_place, remove_leftovers
from atmda.core.interruption import uninterrupted
from atmda.core.locks import LOCK, gate
from atmda.core.types import FloatArray
from atmda.errors import StoreError

__all__ = ["MANIFEST", "EmbeddingStore", "Manifest", "read_manifest", "read_store"]


@dataclass
class EmbeddingStore:
    """A store open for writing, by who holds its lock (`core.locks`).

    Attributes:
        maker: what makes the embeddings.
        part: begins the names of its shards, so that several jobs can share a folder.
        told: what was found, and done, when it was opened: a sentence each.
    """

    folder: Path
    maker: Manifest
    part: str = "part"
    told: list[str] = field(default_factory=list)
    _wanted: int = 0
    _next: int = 0

    @classmethod
    def open(cls, folder: Path, manifest: Manifest, *, part: str = "part", force: bool = False) -> EmbeddingStore:
        """Start a store, or go on with the one that is there.

        Raises StoreError where `folder` holds something else, or a store that something else made (the differing
        field is named). `force` removes the shards of this part and starts again.
        """
        store = cls(folder, manifest, part)
        check_is_store(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with gate(folder):
            store._begin(force)
        return store

    def _begin(self, force: bool) -> None:
        found = self._emptied() if force else Contents.of(self.folder)
        manifest = found.manifest or self.maker
        if different := manifest.differences(self.maker):
            check_current(manifest.identity, str(self.folder))
            raise StoreError(
                f"{self.folder}: it was made in another way: {'; '.join(different)}.",
                "Choose another `output`; `force` deletes what is there.",
            )
        self.told += found.notes()
        if lost := sum((manifest.shards or {})[name].rows for name in found.missing):
            self.told.append(f"{', '.join(found.missing)} is missing: its {lost} clips are embedded again.")
        # what is listed already is not read here, but with what is known of its clips, by who goes on
        known = manifest.shards or {}
        listed = {path.name: known.get(path.name) or _listed(read_shard(path, ["clip"])) for path, _ in found.shards}
        listed |= {shard.path.name: _listed(shard) for shard in self._adopted(found)}
        remove_leftovers(self.folder, f"{self.part}-[0-9]*")
        remove_leftovers(self.folder, MANIFEST)
        for name in manifest.obsolete:
            (self.folder / name).unlink(missing_ok=True)
        taken = [path.name for path in shard_paths(self.folder) if part_of(path.name) == self.part]
        self._next = max(map(_number, taken), default=-1) + 1
        replace(manifest, shards=listed, obsolete=()).publish(self.folder)

    def _emptied(self) -> Contents:
        """The folder without the shards of this part; of a whole store without any."""
        paths = [path for path in shard_paths(self.folder) if is_ours(path)]
        gone = [path for path in paths if not is_shared(self.part) or part_of(path.name) == self.part]
        kept = Contents.of(self.folder) if len(gone) < len(paths) else Contents(None, [])
        if kept.manifest is None or not kept.manifest.differences(self.maker):
            _check_not_newer(self.folder)
            for path in gone:
                path.unlink()
        left = [pair for pair in kept.shards if pair[0] not in gone]
        return replace(kept, shards=left, missing=(), unlisted=())

    def _adopted(self, found: Contents) -> list[ShardFile]:
        """Shards that were published by a job that was killed before it could note them."""
        own = [path for path in found.unlisted if self._has_nobody(part_of(path.name))]
        if not own:
            return []
        clips = {clip for path, expected in found.shards for clip in read_shard(path, ["clip"], expected).clips}
        adopted = adopt(own, clips)
        left = {path.name for path in own} - {shard.path.name for shard in adopted}
        self.told += [f"{name} is no shard that the store lacks (a copy?): it is left alone." for name in sorted(left)]
        return adopted

    def _has_nobody(self, part: str | None) -> bool:
        """Whether no other job can hold a part now: who shares the folder are the jobs of our own set."""
        return part == self.part or not is_shared(self.part) or jobs_of(part or "") != jobs_of(self.part)

    @property
    def complete(self) -> bool:
        """Whether the store says that every clip was tried."""
        manifest = read_manifest(self.folder)
        return manifest is not None and bool(manifest.parts) and manifest.complete

    def expect(self, clips: int) -> None:
        """Note how many clips this part is to hold; until `finish` it counts as unfinished."""
        self._wanted = clips
        self._change(lambda manifest: manifest.with_part(self.part, Part(clips)))

    def finish(self) -> None:
        """Note that every clip of this part was tried."""
        self._change(lambda manifest: manifest.with_part(self.part, Part(self._wanted, True)))

    def append(
        self,
        rows: Sequence[tuple[Clip, FloatArray]],
        skipped: Mapping[str, str],
        seen: Mapping[str, Seen] | None = None,
    ) -> None:
        """Publish one shard: clips with their embeddings (d,), and the clips that were skipped, with reasons.

        `seen`: by clip, what was found when it was read. Raises OSError where it cannot be written.
        """
        table = as_arrow([clip for clip, _ in rows], [embedding for _, embedding in rows], self.maker.dim, seen)
        self._publish(table, skipped)

    def forget(self, clips: Collection[str], named: Callable[[str], str] = str) -> None:
        """Take the rows of `clips` out of the store, for they are to be embedded again.

        `named`: what a row's clip is called among `clips`, as its recording.
        """
        wanted = set(clips)
        for path, expected in Contents.of(self.folder).shards:
            shard = read_shard(path, None, expected)
            keep = [named(clip) not in wanted for clip in shard.clips]
            if not all(keep):
                rows = shard.table.filter(keep)
                self._publish(rows, shard.skipped, path.name)
                path.unlink(missing_ok=True)

    def _publish(self, table: Any, skipped: Mapping[str, str], replaces: str = "", name: str = "") -> None:
        name = name or self._named(self._next)
        with uninterrupted():
            digest = write_shard(self.folder / name, table, self.maker, skipped, self._wanted, replaces)
            self._next = max(self._next, _number(name) + 1)
            # in this order: a shard that the manifest lacks is found again, one that is not there would be missed
            self._change(lambda manifest: _with_shard(manifest, name, Shard(len(table), digest), replaces))

    def name_of(self, number: int) -> str:
        """The name of the shard of that number or, where it is or was another's, the next that nobody had.

        It follows from the number alone in a store that is filled for the first time, or goes on after a kill.
        """
        manifest = read_manifest(self.folder)
        had = {*(manifest.shards or {}), *manifest.obsolete} if manifest else set()
        name = self._named(number)
        if name in had or (self.folder / name).exists():
            own = [each for each in had if part_of(each) == self.part]
            self._next = max([self._next, *(_number(each) + 1 for each in own)])
            name = self._named(self._next)
        self._next = max(self._next, _number(name) + 1)
        return name

    def _named(self, number: int) -> str:
        return f"{self.part}-{number:05d}.parquet"

    def put(self, table: Any, skipped: Mapping[str, str], name: str) -> None:
        """Publish `table`, with columns as `as_arrow` has them, as the shard `name`. Raises OSError."""
        self._publish(table, skipped, name=name)

    def accept(self, written: Path, name: str, shard: Shard) -> None:
        """Take the file `written`, which another process wrote into this folder for us, as the shard `name`.

        Raises OSError where it is not there any more.
        """
        with uninterrupted():
            put_in_place(written, self.folder / name)
            self._change(lambda manifest: _with_shard(manifest, name, shard, ""))

    def _change(self, change: Any) -> None:
        with gate(self.folder):
            manifest = read_manifest(self.folder)
            if manifest is None:
                raise StoreError(f"{self.folder}: its manifest was removed while it was written.", "Embed again.")
            change(manifest).publish(self.folder)

    def shards(self, *, embeddings: bool = False) -> list[ShardFile]:
        """All shards, with what is known of each clip and, where they are asked for, embeddings. Raises StoreError."""
        return list(self.each_shard(embeddings=embeddings))

    def each_shard(self, *, embeddings: bool = False) -> Iterator[ShardFile]:
        """The same one by one, for a store that is larger than memory."""
        columns = [*COLUMNS, *SEEN, *(["embedding"] if embeddings else [])]
        for path, expected in Contents.of(self.folder).shards:
            yield read_shard(path, columns, expected)

    def done(self) -> tuple[set[str], dict[str, str]]:
        """Clips that have an embedding, and those that were skipped, with reasons. Raises StoreError."""
        clips: set[str] = set()
        skipped: dict[str, str] = {}
        for shard in self.shards():
            clips.update(shard.clips)
            skipped |= shard.skipped
        return clips, {clip: reason for clip, reason in skipped.items() if clip not in clips}

    def read(self) -> EmbeddingTable:
        """All rows. Raises StoreError."""
        return read_store(self.folder)


def check_is_store(folder: Path) -> None:
    """Raises StoreError where `folder` is there and holds something else than a store."""
    if folder.is_file():
        raise StoreError(f"{folder}: it is a file, not a store of embeddings.", "Choose another `output`.")
    there = (
        [path for path in folder.iterdir() if not path.name.startswith((LOCK, TEMPORARY))] if folder.exists() else []
    )
    if there and not (folder / MANIFEST).is_file() and not any(map(is_ours, shard_paths(folder))):
        raise StoreError(f"{folder}: it exists and is not a store of embeddings.", "Choose another `output`.")


def _check_not_newer(folder: Path) -> None:
    try:
        read_manifest(folder)
    except NewerFormatError:
        raise
    except StoreError:
        return  # damaged, and to be started again


def _with_shard(manifest: Manifest, name: str, shard: Shard, replaces: str) -> Manifest:
    shards = dict(manifest.shards or {}) | {name: shard}
    shards.pop(replaces, None)
    obsolete = (*manifest.obsolete, replaces) if replaces else manifest.obsolete
    return replace(manifest, shards=shards, obsolete=obsolete)


def _listed(shard: ShardFile) -> Shard:
    """A shard as the manifest lists it."""
    return Shard(len(shard.table), shard.sha256)


def _number(name: str) -> int:
    return int(name.removesuffix(".parquet").rsplit("-", 1)[1])
