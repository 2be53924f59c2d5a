"""Tensors out of a file written by `torch.save`, without running its pickle.

Both of torch's formats are read: the zip archive (since torch 1.6) and the older row of pickles followed by raw
storages. What each tensor is stands in the pickle as a call that would rebuild it (`safe_pickle.py`); its numbers are
cut out of the storage here, after checking that they lie inside it.
"""

from __future__ import annotations

import io
import math
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import torch
from torch import Tensor

from atmda.core.safe_pickle import Call, Persistent, RefusedGlobalError, read_pickle
from atmda.errors import AtmdaError

#: first pickle of the older format
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_TYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


@dataclass(frozen=True)
class Stored:
    """Where a tensor's numbers lie: which storage, of what type, and which of its elements."""

    storage: str
    dtype: torch.dtype
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


AnyTorchFile = TypeVar("AnyTorchFile", bound="TorchFile")


class TorchFile:
    """A file of `torch.save`, open for reading; a context manager.

    Attributes:
        value: what was saved, its tensors as calls that `stored` understands. No storage has been read for it.

    Raises AtmdaError where the file is something else, is damaged, or asks for anything but tensors and arrays; `again`
    says how to get a good one.
    """

    def __init__(self, path: Path, again: str = "Use another copy of it.") -> None:
        self.path = path
        self._again = again
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise AtmdaError(f"{path}: it cannot be read ({error.strerror}).", "Check its permissions.") from error
        try:
            start = self._file.read(8)
            self._file.seek(0)
            if start.startswith(b"PK"):
                self._archive: zipfile.ZipFile | None = zipfile.ZipFile(self._file)
                self.value = self._zipped()
            else:
                self._archive = None
                self.value = self._legacy()
        except Exception as error:  # a damaged file can raise nearly anything
            self._file.close()
            if isinstance(error, AtmdaError):
                raise
            if isinstance(error, RefusedGlobalError):
                what = f"the file asks to run {error}, which no data need; nothing of it was run"
            else:
                what = _what_it_is(start)
            raise AtmdaError(f"{path}: {what}.", again) from error

    def __enter__(self: AnyTorchFile) -> AnyTorchFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def read(self, stored: Stored, name: str) -> Tensor:
        """A tensor, contiguous, in its stored type. Raises AtmdaError, naming it, where its numbers are gone."""
        size = stored.dtype.itemsize
        last = stored.offset + sum((n - 1) * step for n, step in zip(stored.shape, stored.stride, strict=True))
        fits = stored.offset >= 0 and all(n > 0 for n in stored.shape) and all(step >= 0 for step in stored.stride)
        try:
            raw = self._bytes(stored.storage)
        except AtmdaError:
            raise
        except Exception as error:  # as above
            raise AtmdaError(f"{self.path}: the numbers of {name} are damaged.", self._again) from error
        if not fits or (last + 1) * size > len(raw) or math.prod(stored.shape) * size > len(raw):
            raise AtmdaError(f"{self.path}: {name} reaches outside its storage (damaged).", self._again)
        flat = torch.frombuffer(bytearray(raw[: (last + 1) * size]), dtype=stored.dtype)
        return flat.as_strided(stored.shape, stored.stride, stored.offset).contiguous()

    def _zipped(self) -> Any:
        assert self._archive is not None
        names = self._archive.namelist()
        index = next((name for name in names if name.split("/")[-1] == "data.pkl"), None)
        if index is None:
            raise ValueError("no data.pkl")
        self._folder = index[: -len("data.pkl")]
        order = f"{self._folder}byteorder"
        if order in names and self._archive.read(order).decode() != sys.byteorder:
            raise AtmdaError(f"{self.path}: it was written on a machine with the other byte order.", "Save it again.")
        self._refuse_compressed(index)
        return read_pickle(io.BytesIO(self._archive.read(index)))

    def _legacy(self) -> Any:
        if read_pickle(self._file) != LEGACY_MAGIC:
            raise ValueError("no torch file")
        read_pickle(self._file)  # protocol version
        system = read_pickle(self._file)
        if system.get("little_endian", True) != (sys.byteorder == "little"):
            raise AtmdaError(f"{self.path}: it was written on a machine with the other byte order.", "Save it again.")
        value = read_pickle(self._file)
        sizes = {key: kind.itemsize for key, kind in _storages(value)}
        self._places: dict[str, tuple[int, int]] = {}
        for key in read_pickle(self._file):
            count = int.from_bytes(self._file.read(8), sys.byteorder, signed=True)
            self._places[key] = self._file.tell(), count * sizes[key]
            self._file.seek(count * sizes[key], 1)
        if self._file.tell() > self.path.stat().st_size:
            raise ValueError("truncated")
        return value

    def _bytes(self, storage: str) -> bytes:
        if self._archive is None:
            start, size = self._places[storage]
            self._file.seek(start)
            return self._file.read(size)
        entry = self._archive.getinfo(f"{self._folder}data/{storage}")
        self._refuse_compressed(entry.filename)
        return self._archive.read(entry)

    def _refuse_compressed(self, name: str) -> None:
        assert self._archive is not None
        if self._archive.getinfo(name).compress_type != zipfile.ZIP_STORED:  # torch never compresses; a bomb would
            raise AtmdaError(f"{self.path}: it is a compressed archive, which torch.save never writes.", self._again)


def stored(value: Any) -> Stored | None:
    """What a call that rebuilds a tensor says of it; None for anything else. Raises ValueError for nonsense."""
    try:
        return _stored(value)
    except Exception as error:  # its arguments may be anything
        raise ValueError("a tensor that is damaged") from error


def _stored(value: Any) -> Stored | None:
    if not isinstance(value, Call):
        return None
    name, arguments = value.name, value.arguments
    if name in ("_rebuild_parameter", "_rebuild_parameter_with_state", "Parameter"):
        return _stored(arguments[0])
    if name == "_rebuild_from_type_v2":
        return _stored(arguments[0](*arguments[2]))
    if name not in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"):
        return None
    storage, offset, shape, stride = arguments[:4]
    key, dtype = _storage(storage)
    if name == "_rebuild_tensor_v3":  # an untyped storage; the type stands beside it
        dtype = getattr(torch, arguments[6].name)
    shape, stride = (tuple(int(n) for n in _plain(part)) for part in (shape, stride))
    if len(shape) != len(stride):
        raise ValueError("a tensor of two ranks")
    return Stored(key, dtype, int(offset), shape, stride)


def _plain(value: Any) -> Any:
    return value.arguments[0] if isinstance(value, Call) else value  # torch.Size((...))


def _storage(value: Any) -> tuple[str, torch.dtype]:
    if not isinstance(value, Persistent) or value.key[0] != "storage":
        raise ValueError("a tensor without a storage")
    if len(value.key) > 5 and value.key[5] is not None:
        raise ValueError("a storage that is a view of another")
    return str(value.key[2]), _TYPES.get(value.key[1].name, torch.uint8)


def _storages(value: Any) -> Iterator[tuple[str, torch.dtype]]:
    """Every storage that the pickle names, the optimizer's too: their sizes say where the next one begins."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Persistent):
            yield _storage(item)
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
        elif isinstance(item, Call):
            waiting += [item.arguments, item.state]


def _what_it_is(start: bytes) -> str:
    if start.startswith((b"<", b"\r\n<", b"\n<")):
        return "it is a web page"
    if start.startswith(b"version "):
        return "it is a Git LFS pointer, not the file itself"
    return "torch.save did not write it, or it is damaged or incomplete"
