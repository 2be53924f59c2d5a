"""Stored embeddings against class prototypes: a grid of settings in one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from atmda.core.embeddings.formats import read_text_anchors
from atmda.core.embeddings.identity import TEXT_FIELDS, check_same, check_width
from atmda.core.evaluation.grid import run_grid
from atmda.core.methods import METHODS
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import TEXT
from atmda.core.methods.prompts import background_prompts
from atmda.core.types import FloatArray
from atmda.errors import SettingsError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.background import audio_background
from atmda.tasks.encoding import open_encoder, text_anchors
from atmda.tasks.evaluation import Evaluated, evaluated
from atmda.tasks.observer import Observer
from atmda.tasks.results import ClassifyResult

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder


def classify(settings: ClassifySettings, observer: Observer | None = None) -> ClassifyResult:
    """Classify what the settings name: each fold in turn is tested, the others train.

    Raises:
        SettingsError: settings that do not go together, or with the embeddings; before an encoder is loaded.
        StoreError: embeddings that are damaged, or that another encoder made.
    """
    observer = observer or Observer()
    settings.check()
    anchors = read_text_anchors(settings.text_embeddings) if settings.text_embeddings else None
    data = evaluated(settings, anchors[1] if anchors else (), observer)
    backgrounds = audio_background(settings, data, observer) if "audio" in settings.modality else Backgrounds()
    text_needed = any(TEXT in METHODS.get(mode).needs for mode in settings.mode) and anchors is None
    encoder = None
    if text_needed or "text" in settings.modality:
        encoder = _text_encoder(settings, data, observer)
    text = anchors[0] if anchors else None
    if text_needed and encoder is not None:
        text = text_anchors(encoder, data.classes, settings.templates, observer)
    if text is not None:
        check_width(data.width, text.shape[1], str(settings.embeddings), "the class anchors")
    if "text" in settings.modality and encoder is not None:
        backgrounds = Backgrounds(_background_text(settings, data, encoder), backgrounds.audio, backgrounds.own)
    scale = settings.logit_scale or (encoder.logit_scale if encoder else data.table.logit_scale)
    try:
        results = run_grid(
            data.table.embeddings,
            data.y,
            data.table.folds,
            len(data.classes),
            text=text,
            backgrounds=backgrounds,
            modes=settings.mode,
            modalities=settings.modality,
            temperatures=settings.temperature,
            top_n=settings.top_n,
            splits=data.splits,
            sources=data.table.sources,
            metrics=data.metrics,
            logit_scale=scale,
        )
    except ValueError as error:  # what a method or a metric finds only in the data
        raise SettingsError(f"{settings.embeddings}: {error}.") from error
    return ClassifyResult(data.table, data.classes, data.y, results, data.metrics, _made_with(settings, encoder))


def _text_encoder(settings: ClassifySettings, data: Evaluated, observer: Observer) -> Encoder:
    """The encoder that made the embeddings; another one is refused with the differing field named."""
    encoder = open_encoder(settings, observer, data.table.identity)
    check_same(encoder.identity, data.table.identity, "`model`", str(settings.embeddings), TEXT_FIELDS)
    if not data.table.identity:
        observer.notice(f"{settings.embeddings} does not say what made it; taking it to be {encoder.name}.")
    return encoder


def _background_text(settings: ClassifySettings, data: Evaluated, encoder: Encoder) -> FloatArray:
    found = encoder.embed_text(background_prompts(str(settings.bg_type)))
    check_width(data.width, found.shape[1], str(settings.embeddings), "the sentences of the background")
    return found


def _made_with(settings: ClassifySettings, encoder: Encoder | None) -> Mapping[str, object]:
    """What a report says of how the numbers were made."""
    from atmda.core.methods.prompts import CLASS_TEMPLATE

    by_text = settings.text_embeddings is None and any(TEXT in METHODS.get(mode).needs for mode in settings.mode)
    return {
        "embeddings": str(settings.embeddings),
        "text_embeddings": None if settings.text_embeddings is None else str(settings.text_embeddings),
        "bg_type": settings.bg_type,
        "bg_embeddings": None if settings.bg_embeddings is None else str(settings.bg_embeddings),
        "bg_prompts": background_prompts(settings.bg_type) if settings.bg_type and encoder else [],
        "templates": list(settings.templates or (CLASS_TEMPLATE,)) if by_text else [],
        "top_n": settings.top_n,
        "logit_scale": settings.logit_scale,
        "cv": settings.cv,
        "seed": settings.seed,
        "methods": {
            mode: {"source": METHODS.get(mode).source, "options": _plain(METHODS.get(mode).options())}
            for mode in settings.mode
        },
    }


def _plain(options: Mapping[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, int | float | str | None) else str(value) for key, value in options.items()}
