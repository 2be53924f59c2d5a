"""LAION-CLAP (`model` laion-clap, a checkpoint file, a folder or a Hugging Face repository in the local cache)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmda.core.encoders.spec import EncoderRequest, EncoderSpec

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder


def load(request: EncoderRequest) -> Encoder:
    """The encoder for `request`.

    Raises:
        AtmdaError: no checkpoint, a damaged or unsafe one, or an architecture this encoder does not run.
        SettingsError: a device or precision that is not here, or fusion asked of a checkpoint without it.
    """
    from atmda.core.collecting import uncollected

    with uncollected():
        from atmda.core.device import resolve_device
        from atmda.core.encoders.clap.checkpoint import open_checkpoint
        from atmda.core.encoders.clap.encoder import ClapEncoder, text_identity
        from atmda.core.encoders.clap.find import cache_folders, find_checkpoint, vocabulary_folders
        from atmda.core.encoders.clap.precision import chosen_precision
        from atmda.core.encoders.clap.shapes import DIM
        from atmda.core.encoders.text_cache import TextCache

    device = resolve_device(request.device)
    precision = chosen_precision(request.precision, device)
    path = find_checkpoint(request.model, request.models_dir)
    checkpoint = open_checkpoint(path, cache_folders(request.models_dir))
    return ClapEncoder(
        checkpoint,
        device=device,
        precision=precision,
        long=request.long,
        seed=request.seed,
        vocabularies=vocabulary_folders(checkpoint.path.parent, request.models_dir),
        cache=TextCache(request.text_cache_dir, text_identity(checkpoint, precision), DIM),
    )


PLUGINS = (
    EncoderSpec(
        "laion-clap",
        "LAION-CLAP, exact to the official package",
        load,
        precisions=("fp32", "bf16", "fp16", "auto"),
        long=("windows", "fusion"),
        unit=("audio", "text"),
    ),
)
