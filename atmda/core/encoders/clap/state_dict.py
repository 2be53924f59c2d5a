"""The state dict of a checkpoint file, wherever in it that lies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from atmda.core.torchfile import Stored, TorchFile, stored
from atmda.errors import AtmdaError

DEEPEST = 8  # dictionaries in one another that checkpoints are looked for in
_NAMES = ("state_dict", "model", "model_state_dict")
AGAIN = "Fetch it again: `atmda fetch laion-clap`."


class StateDictFile(TorchFile):
    """A checkpoint of `torch.save`; a context manager.

    Attributes:
        tensors: name -> where it lies. Nothing but these is read from the storages.

    Raises AtmdaError where the file is no checkpoint, is damaged, or asks for anything but tensors.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, AGAIN)
        state = _state_dict(self.value)
        try:
            places = {name: stored(value) for name, value in (state or {}).items() if isinstance(name, str)}
        except ValueError:
            places = {}
        if not places:
            self.close()
            raise AtmdaError(f"{path}: it holds no weights, or it is damaged or incomplete.", AGAIN)
        self.tensors: dict[str, Stored] = {name: place for name, place in places.items() if place is not None}

    def tensor(self, name: str) -> Tensor:
        """The tensor `name`, contiguous, in its stored type. Raises AtmdaError where its numbers are not there."""
        return self.read(self.tensors[name], name)


def _state_dict(value: Any) -> Mapping[str, Any] | None:
    for _ in range(DEEPEST):  # a pickle can put a dictionary into itself
        key = next((k for k in _NAMES if isinstance(value, dict) and isinstance(value.get(k), dict)), None)
        if key is None:
            return value if isinstance(value, dict) else None
        value = value[key]
    return None
