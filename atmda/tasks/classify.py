"""Stored embeddings against class prototypes: a grid of settings in one process."""

from __future__ import annotations

from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.metrics import METRICS
from atmda.core.evaluation.selection import Chooser
from atmda.core.methods import METHODS
from atmda.core.methods.base import TEXT, Training
from atmda.errors import SettingsError
from atmda.settings.classify import ClassifySettings
from atmda.tasks.anchors import ANCHORS
from atmda.tasks.backgrounds import described
from atmda.tasks.evaluation import evaluated
from atmda.tasks.observer import Observer
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
    text = anchors.text(data) if any(TEXT in METHODS.get(mode).needs for mode in settings.mode) else None
    encoder = anchors.loaded
    scale = settings.logit_scale or (encoder.logit_scale if encoder else data.table.logit_scale)
    training = Training(len(data.classes), text, data.table.embeddings, data.y)
    chooser = Chooser(training, data.table.folds, data.table.sources, backgrounds, METRICS.get(data.metrics[0]))
    try:
        results = run_grid(
            training,
            data.splits,
            backgrounds=backgrounds,
            modes=settings.mode,
            modalities=settings.modality,
            temperatures=settings.temperature,
            top_n=settings.top_n,
            metrics=data.metrics,
            logit_scale=scale,
            choose=chooser.choose,
        )
    except ValueError as error:  # what a method or a metric finds only in the data
        raise SettingsError(f"{settings.embeddings}: {error}.") from error
    return ClassifyResult(data.table, data.classes, data.y, results, data.metrics, anchors.made_with(backgrounds))
