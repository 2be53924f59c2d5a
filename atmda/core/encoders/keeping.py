"""Encoders kept loaded while many tasks run one after the other, each of which asks for its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from atmda.core.encoders.spec import EncoderRequest

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder

_kept: dict[EncoderRequest, Encoder] | None = None


@contextmanager
def encoders_kept() -> Iterator[None]:
    """Within the block an encoder that was loaded is given again to who asks for the same, in every thread."""
    global _kept
    before, _kept = _kept, {} if _kept is None else _kept
    try:
        yield
    finally:
        _kept = before


def kept(request: EncoderRequest, load: Callable[[EncoderRequest], Encoder]) -> Encoder:
    """The encoder for `request`, by `load` where none is kept."""
    if _kept is None:
        return load(request)
    if request not in _kept:
        _kept[request] = load(request)
    return _kept[request]
