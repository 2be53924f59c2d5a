"""`embed` on Ray: units of recordings go to the workers of a cluster, and what they write becomes the store's.

The driver holds the store's lock, lists what is left, hands it out and publishes: a shard is in the store once it says
so, so that a worker that everyone takes for dead, and that goes on, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from atmda.core.clip import Clip
from atmda.core.embeddings.handing_out import Done, hand_out
from atmda.core.embeddings.schema import as_arrow
from atmda.core.embeddings.shards import read_shard
from atmda.core.embeddings.store import EmbeddingStore
from atmda.core.embeddings.units import Item, Unit, Windows, clip_units, window_units
from atmda.core.files import unwritable
from atmda.datasets import Dataset
from atmda.settings.embed import EmbedSettings
from atmda.tasks import embed as threads
from atmda.tasks import embed_windows
from atmda.tasks.embed_windows import WindowPlan, as_it_is
from atmda.tasks.engine import Engine
from atmda.tasks.filling import trying
from atmda.tasks.observer import Observer
from atmda.tasks.ray_cluster import connected
from atmda.tasks.ray_crew import RayCrew
from atmda.tasks.remaining import remaining
from atmda.tasks.results import EmbedResult
from atmda.tasks.unit_worker import Place, Written


@contextmanager
def ray_engine(settings: EmbedSettings, observer: Observer) -> Iterator[Engine]:
    """Workers on the cluster at `address`, or on one of this machine that lasts as long as the block."""
    with connected(settings.address, settings.num_workers) as ray:
        crew = RayCrew(ray, everywhere(settings))
        facts = crew.facts
        for sentence in facts.told:
            observer.notice(sentence)
        fill = _Fill(settings, crew, observer)
        yield Engine(facts.identity, facts.dim, facts.logit_scale, fill.windows if settings.cut else fill.clips)


def everywhere(settings: EmbedSettings) -> EmbedSettings:
    """The same settings with paths that mean the same in every folder."""
    model = settings.model
    if Path(model).exists():
        model = str(Path(model).absolute())
    device = "cuda" if settings.device.startswith("cuda") else settings.device
    return settings.model_copy(update={"data_dir": settings.data_dir.absolute(), "model": model, "device": device})


class _Fill:
    """Fills a store."""

    def __init__(self, settings: EmbedSettings, crew: RayCrew, observer: Observer) -> None:
        self._settings, self._crew, self._observer = settings, crew, observer

    def clips(self, data: Dataset, store: EmbeddingStore) -> EmbedResult:
        """Embed those clips of `data` that `store` lacks."""
        clips = self._settings.share_of(data.clips)
        plan = remaining(clips, store, self._observer)
        filled = _Filled(store, plan.reasons, self._observer)
        units = clip_units(clips, plan.rows, threads.SHARD_CLIPS)
        with trying(store, len(clips), plan.untried):
            self._hand_out(
                units, len(plan.rows), Place(store.folder.absolute(), store.part, store.maker, len(clips)), filled
            )
        return EmbedResult(store.folder, "parquet", plan.done + filled.rows, filled.reasons, plan.changed)

    def windows(self, data: Dataset, store: EmbeddingStore) -> EmbedResult:
        """Embed those windows of the recordings of `data` that `store` lacks."""
        cut, clips = self._settings.cut, data.clips
        assert cut is not None
        labelled = as_it_is if data.truth is None else data.truth.labelled
        plan = WindowPlan.of(cut, self._settings.shard, labelled, clips, store, self._observer)
        store.expect(0)  # until the last recording was opened nobody knows
        filled = _Filled(store, plan.reasons, self._observer)
        own = filter(plan.concerns, clips)
        size = embed_windows.SHARD_WINDOWS
        units = window_units(own, cut, self._settings.reading, plan.wanted, size, plan.done_of)
        place = Place(store.folder.absolute(), store.part, store.maker, 0, data.truth)
        self._hand_out(units, len(clips), place, filled)
        store.expect(plan.found + filled.rows)
        store.finish()
        return EmbedResult(store.folder, "parquet", plan.found + filled.rows, filled.skipped, plan.changed)

    def _hand_out(self, units: Iterator[Unit], total: int, place: Place, filled: _Filled) -> None:
        store, count = filled.store, 0
        self._crew.writes_to(place)
        what = "Embedding" if self._settings.cut is None else "Recordings"
        try:
            with self._observer.progress(what, total) as advance:
                for done in hand_out(map(_absolute, units), self._crew):
                    filled.take(done)
                    new = len(done.unit.items) if self._settings.cut is None else _ended_recordings(done.unit)
                    advance(min(new, total - count))
                    count = min(total, count + new)
        except OSError as error:
            hint = "What is there stays; make room and run the same command with this `output` to go on."
            raise unwritable(store.folder, error, hint) from error


class _Filled:
    """The store being filled.

    Attributes:
        rows: how many were added. reasons: for which clips were skipped, by any run. skipped: the same, by this one.
    """

    def __init__(self, store: EmbeddingStore, reasons: dict[str, str], observer: Observer) -> None:
        self.store, self.reasons, self._observer = store, reasons, observer
        self.rows = 0
        self.skipped: dict[str, str] = {}

    def take(self, done: Done[Written]) -> None:
        """Make what became of a unit one shard of the store. Raises OSError."""
        skipped = {name: reason for own in done.results for name, reason in own.skipped.items()}
        for own in done.results:
            for note in own.notes:
                self._observer.notice(f"note: {note}.")
            for warning in own.warnings:
                self._observer.warning(f"skipped {warning}")
        for item, reason in done.lost:
            name = item.name
            skipped[name] = reason
            self._observer.warning(f"skipped {_where(item)}: {reason}.")
        rows = sum(own.shard.rows for own in done.results)
        if rows or any(self.reasons.get(name) != reason for name, reason in skipped.items()):
            self._publish(done, skipped)
        for own in done.results:
            with suppress(OSError):
                own.file.unlink(missing_ok=True)
        self.rows += rows
        self.skipped |= skipped
        for item in done.unit.items:
            self.reasons.pop(item.name, None)
        self.reasons |= skipped

    def _publish(self, done: Done[Written], skipped: dict[str, str]) -> None:
        name = self.store.name_of(done.unit.number)
        if len(done.results) == 1 and not done.lost:
            self.store.accept(done.results[0].file, name, done.results[0].shard)
            return
        tables = [read_shard(own.file, None, own.shard.sha256).table for own in done.results]
        tables = [table.replace_schema_metadata() for table in tables]
        table: Any = pa.concat_tables(tables) if tables else as_arrow([], [], self.store.maker.dim)
        self.store.put(table.combine_chunks(), skipped, name)


def _absolute(unit: Unit) -> Unit:
    """The same, with paths that mean the same on every machine."""
    return Unit(unit.number, tuple(map(_with_absolute_path, unit.items)), unit.first)


def _with_absolute_path(item: Item) -> Item:
    if isinstance(item, Windows):
        return replace(item, clip=_with_absolute(item.clip))
    return _with_absolute(item)


def _with_absolute(clip: Clip) -> Clip:
    return clip if clip.url else replace(clip, path=clip.path.absolute())


def _ended_recordings(unit: Unit) -> int:
    """About how many recordings end with a unit of windows: the stretches that are the first of theirs."""
    return sum(isinstance(item, Windows) and item.stretch <= 0 for item in unit.items)


def _where(item: Item) -> str:
    if isinstance(item, Clip):
        return item.where
    if not item.spans:
        return item.clip.where
    return f"{item.clip.where} from {item.spans[0][0]:g} s to {item.spans[-1][1]:g} s"
