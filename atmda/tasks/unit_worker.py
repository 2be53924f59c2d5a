"""What a worker of a cluster does: it loads the encoder once, and turns each unit that it is given into a shard.

The shard is written beside the store's own, under a temporary name, and becomes one of them when the driver, which
holds the store's lock, says so. What goes back is small.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.clip import Clip
from atmda.core.embeddings.manifest import Manifest, Shard
from atmda.core.embeddings.schema import Seen, as_arrow
from atmda.core.embeddings.shards import write_shard
from atmda.core.embeddings.units import WHOLE, Unit, Windows
from atmda.core.files import TEMPORARY
from atmda.core.fingerprint import Fingerprint
from atmda.core.types import FloatArray
from atmda.settings.embed import EmbedSettings
from atmda.tasks.embed_windows import failures_of
from atmda.tasks.encoding import open_encoder
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.audio.long import Stretch
    from atmda.core.embeddings.windowed import WindowedRecording
    from atmda.datasets.window_labels import WindowLabels


@dataclass(frozen=True)
class Facts:
    """What a worker's encoder is. told: what is to be said of it. host: where it runs."""

    identity: dict[str, str]
    dim: int
    logit_scale: float | None
    told: tuple[str, ...]
    host: str


@dataclass(frozen=True)
class Place:
    """Where shards go: the store's folder, what begins their names, what made them, how many clips are to be there.

    `truth`: the labels of windows; those of their recordings where there is none.
    """

    folder: Path
    part: str
    maker: Manifest
    wanted: int
    truth: WindowLabels | None = None

    def of(self, unit: Unit) -> Place:
        """With what concerns the unit alone."""
        clips = (item.clip if isinstance(item, Windows) else item for item in unit.items)
        return self if self.truth is None else replace(self, truth=self.truth.only(clip.name for clip in clips))


@dataclass
class Written:
    """What became of a unit.

    Attributes:
        file: the shard, under a temporary name. shard: as the manifest lists it.
        skipped: by the name in the store, the reason. warnings: the same for people. notes: on what was read.
    """

    file: Path = field(default_factory=Path)
    shard: Shard = field(default_factory=lambda: Shard(0, ""))
    skipped: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class UnitWorker:
    """One process of a cluster.

    Args:
        settings: what to embed and how, with paths that every machine understands. threads: that it may use.
    """

    def __init__(self, settings: EmbedSettings, threads: int) -> None:
        self._settings, self._threads = settings, threads

    def open(self) -> Facts:
        """Load the encoder. Raises AtmdaError."""
        told = _Told()
        self._encoder = encoder = open_encoder(self._settings, told)
        host = socket.gethostname()
        return Facts(dict(encoder.identity), encoder.dim, encoder.logit_scale, tuple(told.notices), host)

    def embed(self, unit: Unit, place: Place) -> Written:
        """Embed a unit. Raises OSError where the shard cannot be written."""
        done = Written()
        rows: list[tuple[Clip, FloatArray]] = []
        seen: dict[str, Seen] = {}
        embed = self._windows if isinstance(unit.items[0], Windows) else self._clips
        for clip, embedding, found in embed(unit, done):
            rows.append((clip if place.truth is None else place.truth.labelled(clip), embedding))
            seen[clip.name] = found
        table = as_arrow([clip for clip, _ in rows], [own for _, own in rows], place.maker.dim, seen)
        own = f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex}-{place.part}-{unit.number:05d}.parquet"
        done.file = place.folder / own
        done.shard = Shard(len(rows), write_shard(done.file, table, place.maker, done.skipped, place.wanted))
        return done

    def _clips(self, unit: Unit, done: Written) -> Iterator[tuple[Clip, FloatArray, Seen]]:
        from atmda.core.embeddings.engine import embed_clips

        clips = [item for item in unit.items if isinstance(item, Clip)]
        batches = embed_clips(
            self._encoder,
            clips,
            batch_size=self._settings.batch_size,
            num_workers=self._threads,
            reading=self._settings.reading,
            fingerprint=Fingerprint.of,
        )
        results = (result for batch in batches for result in batch)
        for clip, result in zip(clips, results, strict=True):
            done.notes += [f"{clip.where}: {note}" for note in result.notes]
            if result.embedding is not None:
                yield clip, result.embedding, Seen.in_result(result)
            elif result.error is not None:
                done.skipped[clip.name] = result.error.reason
                done.warnings.append(f"{clip.where}: {result.error.reason}.")

    def _windows(self, unit: Unit, done: Written) -> Iterator[tuple[Clip, FloatArray, Seen]]:
        from atmda.core.embeddings.windows import embed_windows

        cut = self._settings.cut
        assert cut is not None
        items = [item for item in unit.items if isinstance(item, Windows)]
        stretches = embed_windows(
            self._encoder,
            iter({item.clip.name: item.clip for item in items}.values()),
            cut,
            batch_size=self._settings.batch_size,
            num_workers=self._threads,
            reading=self._settings.reading,
            fingerprint=Fingerprint.of,
            wanted=_Wanted({(item.clip.name, item.stretch): item for item in items}),
        )
        for stretch in stretches:
            done.notes += [f"{stretch.clip.where}: {note}" for note in stretch.notes]
            for failure in failures_of(stretch):
                done.skipped[failure.name] = failure.reason
                done.warnings.append(str(failure))
            for clip, result in stretch.windows:
                if result.embedding is not None:
                    yield clip, result.embedding, Seen.in_result(result)


@dataclass(frozen=True)
class _Wanted:
    """The windows of a unit, as the engine asks for them."""

    items: Mapping[tuple[str, int], Windows]

    def __call__(self, recording: WindowedRecording, stretch: Stretch) -> tuple[int, ...]:
        whole = self.items.get((recording.clip.name, WHOLE))
        if whole is not None:
            return tuple(stretch.without(whole.done))
        item = self.items.get((recording.clip.name, stretch.number))
        return item.places if item else ()


class _Told(Observer):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, message: str) -> None:
        self.notices.append(message)
