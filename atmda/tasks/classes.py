"""Which classes there are to choose from, and by what prototypes they are told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atmda.core.encoders.base import Encoder
from atmda.core.methods import METHODS
from atmda.core.methods.base import CLIPS, DRIFTS, SCENE, TEXT, Method, Prototypes, Scorer, Training
from atmda.core.methods.prompts import in_noise
from atmda.core.methods.prototypes import SHARE, TOP_N, neighbours
from atmda.datasets.labels import merge_labels, read_labels
from atmda.errors import SettingsError
from atmda.settings.infer import InferSettings
from atmda.tasks.encoding import text_anchors
from atmda.tasks.observer import Observer
from atmda.tasks.one_length import brought_to_length, unit_by
from atmda.tasks.profiles import KnownBackground
from atmda.tasks.subjects import Subject


@dataclass(frozen=True)
class Classes:
    """Labels, the method that tells them apart, fitted, and what makes its scores logits.

    unit: whether it was made of unit vectors; None where that is not told (prototypes are means, of any length).
    """

    labels: tuple[str, ...]
    mode: str
    scorer: Scorer
    logit_scale: float
    unit: bool | None = None


def fitted_classes(settings: InferSettings, subject: Subject, background: KnownBackground) -> Classes:
    """The labels given (else those of the examples), with the method that `mode` names fitted for them.

    Raises SettingsError where labels or examples cannot be used, StoreError where another encoder made the examples.
    """
    labels = given_labels(settings, subject.observer)
    classes = _fitted(settings, labels, subject.encoder, background, subject.observer)
    if settings.save_prototypes is not None:
        keep_classes(settings.save_prototypes, classes, subject.identity)
    return classes


def kept_classes(settings: InferSettings, subject: Subject, background: KnownBackground) -> Classes:
    """The classes of a file of prototypes. Raises StoreError where they are of another encoder."""
    from atmda.core.embeddings.identity import check_same, check_width
    from atmda.core.methods.prototype_file import KeptPrototypes

    path = settings.prototypes
    assert path is not None
    kept = KeptPrototypes.read(path)
    check_same(subject.identity, kept.identity, subject.name, str(path))
    check_width(subject.width, kept.P.shape[1], subject.name, f"the prototypes in {path} have")
    return Classes(kept.labels, kept.mode, Prototypes(kept.P), kept.logit_scale)


def given_labels(settings: InferSettings, observer: Observer) -> tuple[str, ...]:
    """The labels of `labels` or `class_labels`, those that mean the same prompt merged; () where neither is given."""

    labels = settings.labels
    if settings.class_labels is not None:
        labels = read_labels(_label_file(settings, settings.class_labels))
    kept, merged = merge_labels(labels)
    for first, others in merged.items():
        observer.notice(f"note: {', '.join(map(repr, others))} means the same as {first!r}, which stands for it.")
    return kept


def _fitted(
    settings: InferSettings,
    labels: tuple[str, ...],
    encoder: Encoder,
    background: KnownBackground,
    observer: Observer,
) -> Classes:
    """`labels` (else those of the examples) with prototypes made as `mode` says."""

    method = _suited(settings, encoder, observer)
    examples, unit = None, "audio" in unit_by(encoder.identity)
    if CLIPS in method.needs:
        from atmda.tasks.examples import labelled_examples

        labels, examples = labelled_examples(settings, labels, encoder, observer)
        examples = brought_to_length(examples, f"the embeddings of {settings.examples}", unit, observer)
        method = _with_its_share(method, len(examples), len(labels), observer)
    text = None
    if TEXT in method.needs:
        text = text_anchors(encoder, labels, settings.templates, observer, settings.descriptions)
    X = y = None
    if examples is not None:
        index = {label: number for number, label in enumerate(labels)}
        X, y = examples.embeddings, np.asarray([index[label] for label in examples.labels or ()], np.int64)
    drifts = in_noise(encoder.embed_text, labels, settings.templates) if DRIFTS in method.needs else None
    scene = background.scene if SCENE in method.needs else None
    training = Training(len(labels), text, X, y, drifts, logit_scale=encoder.logit_scale, scene=scene)
    try:
        scorer = method.with_options({"temperature": settings.temperature}).fit(training)
    except ValueError as error:  # a classifier that finds one class alone, say
        raise SettingsError(
            f"`mode` {method.name} cannot learn from `examples` {settings.examples}: {error}."
        ) from error
    scale = encoder.logit_scale if method.logit_scale is None else method.logit_scale
    return Classes(labels, method.name, scorer, scale, unit)


def keep_classes(path: Path, classes: Classes, identity: dict[str, str]) -> None:
    """Write prototypes for another run. Raises SettingsError where the mode has none."""

    from atmda.core.methods.prototype_file import KeptPrototypes

    if not isinstance(classes.scorer, Prototypes):
        raise SettingsError(f"`save_prototypes`: `mode` {classes.mode} has no prototypes.", setting="save_prototypes")
    KeptPrototypes(classes.scorer.P, classes.labels, classes.mode, identity, classes.logit_scale).write(path)


def _label_file(settings: InferSettings, path: Path) -> Path:
    """The original scripts looked for labels in folders of their own too."""
    if path.exists() or path.is_absolute():
        return path
    beside = Path(settings.audio_folder).parent / path if settings.audio_folder else path
    return next((p for p in (settings.workspace.label_files / path, beside) if p.exists()), path)


def _suited(settings: InferSettings, encoder: Encoder, observer: Observer) -> Method:
    """The method that `mode` names, or the one that the encoder has in its place."""
    suited = (
        encoder.recommended.get(settings.mode, settings.mode) if settings.scoring == "recommended" else settings.mode
    )
    if suited != settings.mode:
        observer.notice(
            f"Scoring: {suited}, which suits {encoder.name} better than {settings.mode}; "
            f"`scoring` published takes {settings.mode} itself."
        )
    return METHODS.get(suited)


def _with_its_share(method: Method, n_examples: int, n_classes: int, observer: Observer) -> Method:
    """A handful of examples has not the 35 a class that tgap takes of a whole data set."""
    if not method.takes("top_n"):
        return method
    each = neighbours(SHARE, n_examples, n_classes)
    if each < TOP_N:
        observer.notice(
            f"{method.name}: each prototype is the mean of the {each} nearest examples, for there are no more a class."
        )
    return method.with_options({"top_n": SHARE})


CLASSES: Mapping[str, Callable[[InferSettings, Subject, KnownBackground], Classes]] = {
    "method": fitted_classes,
    "prototypes": kept_classes,
}
