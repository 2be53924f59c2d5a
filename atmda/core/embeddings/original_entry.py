"""One clip of the original scripts' dictionary: numbers may be Python's, NumPy's or tensors, classes ids or names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from atmda.core.embeddings.folds import fold_number
from atmda.core.safe_pickle import Call, as_array, as_word
from atmda.core.types import FloatArray

if TYPE_CHECKING:
    from atmda.core.torchfile import TorchFile


@dataclass(frozen=True)
class Entry:
    """What `file` holds of the clip `name`; each method raises ValueError with what is wrong."""

    file: TorchFile
    name: str
    content: Any

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("it is called by something else than a file name")
        if not isinstance(self.content, Mapping):
            raise ValueError(f'it is not a dictionary {{"embd", "class_gt", "fold"}} but {_kind(self.content)}')
        if "embd" not in self.content:
            raise ValueError(f"it has no embd, only {', '.join(map(str, self.content)) or 'nothing'}")

    def embedding(self) -> FloatArray:
        """Float32 (d,), of whatever kind of number it is stored as; one row of one is such, too."""
        array = self._array("embd")
        if array.size == 0 or array.size != max(array.shape, default=0):
            raise ValueError(f"its embd has the shape {array.shape}, not that of one embedding")
        with np.errstate(over="ignore"):
            return np.asarray(array, np.float32).reshape(-1)

    def labels(self) -> tuple[str, ...]:
        """The class, by name or id; () where it is not told."""
        value = self.content.get("class_gt")
        if value is None:
            return ()
        if (word := as_word(value)) is not None:
            return (word,)
        try:
            return (str(fold_number(self._one("class_gt"))),)
        except ValueError as error:
            raise ValueError(f"its class_gt is neither a name nor a whole number: {error}") from error

    def fold(self) -> tuple[int, ...]:
        """The fold; () where it is not told."""
        value = self.content.get("fold")
        if value is None:
            return ()
        try:
            word = as_word(value)
            return (fold_number(self._one("fold") if word is None else word),)
        except ValueError as error:
            raise ValueError(f"its fold is not a whole number: {error}") from error

    def _one(self, key: str) -> object:
        array = self._array(key)
        if array.size != 1:
            raise ValueError(f"of the shape {array.shape}")
        return array.reshape(-1)[0].item()

    def _array(self, key: str) -> Any:
        from atmda.core.torchfile import stored

        value = self.content[key]
        place = stored(value)
        if place is None:
            array = as_array(value)
        else:
            tensor = self.file.read(place, f"{key} of {self.name}")
            array = (tensor.float() if tensor.is_floating_point() else tensor).numpy()  # NumPy has no bfloat16
        if array.dtype.kind not in "fiu":
            raise ValueError(f"{key} holds {array.dtype}, not numbers")
        return array


def _kind(value: Any) -> str:
    return f"a {value.name}" if isinstance(value, Call) else f"a {type(value).__name__}"
