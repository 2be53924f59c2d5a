"""A checkpoint on disk becomes weights in memory: checked, named, mapped.

A safetensors file is mapped as it is. A pickle (`.pt`) is read once by the restricted reader and written as
safetensors: beside it, or in a cache where its folder cannot be written. A record beside the new file says what it was
made from; it is used as long as the source still has that size and date.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from atmda.core.encoders.clap.architecture import Architecture, architecture
from atmda.core.encoders.clap.checkpoint_keys import official_names
from atmda.core.encoders.clap.shapes import needed
from atmda.core.encoders.clap.state_dict import AGAIN, StateDictFile
from atmda.core.files import publish
from atmda.core.fingerprint import digest
from atmda.core.untrusted import parsed_object
from atmda.errors import AtmdaError, StoreError

FORMAT = "atmda-laion-clap-1"


class Weights(Mapping[str, Tensor]):
    """The tensors of a safetensors file by their official names, mapped: a tensor costs memory once it is used."""

    def __init__(self, path: Path) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            self._file = cast(Any, safe_open(str(path), framework="pt"))
        except (SafetensorError, OSError) as error:
            raise AtmdaError(f"{path}: it is no safetensors file, or it is damaged or incomplete.", AGAIN) from error
        self.metadata: dict[str, str] = self._file.metadata() or {}
        self._table = official_names(self._file.keys())

    def __getitem__(self, name: str) -> Tensor:
        parts = [self._file.get_tensor(part) for part in self._table[name]]
        tensor = parts[0] if len(parts) == 1 else torch.cat(parts)
        return tensor.float()  # the same tensor where it is float32 already

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        found = {}
        for name, parts in self._table.items():
            first, *rest = self._file.get_slice(parts[0]).get_shape() or [()]
            found[name] = () if first == () else (first * len(parts), *rest)
        return found


@dataclass(frozen=True)
class Checkpoint:
    """Weights ready for use.

    Attributes:
        weights: official name -> tensor.
        arch: what they are.
        sha256: of the file they came from, the `.pt` where there was one.
        path: that file; the tokenizer may lie beside it.
    """

    weights: Mapping[str, Tensor]
    arch: Architecture
    sha256: str
    path: Path


@dataclass(frozen=True)
class Record:
    """What a converted file was made from."""

    source: str
    sha256: str
    size: int
    mtime_ns: int
    architecture: str
    format: str = FORMAT


def open_checkpoint(path: Path, caches: list[Path]) -> Checkpoint:
    """The checkpoint at `path`, converted to safetensors first where it is a pickle.

    Args:
        path: a `.safetensors` file, or one that `torch.save` wrote.
        caches: folders that may be written to where the checkpoint's own may not.

    Raises AtmdaError: not a checkpoint, damaged, unsafe, or of an architecture that this encoder does not run.
    """
    if _is_safetensors(path):
        weights = Weights(path)
        arch = _checked(weights.shapes(), path)
        return Checkpoint(weights, arch, weights.metadata.get("source_sha256") or _hub_sha(path), path)
    target = _converted(path, caches) or _convert(path, caches)
    weights = Weights(target)
    return Checkpoint(weights, _checked(weights.shapes(), path), weights.metadata["source_sha256"], path)


def _is_safetensors(path: Path) -> bool:
    """Told from the content: blobs of the hub's cache have no suffix."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise AtmdaError(f"{path}: it cannot be read ({error.strerror}).", "Check its permissions.") from error
    return path.suffix == ".safetensors" or start[8:] == b"{"


def _foreign(target: Path) -> bool:
    """Whether a file stands at `target` that was not written here."""
    try:
        return target.exists() and Weights(target).metadata.get("made_by") != FORMAT
    except AtmdaError:
        return True


def _hub_sha(path: Path) -> str:
    # the hub's cache names large files by their sha256
    name = path.resolve().name
    return name if len(name) == 64 and set(name) <= set("0123456789abcdef") else digest(path)


def _checked(shapes: Mapping[str, tuple[int, ...]], path: Path) -> Architecture:
    arch = architecture(shapes, f"{path}: the checkpoint")
    if not arch.depths or not arch.text_layers:
        raise AtmdaError(f"{path}: the checkpoint has a tower without layers.", AGAIN)
    wanted = needed(arch)
    missing = [name for name in wanted if name not in shapes]
    wrong = [name for name in wanted if name in shapes and tuple(shapes[name]) != wanted[name]]
    if missing or wrong:
        what = f"lacks {len(missing)} of {len(wanted)} tensors" if missing else f"has {len(wrong)} of another shape"
        raise AtmdaError(
            f"{path}: the checkpoint looks like {arch.name}, but {what}, {(missing or wrong)[0]} first.", AGAIN
        )
    return arch


def _targets(path: Path, caches: list[Path]) -> list[Path]:
    """Where the converted file may lie, best first; a link (as in the hub's cache) is not written beside."""
    beside = [] if path.is_symlink() else [path.with_suffix(".safetensors")]
    tag = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    return [*beside, *(folder / f"{path.stem}-{tag}.safetensors" for folder in caches)]


def _converted(path: Path, caches: list[Path]) -> Path | None:
    now = path.stat()
    for target in _targets(path, caches):
        record = read_record(target)
        if record is None or not target.is_file() or _foreign(target):
            continue
        if record.size == now.st_size and (record.mtime_ns == now.st_mtime_ns or record.sha256 == digest(path)):
            return target
    return None


def record_path(target: Path) -> Path:
    return target.with_name(target.name + ".json")


def read_record(target: Path) -> Record | None:
    """The record beside a converted file; None where there is none that fits this version."""
    try:
        record = Record(**parsed_object(record_path(target).read_bytes(), "the record"))
    except (OSError, StoreError, TypeError):
        return None
    return record if record.format == FORMAT else None


def _convert(path: Path, caches: list[Path]) -> Path:
    with StateDictFile(path) as file:
        table = official_names(file.tensors)
        shapes: dict[str, tuple[int, ...]] = {}
        for name, parts in table.items():
            shape = file.tensors[parts[0]].shape if parts[0] else ()
            shapes[name] = (shape[0] * 3, *shape[1:]) if len(parts) == 3 and all(parts) and shape else shape
        arch = _checked(shapes, path)
        stat = path.stat()
        record = Record(path.name, digest(path), stat.st_size, stat.st_mtime_ns, arch.name)
        wanted = needed(arch)

        def tensor(name: str) -> Tensor:
            return torch.cat([file.tensor(part).float().view(file.tensors[part].shape) for part in table[name]])

        def one(name: str) -> Tensor:
            return tensor(name) if len(table[name]) > 1 else file.tensor(table[name][0]).float()

        refused: OSError | None = None
        for target in _targets(path, caches):
            if _foreign(target):
                continue
            try:
                _write(target, wanted, one, {"format": "pt", "source_sha256": record.sha256, "made_by": FORMAT})
                with publish(record_path(target)) as temporary:
                    temporary.write_text(json.dumps(asdict(record), indent=2), "utf-8")
            except OSError as error:
                refused = error
                continue
            return target
    reason = refused.strerror if refused else "no folder to write to"
    raise AtmdaError(
        f"{path}: it cannot be converted to safetensors ({reason}).", "Name a writable folder as `data_dir`."
    )


def _write(target: Path, shapes: Mapping[str, tuple[int, ...]], tensor: Any, metadata: dict[str, str]) -> None:
    """A safetensors file, a tensor at a time, so that memory holds one of them."""
    header: dict[str, Any] = {"__metadata__": metadata}
    place = 0
    for name, shape in shapes.items():
        size = 4 * int(torch.Size(shape).numel())
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)

    with publish(target) as temporary, temporary.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in shapes:
            file.write(tensor(name).contiguous().numpy().astype("<f4", copy=False).tobytes())
