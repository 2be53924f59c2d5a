"""`compact`, the encoder in the box: small, offline, trained by this project (`training/`, `docs/compact.md`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmda.core.encoders.spec import EncoderRequest, EncoderSpec

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder


def load(request: EncoderRequest) -> Encoder:
    """The built-in encoder. Raises SettingsError for a device that is not there; it stays on the CPU."""
    if request.device not in ("auto", "cpu"):
        from atmda.core.device import resolve_device

        resolve_device(request.device)  # names what there is
    from atmda.core.encoders.compact.encoder import CompactEncoder

    return CompactEncoder()


PLUGINS = (EncoderSpec("compact", "built in: small, offline, works at once", load, unit=("audio",)),)
