"""The registry: a name, a checkpoint file or a folder becomes an encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.encoders.keeping import kept
from atmda.core.encoders.spec import EncoderRequest, EncoderSpec
from atmda.core.registry import Registry
from atmda.errors import SettingsError

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder

ENCODERS: Registry[EncoderSpec] = Registry(
    "encoder", "atmda.core.encoders", ("compact", "laion-clap", "laion-clap-reference")
)

__all__ = ["ENCODERS", "EncoderRequest", "EncoderSpec", "load_encoder", "resolve"]


def resolve(request: EncoderRequest) -> str:
    """The registry name that will serve `request`: `auto` is laion-clap once fetched, compact until then."""
    if request.model in ENCODERS:
        return request.model
    if request.model == "auto":
        from atmda.core.encoders.clap.find import checkpoints_in

        return "laion-clap" if checkpoints_in(request.models_dir / "laion-clap") else "compact"
    if Path(request.model).exists():
        return "laion-clap"
    if request.model.count("/") == 1:  # owner/name, as repositories of Hugging Face are called
        from atmda.core.encoders.clap.find import hub_folders

        if next(hub_folders(request.model), None):
            return "laion-clap"
    raise SettingsError(
        f"`model` {request.model}: there is no encoder, file or folder of that name.",
        f"Encoders: {', '.join(ENCODERS.names())}.",
        setting="model",
    )


def load_encoder(
    model: str = "auto",
    *,
    device: str = "auto",
    precision: str = "fp32",
    long: str = "windows",
    seed: int = 0,
    data_dir: str | Path = "data",
) -> Encoder:
    """Load an encoder once.

    Args:
        model: a name of `ENCODERS`, `auto`, a checkpoint file, a folder, or a repository in Hugging Face's cache.
        device: `auto`, `cuda`, `mps` or `cpu`.
        precision: `fp32`, `bf16` or `fp16`, where encoder and device have it.
        long: what becomes of recordings longer than the encoder's window: `windows` (the mean of all of them) or
            `fusion` (LAION-CLAP's three random crops).
        seed: for what is drawn at random (the crops of `fusion`).
        data_dir: fetched checkpoints lie in its `models` folder.

    Raises:
        SettingsError: an unknown model, a device that is not there, or a precision or way that the encoder has not.

    >>> from atmda import load_encoder
    >>> encoder = load_encoder("compact")
    >>> encoder.embed_text(["This is a sound of siren", "This is a sound of rain"]).shape
    (2, 640)
    """
    request = EncoderRequest(model, device, precision, long, seed, Path(data_dir))
    name = resolve(request)
    if model == "auto":
        request = replace(request, model=name)
    spec = ENCODERS.get(name)
    spec.check(request)
    return kept(request, spec.load)
