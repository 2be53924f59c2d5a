"""The official `laion-clap` package (`model` laion-clap-reference), where it is installed; see `clap.reference`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import TYPE_CHECKING

from atmda.core.encoders.spec import EncoderRequest, EncoderSpec
from atmda.core.fingerprint import digest
from atmda.errors import AtmdaError

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder

_PARTS = {"laion_clap": "laion-clap", "torchvision": "torchvision", "torchaudio": "torchaudio", "librosa": "librosa"}


def load(request: EncoderRequest) -> Encoder:
    """The official model with the checkpoint that `model` laion-clap would use.

    Raises AtmdaError, saying what is missing, where the package cannot be used.
    """
    missing = [name for module, name in _PARTS.items() if find_spec(module) is None]
    if missing:
        raise AtmdaError(
            f"`model` laion-clap-reference needs {' and '.join(missing)}, which this Python has not.",
            'Install them: `pip install "atmda[laion-clap]"` (numpy below 2), or use `model` laion-clap: '
            "the same numbers without them.",
        )
    from atmda.core.device import resolve_device
    from atmda.core.encoders.clap.checkpoint import open_checkpoint
    from atmda.core.encoders.clap.find import NAME, cache_folders, find_checkpoint
    from atmda.core.encoders.clap.reference import ReferenceEncoder

    path = find_checkpoint(NAME, request.models_dir)
    arch = open_checkpoint(path, cache_folders(request.models_dir)).arch
    with redirect_stdout(sys.stderr):  # it prints a line for every tensor
        try:
            import laion_clap
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise AtmdaError(
                f"The laion-clap package cannot be imported ({reason}).",
                "It fetches roberta-base from the Hugging Face hub while it is imported and needs numpy below 2.",
            ) from error
        tower = "HTSAT-base" if arch.dim == 128 else "HTSAT-tiny"
        module = laion_clap.CLAP_Module(
            enable_fusion=arch.fused, device=str(resolve_device(request.device)), amodel=tower
        )
        module.load_ckpt(str(path))
    return ReferenceEncoder(module, digest(path), request.seed)


PLUGINS = (
    EncoderSpec(
        "laion-clap-reference",
        "the official package itself, where it is installed",
        load,
        long=("windows", "fusion"),
        unit=("audio", "text"),
    ),
)
