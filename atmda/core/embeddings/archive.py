"""NumPy archives from elsewhere: plain arrays, each looked at before memory is set aside for it."""

from __future__ import annotations

import math
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from atmda.core.device import available_memory
from atmda.core.embeddings.folds import fold_numbers
from atmda.core.embeddings.table import Seconds, scorable
from atmda.core.files import refuse_pipes
from atmda.core.types import FloatArray, IntArray
from atmda.errors import AtmdaError, StoreError

#: An archive that unpacks to more than this, and to so many times its own size, is made to fill the memory. Embeddings
#: do not compress to half; those of mostly zeros to a tenth.
SUSPECT_BYTES, SUSPECT_GROWTH = 1 << 28, 100
_NO_ARCHIVE = "it is not a NumPy archive of plain arrays, or it is damaged."

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Archive:
    """Arrays by name, as the file at `path` holds them; each method gives one, checked, or raises StoreError."""

    path: Path
    arrays: dict[str, Array]

    @classmethod
    def read(cls, path: Path, needed: Sequence[str], others: Iterable[str] = ()) -> Archive:
        """The arrays `needed`, and those of `others` that are there. Raises StoreError; what else is there is left."""
        with damage_named(path, _NO_ARCHIVE):
            refuse_pipes(path)
            with zipfile.ZipFile(path) as archive:
                members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
                missing = [name for name in needed if name not in members]
                if missing:
                    raise StoreError(f"{path}: it has no array {', '.join(missing)}; it needs {', '.join(needed)}.")
                wanted = {name: members[name] for name in (*needed, *others) if name in members}
                _refuse_bomb(path, sum(info.file_size for info in wanted.values()))
                return cls(path, {name: _array(archive, info) for name, info in wanted.items()})

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def texts(self, name: str) -> list[str]:
        """Words (n,), those of bytes as UTF-8; whole numbers, as class ids, are written out."""
        array = self._words(name)
        self._require(name, array.ndim == 1 and (array.dtype.kind in "Uiu" or not array.size), "a row of words")
        return list(map(str, array.tolist()))

    def text(self, name: str) -> str:
        """One text."""
        array = self._words(name)
        self._require(name, array.ndim == 0 and array.dtype.kind == "U", "a text")
        return str(array)

    def _words(self, name: str) -> Array:
        array = self.arrays[name]
        if array.dtype.kind != "S":
            return array
        try:
            return np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise StoreError(f"{self.path}: its array {name} holds bytes that are not text in UTF-8.") from error

    def raw(self, name: str) -> bytes:
        """Bytes, stored as uint8 (n,)."""
        array = self.arrays[name]
        self._require(name, array.ndim == 1 and array.dtype == np.uint8, "a row of bytes")
        return array.tobytes()

    def number(self, name: str) -> float:
        """One number."""
        array = self.arrays[name]
        self._require(name, array.ndim == 0 and array.dtype.kind in "fiu", "a number")
        return float(array)

    def rows(self, name: str) -> FloatArray:
        """Float32 (n, d), whatever kind of number it is stored as; d is 1 at least."""
        array = self.arrays[name]
        fits = array.ndim == 2 and array.shape[1] > 0 and array.dtype.kind in "fiu"
        self._require(name, fits, "rows of numbers")
        with np.errstate(over="ignore"):
            return np.asarray(array, np.float32)

    def scorable_rows(self, name: str) -> FloatArray:
        """Those of `rows`, where each is finite and no longer than an embedding can be."""
        rows = self.rows(name)
        self._require(name, bool(len(rows)) and bool(scorable(rows).all()), "rows of finite numbers")
        return rows

    def seconds(self, name: str) -> Seconds:
        """Float64 (n,)."""
        array = self.arrays[name]
        self._require(name, array.ndim == 1 and array.dtype.kind in "fiu", "a row of numbers")
        return np.asarray(array, np.float64)

    def folds(self, name: str, clips: Sequence[str]) -> IntArray:
        """Int64 (n,), also where they are stored as 1.0, as text or as "fold1"; `clips` are whose they are."""
        array = self._words(name)
        self._require(name, array.ndim == 1 and array.dtype.kind in "fiuU", "a row of whole numbers")
        try:
            return fold_numbers(array.tolist(), clips)
        except ValueError as error:
            raise StoreError(f"{self.path}: its array {name} is not a row of whole numbers: {error}.") from error

    def _require(self, name: str, fits: bool, what: str) -> None:
        if not fits:
            raise StoreError(f"{self.path}: its array {name} is not {what}.")


def _refuse_bomb(path: Path, size: int) -> None:
    packed, free = path.stat().st_size, available_memory()
    if size > max(SUSPECT_BYTES, SUSPECT_GROWTH * packed):
        raise StoreError(f"{path}: its {packed:,} bytes would unpack to {size:,}, which no embeddings do.")
    if free is not None and size > free:
        raise StoreError(f"{path}: it takes {size:,} bytes of memory, and {free:,} are free.")


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    """One member, if it says the truth about its size. Raises ValueError where it does not, or holds no plain array."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("compressed in a way that NumPy does not write")
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:  # the third is of arrays with named columns
            raise ValueError("no plain array")
        shape, _, dtype = _HEADERS[version](stream)
        size = info.file_size - stream.tell()
    if dtype.kind not in "fiuUS":
        holds = "Python objects, which only running them would read" if dtype.hasobject else str(dtype)
        raise StoreError(
            f"{archive.filename}: it is not a NumPy archive of plain arrays: {info.filename} holds {holds}.",
            "Save words as array.astype(str), numbers as float32.",
        )
    if not dtype.itemsize or any(n < 0 for n in shape):
        raise ValueError("no plain array")
    if math.prod(shape) * dtype.itemsize != size:
        raise ValueError("its shape is not that of its bytes")
    with archive.open(info) as stream:
        array: Array = np.lib.format.read_array(stream, allow_pickle=False)
    if dtype.kind == "U" and array.size:
        code_points = np.ravel(array).view(dtype.byteorder + "u4" if dtype.byteorder in "<>" else "u4")
        if code_points.max() > sys.maxunicode:
            raise ValueError("no text")
    return array


_HEADERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@contextmanager
def damage_named(path: Path, what: str) -> Iterator[None]:
    """Whatever reading `path` raises (a damaged file: nearly anything) becomes a StoreError that says `what`."""
    try:
        yield
    except AtmdaError:
        raise
    except OSError as error:
        raise StoreError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    except Exception as error:
        raise StoreError(f"{path}: {what}") from error
