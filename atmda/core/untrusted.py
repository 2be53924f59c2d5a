"""JSON in files that came from elsewhere, taken as data: what it may be is checked before anything is made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from atmda.core.bounds import LOGIT_SCALE
from atmda.errors import StoreError

#: Longest text that is parsed: a data set's index is a tenth of it, and parsed it takes ten times its length.
MOST_BYTES = 100_000_000
#: Deepest nesting; JAMS has 8. Python itself gives up at some hundreds, wherever the next of its own calls happens.
DEEPEST = 32
#: Fields of an identity, and characters of one.
MOST_FIELDS, LONGEST_FIELD = 64, 1000


def parsed_object(text: str | bytes, what: str) -> dict[str, Any]:
    """The JSON object in `text`, its keys strings. Raises StoreError, which begins with `what`, where it is none."""
    if len(text) > MOST_BYTES:
        raise StoreError(f"{what} is {len(text):,} bytes long; {MOST_BYTES:,} are the most that is read.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise StoreError(f"{what} is not JSON ({reason}).") from error
    if not isinstance(content, dict):
        raise StoreError(f"{what} is no JSON object.")
    _refuse_nesting(content, what)
    return content


def identity_of(content: object, what: str = "the identity") -> dict[str, str]:
    """What made an artifact, as it says: flat strings by name. Raises StoreError, which begins with `what`.

    It is compared with identities and shown, nothing else: what it names is never opened.
    """
    if not isinstance(content, Mapping) or len(content) > MOST_FIELDS:
        raise StoreError(f"{what} is not a table of {MOST_FIELDS} fields at most.")
    for pair in content.items():
        if not all(isinstance(part, str) and len(part) <= LONGEST_FIELD and part.isprintable() for part in pair):
            raise StoreError(f"{what} holds something else than words of {LONGEST_FIELD} characters at most.")
    return dict(content)


def logit_scale_of(value: object, what: str = "the logit scale") -> float:
    """What makes scores logits. Raises StoreError, which begins with `what`, for a number that it cannot be."""
    if value not in LOGIT_SCALE:
        raise StoreError(f"{what} is {value!r:.40}; it lies {LOGIT_SCALE}.")
    return float(value)  # type: ignore[arg-type]


def _refuse_nesting(content: object, what: str) -> None:
    level: list[object] = [content]
    for _ in range(DEEPEST):
        level = [item for value in level for item in _inside(value)]
        if not level:
            return
    raise StoreError(f"{what} is nested more than {DEEPEST} levels deep.")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
