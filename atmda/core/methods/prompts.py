"""Sentences for classes and backgrounds, as the method has them (arXiv 2506.04376)."""

from __future__ import annotations

from collections.abc import Sequence

CLASS_TEMPLATE = "This is a sound of {label}"
BACKGROUND_TEMPLATES = (
    "This is a sound of {bg}",
    "{Bg} sounds in the background",
    "This is a sound of {bg} in the background",
)

#: the ten scenes of TAU Urban Acoustic Scenes 2019
SCENES = (
    "airport",
    "bus",
    "metro",
    "metro_station",
    "park",
    "public_square",
    "shopping_mall",
    "street_pedestrian",
    "street_traffic",
    "tram",
)


def class_prompts(labels: Sequence[str], template: str = CLASS_TEMPLATE) -> list[str]:
    """One sentence a label; underscores in labels are read as spaces."""
    return [template.replace("{label}", _words(label)) for label in labels]


def background_prompts(background: str) -> list[str]:
    """The three sentences that stand for a background such as `park` or `street_traffic`."""
    words = _words(background)
    return [template.format(bg=words, Bg=words.capitalize()) for template in BACKGROUND_TEMPLATES]


def _words(name: str) -> str:
    return name.replace("_", " ")
