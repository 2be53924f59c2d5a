"""From the settings of a study to the artifacts it needs, the last of which are scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from atmda.core.evaluation.metrics import METRICS
from atmda.core.fingerprint import digest
from atmda.core.methods import METHODS
from atmda.core.methods.base import TEXT
from atmda.core.methods.prompts import CLASS_TEMPLATE
from atmda.settings.study import StudySettings
from atmda.settings.study_tables import DatasetTable, MixTable
from atmda.tasks.study.encoders import KnownEncoder, known_encoder
from atmda.tasks.study.given import given_files
from atmda.tasks.study.parts import Embeddings, Soundscapes, embedded, mixed
from atmda.tasks.study.scores import Scores
from atmda.tasks.study.sources import Recordings, backgrounds_of, recordings_of

SCORES_VERSION = 1  # raised when what `classify` works out changes


@dataclass(frozen=True)
class _Place:
    """Where clips were heard. scene: its name where it has one. backgrounds: recordings of it, to be embedded."""

    scene: str | None
    backgrounds: Recordings | None


@dataclass(frozen=True)
class _Set:
    """Clips of one kind, before they are embedded: `soundscapes` of a data set, or the data set itself."""

    dataset: DatasetTable
    recordings: Recordings
    soundscapes: Soundscapes | None
    place: _Place
    about: dict[str, Any]


def plan(settings: StudySettings, root: Path) -> list[Scores]:
    """All scores of the study, in the order of its file; what they are made of hangs on them.

    `root`: where artifacts lie. What cannot be made has the reason in `Artifact.reason`.
    """
    made = _Plan(settings, root)
    found: list[Scores] = []
    part = 0
    for dataset in settings.datasets:
        if dataset.clips_from == "embeddings":
            found += made.given(dataset, part)
            part += 1
            continue
        for clips in made.sets(dataset):
            for encoder in made.encoders:
                found += made.scores(clips, encoder, part)
            part += 1
    return found


class _Plan:
    """What has been planned, so that what two parts share is one artifact."""

    def __init__(self, settings: StudySettings, root: Path) -> None:
        self.settings = settings
        self.encoders = [known_encoder(table, settings, root) for table in settings.encoders]
        self._stores: dict[tuple[str, str], Embeddings] = {}
        self._backgrounds: dict[str, Recordings] = {}
        self._calls = 0
        self._described = None if settings.descriptions is None else digest(settings.descriptions)

    def sets(self, dataset: DatasetTable) -> Iterator[_Set]:
        """The data set as it is where that is asked for, and mixed."""
        recordings = recordings_of(dataset, self.settings.data_dir)
        about = {"dataset": dataset.called, "scene": None, "snr": None, "seed": None}
        if dataset.clean:
            heard = None if dataset.background is None else self._recordings(dataset.background)
            clean = about | {"set": "clean", "scene": dataset.bg_type}
            yield _Set(dataset, recordings, None, _Place(dataset.bg_type, heard), clean)
        for mix in self.settings.mixes:
            for scene, snr, seed in product(mix.scenes, mix.snrs, mix.seeds):
                yield self._mixed(dataset, recordings, mix, scene, snr, seed, about)

    def _mixed(
        self,
        dataset: DatasetTable,
        recordings: Recordings,
        mix: MixTable,
        scene: str,
        snr: str,
        seed: int,
        about: dict[str, Any],
    ) -> _Set:
        backgrounds = self._recordings(mix.backgrounds)
        drawn = mix.drawn(scene, snr, seed)
        name = f"{scene.replace('_', ' ')} {snr}{' dB' if _number(snr) is not None else ''}"
        if len({one for other in self.settings.mixes for one in other.seeds}) > 1:
            name = f"{name} seed {seed}"
        soundscapes = mixed(recordings, backgrounds, drawn, mix.folds, f"{dataset.called} {name}")
        own = about | {"set": name, "scene": scene, "snr": _number(snr), "seed": seed}
        return _Set(dataset, recordings, soundscapes, _Place(None if scene == "all" else scene, backgrounds), own)

    def _recordings(self, name: str) -> Recordings:
        if name not in self._backgrounds:
            self._backgrounds[name] = backgrounds_of(name, self.settings.data_dir)
        return self._backgrounds[name]

    def scores(self, clips: _Set, encoder: KnownEncoder, part: int) -> Iterator[Scores]:
        """Every method, and every ensemble of sentences, on the embeddings of `clips`."""
        store = self._store(embedded(clips.recordings, encoder, clips.soundscapes))
        bg = self.settings.bg if clips.dataset.window is not None and "audio" in self.settings.modalities else ()
        modalities = [m for m in self.settings.modalities if _described(m, clips.place) or (m == "audio" and bg)]
        background = None
        if self._uses_background(modalities) and clips.place.backgrounds is not None:
            background = self._store(embedded(clips.place.backgrounds, encoder))
        common: dict[str, Any] = {"cv": clips.dataset.cv, "bg": bg or None}
        if "text" in modalities:
            common["bg_type"] = clips.place.scene
        about = clips.about | {"encoder": encoder.title}
        yield from self._grid(store, background, modalities, common, about, part, store.items)

    def given(self, dataset: DatasetTable, part: int) -> Iterator[Scores]:
        """Every method on embeddings that were made elsewhere."""
        paths, made_of, missing = given_files(dataset)
        place = _Place(dataset.bg_type, None)
        audio = {"audio"} if dataset.background else set()
        modalities = [m for m in self.settings.modalities if _described(m, place) or m in audio]
        common: dict[str, Any] = {"cv": dataset.cv, "dataset": dataset.name, **paths}
        if "text" in modalities:
            common["bg_type"] = dataset.bg_type
        about = {"dataset": dataset.called, "set": "clean", "scene": dataset.bg_type, "snr": None, "seed": None}
        for encoder in self.encoders if dataset.text_embeddings is None else [None]:
            own, content = dict(common), dict[str, Any](made_of)
            if encoder is not None:
                own |= {"model": encoder.table.model, "precision": encoder.table.precision}
                content["encoder"] = encoder.identity
            told = about | {"encoder": encoder.title if encoder else "given"}
            blocked = missing or (encoder.missing if encoder else "")
            yield from self._grid(None, None, modalities, own, told, part, 0, content, blocked)

    def _grid(
        self,
        store: Embeddings | None,
        background: Embeddings | None,
        modalities: Sequence[str],
        common: dict[str, Any],
        about: dict[str, Any],
        part: int,
        items: int,
        given: dict[str, Any] | None = None,
        blocked: str = "",
    ) -> Iterator[Scores]:
        run = self.settings
        for number, templates in enumerate(run.templates, 1):
            self._calls += 1
            own = {name: value for name, value in common.items() if value is not None}
            own |= {"modality": tuple(modalities), "templates": templates, "metric": run.metrics}
            own |= {"top_n": run.top_n, "logit_scale": run.logit_scale}
            if run.descriptions is not None:
                own["descriptions"] = run.descriptions
            if set(modalities) != {"none"}:
                own["temperature"] = run.temperatures
                if run.profile != "published":  # so that scores of before it could be said keep their place
                    own["profile"] = run.profile
            for mode in run.modes:
                hearing = METHODS.get(mode).hears_background
                if hearing and background is None and "bg_embeddings" not in own:
                    continue  # as modalities are left out where nothing describes the background
                heard = hearing or "audio" in modalities
                mine = own if heard else {name: value for name, value in own.items() if name != "bg_embeddings"}
                needs = tuple(need for need in (store, background if heard else None) if need is not None)
                made_of = _made_of(own, mode, self._described) | (given or {})
                title = f"{about['dataset']} {about['set']}, {about['encoder']}, {mode}"
                title += f", sentences {number}" if len(run.templates) > 1 else ""
                told = about | {"templates": " | ".join(templates) or None}
                known = (title, made_of, needs, items, blocked, mode, mine)
                yield Scores(*known, store, background if heard else None, told, part, (self._calls, heard))

    def _uses_background(self, modalities: Sequence[str]) -> bool:
        """Whether recordings of the background are embedded: for modality audio, or for a method's own use."""
        return "audio" in modalities or any(METHODS.get(mode).hears_background for mode in self.settings.modes)

    def _store(self, store: Embeddings) -> Embeddings:
        """The one that was planned before, where it is the same."""
        return self._stores.setdefault((store.key, store.reason), store)


def _made_of(settings: dict[str, Any], mode: str, described: str | None) -> dict[str, Any]:
    """What decides the scores of a method: of the settings those that reach it, and the method's own options.

    described: the sha256 of the classes' descriptions; None where sentences stand for them.
    """
    method = METHODS.get(mode)
    # told by what is in them
    files = ("embeddings", "text_embeddings", "bg_embeddings", "descriptions", "model", "precision")
    found = {key: _plain(value) for key, value in settings.items() if key not in files}
    if not method.takes("top_n"):
        found.pop("top_n")
    by_text = TEXT in method.needs
    found["templates"] = list(settings["templates"] or (CLASS_TEMPLATE,)) if by_text and described is None else []
    if by_text and described is not None:
        found["descriptions"] = described
    if not method.adapts:
        found |= {"modality": ["none"]}
        for name in ("temperature", "bg_type", "profile"):
            found.pop(name, None)
    plain = int | float | str | None
    options = {name: v if isinstance(v, plain) else repr(v) for name, v in method.options().items()}
    metrics = [METRICS.get(name).name for name in settings["metric"]]
    return {**found, "metric": metrics, "mode": mode, "options": options, "version": SCORES_VERSION}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _described(modality: str, place: _Place) -> bool:
    """Whether a place is described in `modality`."""
    return {"text": place.scene is not None, "audio": place.backgrounds is not None}.get(modality, True)


def _number(snr: str) -> float | None:
    try:
        return float(snr)
    except ValueError:
        return None
