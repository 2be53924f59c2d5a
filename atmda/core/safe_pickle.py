"""Reading what `torch.save` wrote without executing any of it.

A pickle can name any function to be called on loading. This reader resolves the few names that arrays and tensors
need, to functions of its own, and refuses every other; tensors come back as NumPy arrays, and torch is not needed.
torch's own weights-only loader refuses the NumPy arrays that the original scripts' files hold.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from atmda.errors import AtmdaError

STORAGES = {
    "DoubleStorage": np.float64,
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ShortStorage": np.int16,
    "CharStorage": np.int8,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
}


def load_torch(path: Path) -> Any:
    """The object in a file of `torch.save` (zip format), tensors as NumPy arrays.

    Raises AtmdaError where the file is something else, is damaged, or names anything but arrays, tensors and plain
    containers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            root = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            with archive.open(root) as stream:
                return _Reader(stream, archive, root.removesuffix("data.pkl")).load()
    except _RefusedError as error:
        raise AtmdaError(f"{path}: it was not loaded, for it asks to call {error}.", "Use a file you trust.") from error
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise AtmdaError(f"{path}: it is not a file of torch.save in the zip format.") from error
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise AtmdaError(f"{path}: it is damaged ({type(error).__name__}: {error}).") from error


class _RefusedError(Exception):
    """The pickle names something that is not data."""


class _Reader(pickle.Unpickler):
    def __init__(self, stream: Any, archive: zipfile.ZipFile, prefix: str) -> None:
        super().__init__(stream, encoding="latin1")
        self._archive = archive
        self._prefix = prefix

    def find_class(self, module: str, name: str) -> Any:
        found = _ALLOWED.get((module, name))
        if found is not None:
            return found
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise _RefusedError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        kind, dtype, key, _device, count = pid
        if kind != "storage" or "/" in str(key):
            raise _RefusedError(f"storage {key}")
        data = np.frombuffer(self._archive.read(f"{self._prefix}data/{key}"), np.dtype(dtype))
        return data[: int(count)]


def _rebuild_tensor(storage: Any, offset: int, size: Any, stride: Any, *_: Any) -> Any:
    needed = offset + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if all(size) else 0
    negative = offset < 0 or any(n < 0 for n in (*size, *stride))
    if negative or needed > len(storage) or prod(size) > len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    strides = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], tuple(size), strides, writeable=False).copy()


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


def _empty_array(_kind: Any, _shape: Any, _type: Any) -> Any:
    return _Array()


class _Array:
    """Takes the state of a NumPy array; becomes one when read through `__array__`."""

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, fortran, data = state
        if dtype.hasobject:
            raise _RefusedError("an array of objects")
        raw = data.encode("latin1") if isinstance(data, str) else data
        self._value = np.frombuffer(raw, dtype.dtype).reshape(shape, order="F" if fortran else "C")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self._value, dtype or self._value.dtype)


def _from_buffer(data: Any, dtype: Any, shape: Any, order: str) -> Any:
    """How pickle protocol 5 rebuilds a NumPy array."""
    return np.frombuffer(data, dtype.dtype).reshape(shape, order="F" if order == "F" else "C")


def _dtype(text: str, *_: Any) -> Any:
    return _Dtype(text)


class _Dtype:
    """Takes the state of a NumPy dtype: only plain numbers and booleans."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or text[:1] not in "fiub" or not text[1:].isdigit():
            raise _RefusedError(f"the dtype {text!r}")
        self._text = text
        self._order = "="
        self.hasobject = False

    def __setstate__(self, state: Any) -> None:
        self._order = state[1] if state[1] in "<>=" else "="

    @property
    def dtype(self) -> Any:  # np.frombuffer and np.dtype read this
        return np.dtype(self._order + self._text)


def _scalar(dtype: Any, data: Any = b"") -> Any:
    raw = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(raw, np.dtype(dtype.dtype))[0].item()


def _encode(text: str, encoding: str = "latin1") -> bytes:
    return text.encode(encoding if encoding in ("latin1", "ascii", "utf-8") else "latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | type] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("_codecs", "encode"): _encode,
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): _Array,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _empty_array for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
}
