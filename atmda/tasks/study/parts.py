"""The three kinds of artifact, each made by the task that the command of its name calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from atmda.core.embeddings import manifest as stores
from atmda.settings.augment import AugmentSettings
from atmda.settings.embed import EmbedSettings
from atmda.settings.loading import make_settings
from atmda.soundscapes import manifest as soundscapes
from atmda.tasks.observer import Observer
from atmda.tasks.study.artifacts import Artifact, Made, Workshop
from atmda.tasks.study.encoders import KnownEncoder
from atmda.tasks.study.sources import Recordings


@dataclass(frozen=True, eq=False)
class Soundscapes(Artifact):
    """A data set mixed into one scene at one SNR with one seed: `augment`."""

    kind: ClassVar[str] = "soundscapes"
    drawn: Mapping[str, Any] = field(default_factory=dict)
    events: str = ""

    def make(self, workshop: Workshop, observer: Observer) -> Made:
        from atmda.tasks.augment import augment

        run = workshop.settings
        given = {"fg_dataset": self.events, "output": workshop.folder(self) / "set", **self.drawn}
        given |= {"data_dir": run.data_dir, "num_workers": run.num_workers}
        done = augment(make_settings(AugmentSettings, given), observer)
        return Made(done.made, dict.fromkeys(done.skipped, ""))


@dataclass(frozen=True, eq=False)
class Embeddings(Artifact):
    """Recordings through one encoder: `embed`."""

    kind: ClassVar[str] = "embeddings"
    recordings: Mapping[str, Any] = field(default_factory=dict)
    encoder: KnownEncoder | None = None

    def make(self, workshop: Workshop, observer: Observer) -> Made:
        from atmda.tasks.embed import embed

        run, encoder = workshop.settings, self.encoder
        assert encoder is not None
        given: dict[str, Any] = {**self.recordings, "output": workshop.folder(self) / "store"}
        for need in self.needs:
            given["path"] = str((workshop.folder(need) / "set").absolute())
        given |= {**encoder.asked_for, "device": run.device, "batch_size": run.batch_size}
        given |= {"num_workers": run.num_workers, "data_dir": run.data_dir}
        given |= {"engine": run.engine, "address": run.address}
        done = embed(make_settings(EmbedSettings, given), observer)
        return Made(done.clips, done.skipped)


def mixed(
    recordings: Recordings, backgrounds: Recordings, drawn: Mapping[str, Any], folds: tuple[int, ...], title: str
) -> Soundscapes:
    """The soundscapes of `recordings` that the settings `drawn` of `augment` make."""
    folder = recordings.embedded_by.get("audio_folder")
    settings = {**drawn, "folds": folds}
    parameters = AugmentSettings(**drawn).drawn()
    return Soundscapes(
        title,
        {
            "manifest": soundscapes.FORMAT,
            "events": [recordings.name, recordings.fingerprint],
            "backgrounds": [backgrounds.name, backgrounds.fingerprint],
            "parameters": parameters.as_dict(),
            "folds": list(folds),
            "clip_policy": drawn.get("clip_policy", "warn"),
        },
        items=recordings.count(folds) * parameters.n_soundscapes,
        blocked=recordings.missing or backgrounds.missing,
        drawn=settings,
        events=str(folder or recordings.name),
    )


def embedded(recordings: Recordings, encoder: KnownEncoder, soundscapes: Soundscapes | None = None) -> Embeddings:
    """A store of `recordings`, or of the `soundscapes` that were made of them."""
    of = {"store": stores.FORMAT, "encoder": encoder.identity or {"not known yet": encoder.title}}
    if soundscapes is None:
        made_of = of | {"recordings": [recordings.name, recordings.fingerprint]}
        if (window := recordings.embedded_by.get("window")) is not None:
            made_of |= {"window": window, "hop": recordings.embedded_by.get("hop") or window}
        count, title, settings = recordings.clips, recordings.name, recordings.embedded_by
    else:
        made_of, count, title, settings = of, soundscapes.items, soundscapes.title, {"dataset": recordings.name}
    return Embeddings(
        f"{title}, {encoder.title}",
        made_of,
        () if soundscapes is None else (soundscapes,),
        items=count,
        blocked=encoder.missing or ("" if soundscapes else recordings.missing),
        recordings=settings,
        encoder=encoder,
    )
