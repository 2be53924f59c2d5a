"""What is known of an encoder before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.errors import SettingsError
from atmda.workspace import Workspace

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder


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
        return Workspace(self.data_dir).models

    @property
    def text_cache_dir(self) -> Path:
        """Where text embeddings are kept."""
        return Workspace(self.data_dir).text_cache


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder by its name; the module that declares it imports neither torch nor numpy.

    Attributes:
        name: as in `model`.
        about: what help texts say of it.
        load: from a request to the encoder.
        precisions: kinds of arithmetic it has; which of them a device has is found out when it is loaded.
        long: what it can do with recordings longer than its window: "windows", "fusion".
        unit: which of its embeddings always have length 1: "audio", "text".
    """

    name: str
    about: str
    load: Callable[[EncoderRequest], Encoder]
    precisions: tuple[str, ...] = ("fp32",)
    long: tuple[str, ...] = ("windows",)
    unit: tuple[str, ...] = ()

    def check(self, request: EncoderRequest) -> None:
        """Raises SettingsError for a precision or a treatment of long recordings that the encoder has not."""
        for setting, wanted, there in (
            ("precision", request.precision, self.precisions),
            ("long", request.long, self.long),
        ):
            if wanted not in there:
                raise SettingsError(
                    f"`{setting}` {wanted}: the encoder {self.name} has {' and '.join(there)} alone.",
                    "Leave it out." if len(there) == 1 else "Use one of them.",
                    setting=setting,
                )
