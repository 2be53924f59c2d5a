"""Sentences for classes and backgrounds, as the method has them (arXiv 2506.04376)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from atmda.core.types import FloatArray

CLASS_TEMPLATE = "This is a sound of {label}"
BACKGROUND_TEMPLATES = (
    "This is a sound of {bg}",
    "{Bg} sounds in the background",
    "This is a sound of {bg} in the background",
)


def class_prompts(labels: Sequence[str], template: str = CLASS_TEMPLATE) -> list[str]:
    """One sentence a label; underscores in labels are read as spaces."""
    return [template.replace("{label}", _words(label)) for label in labels]


def ensemble(
    embed_text: Callable[[Sequence[str]], FloatArray], labels: Sequence[str], templates: Sequence[str] = ()
) -> FloatArray:
    """One text anchor a label, float32 (c, d).

    One template gives the sentence's embedding as it comes. Of several the mean is taken and brought to unit length,
    as Radford et al. do ("Learning transferable visual models from natural language supervision", ICML 2021).
    """
    if len(templates) <= 1:
        return embed_text(class_prompts(labels, *templates))
    mean = np.mean([embed_text(class_prompts(labels, template)) for template in templates], axis=0, dtype=np.float64)
    return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12), np.float32)


def background_prompts(background: str) -> list[str]:
    """The three sentences that stand for a background such as `park` or `street_traffic`."""
    words = _words(background)
    return [template.format(bg=words, Bg=words.capitalize()) for template in BACKGROUND_TEMPLATES]


def _words(name: str) -> str:
    return name.replace("_", " ")
