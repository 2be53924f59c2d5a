"""Stored embeddings against class prototypes: a grid of settings in one process."""

from __future__ import annotations

from dataclasses import replace

from atmda.core.embeddings.lengths import are_unit, span
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.metrics import METRICS
from atmda.core.evaluation.selection import Chooser
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import DRIFTS, TEXT, Training
from atmda.core.types import FloatArray
from atmda.errors import SettingsError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.anchors import ANCHORS
from atmda.tasks.backgrounds import described
from atmda.tasks.evaluation import Evaluated, evaluated
from atmda.tasks.observer import Observer
from atmda.tasks.one_length import of_one_length, unit_by
from atmda.tasks.results import ClassifyResult


def classify(settings: ClassifySettings, observer: Observer | None = None) -> ClassifyResult:
    """Classify what the settings name: each fold in turn is tested, the others train.

    Raises:
        SettingsError: settings that do not go together, or with the embeddings; before an encoder is loaded.
        StoreError: embeddings that are damaged, or that another encoder made.
    """
    observer = observer or Observer()
    settings.check()
    anchors = ANCHORS[settings.anchors_from](settings, observer)
    data = evaluated(settings, anchors.labels, observer)
    backgrounds = described(settings, data, anchors)
    text = anchors.text(data) if TEXT in settings.needs else None
    drifts = anchors.drifts(data) if DRIFTS in settings.needs else None
    data, text, backgrounds, made_unit = _of_one_length(settings, data, text, backgrounds, observer)
    encoder = anchors.loaded
    scale = settings.logit_scale or (encoder.logit_scale if encoder else data.table.logit_scale)
    judge = METRICS.get(data.metrics[0])
    known = scale if isinstance(scale, float) else None
    own = backgrounds.own, known, backgrounds.scene
    training = Training(len(data.classes), text, data.table.embeddings, data.y, drifts, *own)
    chooser = Chooser(training, data.table.folds, data.table.sources, backgrounds, judge, known)
    try:
        results = run_grid(
            training,
            data.splits,
            backgrounds=backgrounds,
            modes=settings.mode,
            modalities=settings.described_by,
            temperatures=settings.temperature,
            top_n=settings.top_n,
            metrics=data.metrics,
            logit_scale=scale,
            chooser=chooser,
        )
    except ValueError as error:  # what a method or a metric finds only in the data
        raise SettingsError(f"{settings.embeddings}: {error}.") from error
    made_with = {**anchors.made_with(backgrounds, data.classes), "made_unit": made_unit}
    return ClassifyResult(data.table, data.classes, data.y, results, data.metrics, made_with)


def _of_one_length(
    settings: ClassifySettings,
    data: Evaluated,
    text: FloatArray | None,
    backgrounds: Backgrounds,
    observer: Observer,
) -> tuple[Evaluated, FloatArray | None, Backgrounds, list[str]]:
    """Clips, anchors and backgrounds, at unit length where others of them are; and the names of what was changed.

    Sentences that an encoder embedded are left as they came: with compact their lengths mean something.
    """
    made_by = unit_by(data.table.identity)
    clips, recordings = f"the embeddings of {settings.embeddings}", f"the backgrounds of {settings.bg_embeddings}"
    anchors = f"the anchors of {settings.text_embeddings}"
    given = None if settings.text_embeddings is None else text
    if given is not None and made_by and "text" not in made_by:
        observer.notice(f"note: {anchors} are {span(given)} long, as this encoder's may be; taken as they are.")
        given = None
    heard = backgrounds.audio if backgrounds.own is None else backgrounds.own
    windows = backgrounds.windows
    of_clips = data.table.embeddings if windows is None else windows.embeddings  # the clips are some of the windows
    sides = {anchors: given, clips: of_clips, recordings: heard}
    there = {name: rows for name, rows in sides.items() if rows is not None}
    others = [rows for rows in (backgrounds.text, None if settings.text_embeddings else text) if rows is not None]
    reference = "audio" in made_by or any(are_unit(rows) for rows in others)
    found = of_one_length(there, observer, keep=settings.keep_lengths, reference=reference)
    changed = [name for name, rows in found.items() if rows is not there[name]]
    part = "audio" if backgrounds.own is None else "own"
    backgrounds = replace(backgrounds, **{part: found.get(recordings)})  # type: ignore[arg-type]
    if windows is not None:
        backgrounds = replace(backgrounds, windows=replace(windows, embeddings=found[clips]))
    rows = found[clips] if windows is None else found[clips][windows.of]
    return replace(data, table=replace(data.table, embeddings=rows)), found.get(anchors, text), backgrounds, changed
