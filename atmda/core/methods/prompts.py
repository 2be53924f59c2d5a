"""Sentences for classes and backgrounds, as the method has them (arXiv 2506.04376)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from atmda.core.methods.prototypes import unit_rows
from atmda.core.types import FloatArray

CLASS_TEMPLATE = "This is a sound of {label}"
BACKGROUND_TEMPLATES = (
    "This is a sound of {bg}",
    "{Bg} sounds in the background",
    "This is a sound of {bg} in the background",
)
#: what a class may be heard with, for drift-augmented scoring; this project's list
NOISES = (
    "background noise",
    "traffic noise",
    "street noise",
    "crowd noise",
    "people talking",
    "wind noise",
    "rain",
    "birds singing",
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
    return unit_rows(
        np.mean([embed_text(class_prompts(labels, template)) for template in templates], axis=0, dtype=np.float64)
    )


def described(embed_text: Callable[[Sequence[str]], FloatArray], descriptions: Sequence[Sequence[str]]) -> FloatArray:
    """One text anchor a class, float32 (c, d), from its descriptions as they stand; of several the renormalised mean.

    Sentences about how a class sounds instead of its name: Olvera et al., arXiv 2409.13676.
    """
    embedded = [embed_text(list(sentences)) for sentences in descriptions]
    return np.stack(
        [rows[0] if len(rows) == 1 else unit_rows(rows.mean(axis=0, dtype=np.float64)[None])[0] for rows in embedded]
    )


def in_noise(
    embed_text: Callable[[Sequence[str]], FloatArray], labels: Sequence[str], templates: Sequence[str] = ()
) -> FloatArray:
    """Text anchors of "label with noise", one a label and kind of noise, float32 (c, p, d)."""
    with_noise = [[f"{label} with {noise}" for label in labels] for noise in NOISES]
    return np.stack([ensemble(embed_text, noisy, templates) for noisy in with_noise], axis=1)


def background_prompts(background: str) -> list[str]:
    """The three sentences that stand for a background such as `park` or `street_traffic`."""
    words = _words(background)
    return [template.format(bg=words, Bg=words.capitalize()) for template in BACKGROUND_TEMPLATES]


def _words(name: str) -> str:
    return name.replace("_", " ")
