"""Long recordings become a store of their windows; a run that was killed goes on inside the recording."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.audio.cut import Cut
from atmda.core.clip import Clip
from atmda.core.embeddings.schema import is_as_seen, says_the_same
from atmda.core.embeddings.store import EmbeddingStore
from atmda.core.embeddings.windowed import WindowedRecording
from atmda.core.embeddings.windows import EmbeddedStretch, embed_windows, window_of
from atmda.core.fingerprint import Fingerprint
from atmda.core.part_names import part_name, recording_of
from atmda.core.remote import look_again
from atmda.settings.reading import ReadingSettings
from atmda.tasks.filling import Filling
from atmda.tasks.observer import Observer
from atmda.tasks.results import EmbedResult

if TYPE_CHECKING:
    from atmda.core.audio.long import Stretch
    from atmda.core.embeddings.engine import TakeFingerprint
    from atmda.core.encoders.base import Encoder
    from atmda.datasets.window_labels import WindowLabels

SHARD_WINDOWS = 512
MEGABYTE = 1_000_000


def fill_windows(
    settings: ReadingSettings,
    cut: Cut,
    clips: Sequence[Clip],
    store: EmbeddingStore,
    encoder: Encoder,
    observer: Observer,
    *,
    shard: tuple[int, int] | None = None,
    fingerprint: TakeFingerprint = Fingerprint.of,
    truth: WindowLabels | None = None,
) -> EmbedResult:
    """Embed those windows of the recordings `clips` that `store` lacks.

    `shard`: only the I-th of N parts. `fingerprint`: taken of the recordings' files. `truth`: the labels of
    windows; those of their recordings unless given.
    """
    labelled = as_it_is if truth is None else truth.labelled
    plan = WindowPlan.of(cut, shard, labelled, clips, store, observer)
    store.expect(0)  # until the last recording was opened nobody knows
    filling = Filling(store, plan.reasons, None)
    count = 0
    skipped: dict[str, str] = {}
    stretches = embed_windows(
        encoder,
        filter(plan.concerns, clips),
        cut,
        batch_size=settings.batch_size,
        num_workers=settings.num_workers,
        reading=settings.reading,
        fingerprint=fingerprint,
        wanted=plan.wanted,
    )
    try:
        for stretch in _told(stretches, clips, observer):
            for failure in failures_of(stretch):
                skipped[failure.name] = failure.reason
                filling.skip(failure.name, failure.reason)
            for clip, result in stretch.windows:
                if result.embedding is not None:
                    filling.add(labelled(clip), result)
            count += max(1, len(stretch.windows))
            if count >= SHARD_WINDOWS:  # by what was tried, so that shards begin where they do on a cluster
                filling.publish()
                count = 0
    finally:
        filling.publish()  # also when interrupted: what was finished is kept
    rows = plan.found + filling.rows
    store.expect(rows)
    store.finish()
    return EmbedResult(store.folder, "parquet", rows, skipped, plan.changed)


def as_it_is(window: Clip) -> Clip:
    return window


@dataclass
class WindowPlan:
    """Which windows are still to be embedded.

    Attributes:
        numbers: of the recordings, by name. found: how many windows are done.
        changed: how many recordings are not what they were. reasons: for which windows were skipped by an earlier run.
    """

    cut: Cut
    shard: tuple[int, int] | None
    labelled: Callable[[Clip], Clip]
    numbers: dict[str, int]
    found: int = 0
    changed: int = 0
    reasons: dict[str, str] = field(default_factory=dict)
    _done: dict[str, bytearray] = field(default_factory=dict)  # by recording, a byte for each window's number

    @classmethod
    def of(
        cls,
        cut: Cut,
        shard: tuple[int, int] | None,
        labelled: Callable[[Clip], Clip],
        clips: Sequence[Clip],
        store: EmbeddingStore,
        observer: Observer,
    ) -> WindowPlan:
        """What `store` lacks of the windows of `clips`; those of recordings that have changed are taken out of it."""
        look_again()
        plan = cls(cut, shard, labelled, {clip.name: number for number, clip in enumerate(clips)})
        changed = plan._read(clips, store)
        plan.changed = len(changed)
        if changed:
            observer.notice(f"{len(changed)} recordings have changed since they were embedded, and are done again.")
            store.forget(changed, recording_of)
        if plan.found:
            observer.notice(f"Resuming {store.folder}: {plan.found} windows are done.")
        return plan

    def _read(self, clips: Sequence[Clip], store: EmbeddingStore) -> set[str]:
        """Take in what `store` holds; gives the names of recordings that are not what they were."""
        looked: dict[str, bool] = {}
        changed: set[str] = set()
        for shard in store.each_shard():
            self.reasons |= shard.skipped
            for row in shard.table.to_pylist():
                name = recording_of(row["clip"])
                if name not in self.numbers or name in changed:
                    continue
                clip = clips[self.numbers[name]]
                if name not in looked:  # of its file one row tells as much as all
                    looked[name] = is_as_seen(clip, row)
                if looked[name] and says_the_same(self.labelled(window_of(clip, row["start"], row["end"])), row):
                    self._note(name, row["start"])
                else:
                    changed.add(name)
        for name in changed:
            self._done.pop(name, None)
        self.found = sum(sum(done) for done in self._done.values())
        return changed

    def wanted(self, recording: WindowedRecording, stretch: Stretch) -> Sequence[int]:
        """The windows of a stretch, by their places in it, that are this job's and not done."""
        if self.shard is not None and not recording.clip.url:
            job, jobs = self.shard
            if (self.numbers[recording.clip.name] + stretch.number) % jobs != job - 1:
                return ()
        return stretch.without(self._done.get(recording.clip.name, b""))

    def concerns(self, clip: Clip) -> bool:
        """Whether some of a recording may be this job's; of what is to be downloaded, all of it is one job's."""
        return self.shard is None or not clip.url or self.numbers[clip.name] % self.shard[1] == self.shard[0] - 1

    def done_of(self, clip: Clip) -> bytes:
        """Which of its windows are done: 1 for each that is, by number."""
        return bytes(self._done.get(clip.name, b""))

    def _note(self, name: str, start: float) -> None:
        number = math.ceil(start / float(self.cut.hop) - 1e-6)  # the last one begins before its turn
        done = self._done.setdefault(name, bytearray())
        if number >= len(done):
            done.extend(bytes(number + 1 - len(done)))
        done[number] = 1


def _told(stretches: Iterator[EmbeddedStretch], clips: Sequence[Clip], observer: Observer) -> Iterator[EmbeddedStretch]:
    """The same stretches; the observer hears of notes and of what is skipped, and how many megabytes are done."""
    sizes = [_size(clip.path) for clip in clips]
    places = {clip.name: place for place, clip in enumerate(clips)}
    before = [0.0]
    for size in sizes:
        before.append(before[-1] + size)
    told: set[tuple[str, str]] = set()
    at = 0
    with observer.progress("Embedding (MB)", round(before[-1])) as advance:
        for stretch in stretches:
            for note in stretch.notes:
                if (stretch.clip.name, note) not in told:
                    told.add((stretch.clip.name, note))
                    observer.notice(f"note: {stretch.clip.where}: {note}.")
            for failure in failures_of(stretch):
                observer.warning(f"skipped {failure}")
            yield stretch
            place = places[stretch.clip.name]
            now = round(before[place] + sizes[place] * stretch.share)
            advance(max(0, now - at))
            at = max(at, now)
        advance(max(0, round(before[-1]) - at))


def _size(path: Path) -> float:
    try:
        return path.stat().st_size / MEGABYTE
    except OSError:
        return 0.0


@dataclass(frozen=True)
class Failure:
    """Windows that failed for one reason, or a recording: the `name` a store has for it, and `where` a user looks."""

    name: str
    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}."


def failures_of(stretch: EmbeddedStretch) -> Iterator[Failure]:
    """What could not be embedded."""
    clip = stretch.clip
    if stretch.error is not None:
        yield Failure(clip.name, clip.where, stretch.error.reason)
    failed = [(window, result.error.reason) for window, result in stretch.windows if result.error is not None]
    for reason in dict.fromkeys(reason for _, reason in failed):
        own = [window for window, why in failed if why == reason]
        start, end = own[0].start or 0.0, own[-1].end or 0.0
        yield Failure(part_name(clip.name, start, end), f"{clip.where} from {start:g} s to {end:g} s", reason)
