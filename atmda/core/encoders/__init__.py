"""The registry: a name, a checkpoint file or a folder becomes an encoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.errors import SettingsError

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder

#: name -> (module with a function `load(request) -> Encoder`, what help texts say of it)
ENCODERS: dict[str, tuple[str, str]] = {
    "compact": ("atmda.core.encoders.compact", "built in: small, offline, works at once"),
    "laion-clap": ("atmda.core.encoders.clap", "LAION-CLAP, exact to the official package"),
    "laion-clap-reference": ("atmda.core.encoders.laion", "the official package itself, where it is installed"),
}


@dataclass(frozen=True)
class EncoderRequest:
    """What a user asked for: `model` (a registry name, a file or a folder) and how to run it."""

    model: str
    device: str = "auto"
    precision: str = "fp32"
    long: str = "windows"
    seed: int = 0
    data_dir: Path = Path("data")

    @property
    def models_dir(self) -> Path:
        """Where fetched checkpoints lie, a folder a name."""
        return self.data_dir / "models"


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
        f"--model {request.model}: there is no encoder, file or folder of that name.",
        f"Encoders: {', '.join(ENCODERS)}.",
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
        model: a name from `ENCODERS`, `auto`, a checkpoint file, a folder, or a repository in Hugging Face's cache.
        device: `auto`, `cuda`, `mps` or `cpu`.
        precision: `fp32`, `bf16` or `fp16`, where encoder and device have it.
        long: what becomes of recordings longer than the encoder's window: `windows` (the mean of all of them) or
            `fusion` (LAION-CLAP's three random crops).
        seed: for what is drawn at random (the crops of `fusion`).
        data_dir: fetched checkpoints lie in its `models` folder.

    Raises:
        SettingsError: an unknown model, or a device that is not there.

    >>> from atmda import load_encoder
    >>> encoder = load_encoder("compact")
    >>> encoder.embed_text(["This is a sound of siren", "This is a sound of rain"]).shape
    (2, 640)
    """
    request = EncoderRequest(model, device, precision, long, seed, Path(data_dir))
    name = resolve(request)
    if model == "auto":
        request = replace(request, model=name)
    loaded: Encoder = import_module(ENCODERS[name][0]).load(request)
    return loaded
