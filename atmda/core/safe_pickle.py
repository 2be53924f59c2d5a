"""Reads what a pickle says without doing what it asks for.

A pickle can name any function to be called on loading. Here every name becomes a class of our own that records what it
would have been called with (`Call`), so that nothing is imported or run; names that neither tensors nor arrays need are
refused outright, so that a tampered file is noticed rather than half read. See "Restricting Globals" in the
documentation of Python's `pickle`. Own code, because torch's `weights_only` loader ran code from crafted files before
torch 2.6 (CVE-2025-32434), and torch 2.4 is supported.
"""

from __future__ import annotations

import pickle
import pickletools
from collections import OrderedDict
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

#: what files of `torch.save` name: tensors and their parts, and what training loops leave beside them
_MODULES = ("torch", "torch._utils", "torch.storage", "torch.nn.parameter", "torch._tensor", "numpy")
_NAMES = {
    ("_codecs", "encode"),
    ("argparse", "Namespace"),
    ("pathlib", "PosixPath"),
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
}
#: opcodes that keep a value under a number, and those that take one from outside the file
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_REFUSED = {"NEXT_BUFFER", "READONLY_BUFFER", "EXT1", "EXT2", "EXT4"}


class RefusedGlobalError(ValueError):
    """The pickle names something that neither tensors nor arrays need."""


class Call:
    """A call the pickle would make: of `module`.`name` with `arguments`, then perhaps told a `state`."""

    module = ""
    name = ""
    arguments: tuple[Any, ...]
    state: Any = None

    def __new__(cls, *arguments: Any) -> Call:
        call = super().__new__(cls)
        call.arguments = arguments
        return call

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        """Items of an object that is not read."""

    def extend(self, items: Any) -> None:
        """Items of an object that is not read."""


class _Dict(dict[Any, Any]):
    """A dictionary, whatever it would have been made with (a `defaultdict` names a function)."""

    def __init__(self, *_: Any) -> None:
        super().__init__()


class Persistent:
    """A reference to something kept outside the pickle: torch's storages."""

    def __init__(self, key: Any) -> None:
        self.key = key


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        plain = {"OrderedDict": OrderedDict, "defaultdict": _Dict, "set": set, "dict": dict}.get(name)
        if plain is not None and module in ("collections", "builtins", "__builtin__"):
            return plain
        if (module, name) in _NAMES or (module in _MODULES and _is_data(module, name)):
            return type("Recorded", (Call,), {"module": module, "name": name})
        raise RefusedGlobalError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        return Persistent(pid)


def read_pickle(stream: BinaryIO) -> Any:
    """The value of the pickle that `stream` stands at; the stream is left behind its end.

    Raises RefusedGlobalError for a name that neither tensors nor arrays need, ValueError for what is no pickle.
    """
    start = stream.tell()
    try:
        _refuse_excess(stream)
        stream.seek(start)
        return _Reader(stream, encoding="latin1").load()
    except RefusedGlobalError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise ValueError("not a pickle, or a damaged one") from error


def _refuse_excess(stream: BinaryIO) -> None:
    """Goes over the pickle that `stream` stands at, as far as its end, without reading it.

    Python's reader takes what a damaged pickle says at its word: for item 2,000,000,000 of a list of a few it sets
    aside the memory of as many. Raises ValueError for such, and for what no file of tensors or arrays holds.
    """
    for place, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if place == 0 and opcode.name != "PROTO":  # the oldest pickles do not say what they are
            raise ValueError("not a pickle")
        if opcode.name in _REFUSED or (opcode.name in _PUTS and not 0 <= int(argument or 0) <= place):
            raise ValueError(f"{opcode.name} {argument}")


def as_array(value: Any) -> npt.NDArray[Any]:
    """The NumPy array or scalar that a `Call` would have made. Raises ValueError for anything but plain numbers."""
    if not isinstance(value, Call):
        return np.asarray(value)
    if value.name == "_reconstruct" and isinstance(value.state, tuple):
        _version, shape, dtype, fortran, data = value.state
        return _shaped(np.frombuffer(_as_bytes(data), _dtype(dtype)), shape, bool(fortran))
    if value.name == "_frombuffer":
        data, dtype, shape, order = value.arguments
        return _shaped(np.frombuffer(data, _dtype(dtype)), shape, order == "F")
    if value.name == "scalar":
        return _shaped(np.frombuffer(_as_bytes(value.arguments[1]), _dtype(value.arguments[0])), (), False)
    raise ValueError(f"{value.module}.{value.name} is not an array")


def as_word(value: Any) -> str | None:
    """The text that a value is, or that a `Call` would have made: of bytes as UTF-8. None for anything else.

    Raises ValueError for bytes that are no text.
    """
    if isinstance(value, Call) and value.name == "scalar":
        kind = value.arguments[0]
        code = str(kind.arguments[0]) if isinstance(kind, Call) and kind.name == "dtype" else ""
        if code[:1] == "U":
            big = isinstance(kind.state, tuple) and kind.state[1] == ">"
            return _as_bytes(value.arguments[1]).decode("utf-32-be" if big else "utf-32-le").rstrip("\0")
        value = value.arguments[1] if code[:1] == "S" else value
    if isinstance(value, Call) and value.name == "encode":
        value = _as_bytes(value)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value if isinstance(value, str) else None


def _shaped(flat: npt.NDArray[Any], shape: tuple[int, ...], fortran: bool) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = flat.reshape(shape, order="F" if fortran else "C")
    return array


def _dtype(value: Any) -> np.dtype[Any]:
    text = value.arguments[0] if isinstance(value, Call) and value.name == "dtype" else ""
    if not isinstance(text, str) or text[:1] not in "fiub" or not text[1:].isdigit():
        raise ValueError(f"{text!r} is not a type of plain numbers")
    order = value.state[1] if isinstance(value.state, tuple) and value.state[1] in ("<", ">") else "="
    return np.dtype(order + text)


def _as_bytes(value: Any) -> bytes:
    """Bytes; protocol 2 writes them as a call of `_codecs.encode(text, "latin1")`."""
    if isinstance(value, Call) and value.name == "encode":
        value = value.arguments[0]
    return value.encode("latin1") if isinstance(value, str) else bytes(value)


def _is_data(module: str, name: str) -> bool:
    """Whether a name of torch or numpy is a type of number, a storage, or what puts a tensor together."""
    if module == "numpy":
        return name in {"dtype", "ndarray"} or name.rstrip("0123456789_") in {"float", "int", "uint", "bool", "str"}
    rebuilds = name.startswith("_rebuild_") and module in {"torch._utils", "torch._tensor"}
    types = {"Size", "device", "Parameter", "Tensor", "uint8", "int8", "int16", "int32", "int64", "bool"}
    types |= {"float16", "bfloat16", "float32", "float64"}
    return name.isidentifier() and (rebuilds or name.endswith("Storage") or name in types)
