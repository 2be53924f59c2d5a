"""Choices that are found as the program runs: methods and metrics by name."""

from __future__ import annotations

import re
from typing import Any

from atmda.settings.base import lower, split_commas

TEMPLATES_HELP = 'Sentences for a class; of several the mean, renormalised. (default "This is a sound of {label}")'


def methods(value: Any) -> Any:
    """Names of methods, comma separated, in any case. Raises ValueError with the nearest known name."""
    from atmda.core.methods import METHODS

    return _known(value, METHODS, "mode")


def metrics(value: Any) -> Any:
    """Names of metrics, comma separated, in any case. Raises ValueError with the nearest known name."""
    from atmda.core.evaluation.metrics import METRICS

    return _known(value, METRICS, "metric")


def profiles(value: Any) -> Any:
    """The name of a kind of profile, in any case. Raises ValueError with the nearest known name."""
    from atmda.core.profiles import PROFILES

    return _known(value, PROFILES, "profile")[0]


def _known(value: Any, registry: Any, what: str) -> Any:
    from atmda.errors import SettingsError

    names = lower(split_commas(value))
    for name in names:
        try:
            registry.get(name)
        except SettingsError as error:
            raise ValueError(f"{name!r} is no {what}. {error.hint}".rstrip(".")) from error
    return names


def number_or_word(value: Any) -> Any:
    """A number as it is, a word such as "auto" in any case."""
    return lower(value) if isinstance(value, str) else value


def numbers_or_auto(value: Any) -> Any:
    """Numbers or "auto", comma separated."""
    return tuple(number_or_word(part) for part in split_commas(value))


def split_templates(value: Any) -> Any:
    """ "A {label};B {label}" -> ("A {label}", "B {label}"). Raises ValueError where {label} is missing."""
    parts = tuple(p.strip() for p in value.split(";") if p.strip()) if isinstance(value, str) else tuple(value)
    for part in parts:
        if "{label}" not in part:
            raise ValueError(f"the sentence {part!r} has no {{label}} in it, where the class's name is to stand")
    return parts


def own_backgrounds(value: Any) -> Any:
    """ "unlabelled,self:median,rolling=60" -> ("unlabelled", "self:median,rolling=60").

    Raises ValueError for what is no background of a recording's own.
    """
    from atmda.core.detection.self_background import SelfBackground
    from atmda.errors import SettingsError

    parts = re.split(r",\s*(?=unlabelled|self|site)", value.lower()) if isinstance(value, str) else tuple(value or ())
    found = []
    for part in (str(part).strip().lower() for part in parts):
        try:
            own = None if part == "unlabelled" else SelfBackground.parse(part)
        except SettingsError as error:
            hint = "Write unlabelled, self, self:mean, self:median or self:rolling=600"
            raise ValueError(f"{error.message.rstrip('.')}. {hint}") from error
        if own is not None and own.site:
            raise ValueError("site is for infer; here each recording is taken by itself: write self")
        found.append("unlabelled" if own is None else str(own))
    return tuple(dict.fromkeys(found))


def split_labels(value: Any) -> Any:
    """ "a, b" or '["a", "b"]' -> ("a", "b"). Raises ValueError for a list that is not JSON."""
    from atmda.datasets.label_text import listed

    words = listed(value) if isinstance(value, str) else None
    return split_commas(value) if words is None else words
