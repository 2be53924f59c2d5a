"""Text anchors of classes for `classify`: embedded by the encoder that made the clips, or made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from atmda.core.embeddings.identity import TEXT_FIELDS, check_same, check_width
from atmda.core.embeddings.npz import read_text_anchors
from atmda.core.methods import METHODS
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import DRIFTS, TEXT, Method
from atmda.core.methods.prompts import CLASS_TEMPLATE, NOISES, class_prompts, in_noise
from atmda.core.types import FloatArray
from atmda.settings.classify import ClassifySettings
from atmda.tasks.encoding import open_encoder, text_anchors
from atmda.tasks.evaluation import Evaluated
from atmda.tasks.given_anchors import check_anchors
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder


class Anchors:
    """Anchors by the encoder; it is loaded when it is first asked for, so that what needs none runs without."""

    #: labels that come with the anchors; () where the clips say which classes there are
    labels: tuple[str, ...] = ()

    def __init__(self, settings: ClassifySettings, observer: Observer) -> None:
        self.settings, self.observer = settings, observer
        self.loaded: Encoder | None = None

    def text(self, data: Evaluated) -> FloatArray:
        """One anchor a class, float32 (c, d). Raises StoreError where they are of another width than the clips."""
        encoder = self.encoder(data)
        settings = self.settings
        made = text_anchors(encoder, data.classes, settings.templates, self.observer, settings.descriptions)
        return self.fitting(data, made)

    def drifts(self, data: Evaluated) -> FloatArray:
        """Anchors of each class in noise, float32 (c, p, d)."""
        return in_noise(self.encoder(data).embed_text, data.classes, self.settings.templates)

    def encoder(self, data: Evaluated) -> Encoder:
        """The encoder that made the embeddings; another one is refused with the differing field named."""
        if self.loaded is None:
            identity, name = data.table.identity, str(self.settings.embeddings)
            self.loaded = open_encoder(self.settings, self.observer, identity)
            check_same(self.loaded.identity, identity, "`model`", name, TEXT_FIELDS)
            if not identity:
                self.observer.notice(f"{name} does not say what made it; taking it to be {self.loaded.name}.")
        return self.loaded

    def fitting(self, data: Evaluated, text: FloatArray) -> FloatArray:
        """`text` (m, d), if it is as wide as the clips. Raises StoreError."""
        check_width(data.width, text.shape[1], str(self.settings.embeddings), "the embeddings of its sentences")
        return text

    def made_with(self, backgrounds: Backgrounds, classes: Sequence[str]) -> Mapping[str, object]:
        """What a report says of how the numbers were made."""
        settings = self.settings
        by_sentences = settings.anchors_from == "encoder" and TEXT in settings.needs
        templates = (settings.templates or (CLASS_TEMPLATE,)) if by_sentences and not settings.descriptions else ()
        return {
            "embeddings": str(settings.embeddings),
            "text_embeddings": None if settings.text_embeddings is None else str(settings.text_embeddings),
            "bg_type": settings.bg_type,
            "bg_embeddings": None if settings.bg_embeddings is None else str(settings.bg_embeddings),
            "bg": list(settings.bg),
            "bg_prompts": list(backgrounds.prompts or ()),
            "templates": list(templates),
            "prompts": self._prompts(templates, classes) if by_sentences else {},
            "descriptions": None if settings.descriptions is None else str(settings.descriptions),
            "profile": settings.profile,
            "noises": list(NOISES) if DRIFTS in settings.needs else [],
            "top_n": settings.top_n,
            "logit_scale": settings.logit_scale,
            "cv": settings.cv,
            "seed": settings.seed,
            "methods": {mode: _told(METHODS.get(mode)) for mode in settings.mode},
        }

    def _prompts(self, templates: Sequence[str], classes: Sequence[str]) -> dict[str, list[str]]:
        """The sentences that stand for each class."""
        if self.settings.descriptions is not None:
            from atmda.datasets.descriptions import read_descriptions

            found = read_descriptions(self.settings.descriptions, classes)
            return {label: list(sentences) for label, sentences in zip(classes, found, strict=True)}
        return {label: [prompt for each in templates for prompt in class_prompts([label], each)] for label in classes}


def _told(method: Method) -> dict[str, object]:
    plain = {k: v if isinstance(v, int | float | str | None) else str(v) for k, v in method.options().items()}
    return {"source": method.source, "options": plain}


class GivenAnchors(Anchors):
    """Anchors made elsewhere. Raises StoreError where the file cannot be used."""

    def __init__(self, settings: ClassifySettings, observer: Observer) -> None:
        super().__init__(settings, observer)
        assert settings.text_embeddings is not None
        self._text, self.labels = read_text_anchors(settings.text_embeddings)
        check_anchors(settings.text_embeddings, self._text, self.labels, observer)

    def text(self, data: Evaluated) -> FloatArray:
        return self.fitting(data, self._text)


#: where anchors come from
ANCHORS: Mapping[str, Callable[[ClassifySettings, Observer], Anchors]] = {"encoder": Anchors, "file": GivenAnchors}
