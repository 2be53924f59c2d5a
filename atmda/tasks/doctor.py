"""Is all well? The machine, the encoders, the data directory, and what is named."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from atmda import __version__
from atmda.core.files import check_writable
from atmda.core.fingerprint import digest
from atmda.core.locks import in_use
from atmda.errors import AtmdaError
from atmda.settings.doctor import DoctorSettings
from atmda.tasks.integrity import integrity
from atmda.workspace import Workspace

PACKAGES = ("torch", "numpy", "pyarrow", "scikit-learn", "soundfile", "soxr", "pydantic", "typer", "safetensors")
EXTRAS = ("laion_clap", "scaper", "soundata", "pandas")
PROGRAMS = {"ffmpeg": "reads m4a, aac and wma with `ffmpeg`", "sox": "is for the original's reverberation"}
LITTLE = 2e9  # bytes of free space under which a warning is due


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. said: what it is. hint: what to do where it is not well."""

    name: str
    said: str
    well: bool = True
    hint: str = ""


def doctor(settings: DoctorSettings) -> Iterator[Finding]:
    """Look at everything in turn. Never raises for what it finds."""
    for check in CHECKS:
        yield from check(settings.workspace)
    for path in settings.paths:
        yield from _of_path(path)


def _versions(workspace: Workspace) -> Iterator[Finding]:
    yield Finding("atmda", f"{__version__} on Python {platform.python_version()}, {platform.platform()}")
    yield Finding("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    there = [f"{name} {found}" for name in EXTRAS if (found := _version(name))]
    yield Finding("extras", ", ".join(there) or "none")
    for program, use in PROGRAMS.items():
        where = shutil.which(program)
        yield Finding(program, where or f"not on the path (it {use})")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _device(workspace: Workspace) -> Iterator[Finding]:
    from atmda.core.device import available_devices, usable_cores

    yield Finding(
        "device", f"{available_devices()[0]} (there: {', '.join(available_devices())}), {usable_cores()} cores"
    )


def _encoders(workspace: Workspace) -> Iterator[Finding]:
    from atmda.core.encoders.clap.find import checkpoints_in
    from atmda.core.encoders.compact.encoder import CompactEncoder

    try:
        yield Finding("encoder compact", f"weights {CompactEncoder().identity['weights_sha256'][:16]}, as released")
    except AtmdaError as error:
        yield Finding("encoder compact", error.message, False, error.hint)
    files = checkpoints_in(workspace.models / "laion-clap")
    if not files:
        yield Finding("encoder laion-clap", "not fetched (atmda fetch laion-clap)")
    for file in files:
        yield _checkpoint(file)


def _checkpoint(file: Path) -> Finding:
    try:
        return Finding("encoder laion-clap", f"{file}: sha256 {digest(file)[:16]}")
    except OSError as error:
        said = f"{file} cannot be read ({error.strerror})"
        return Finding(
            "encoder laion-clap",
            said,
            False,
            "Check its permissions; or keep it elsewhere, then: atmda fetch laion-clap",
        )


def _data_directory(workspace: Workspace) -> Iterator[Finding]:
    place = workspace.data_dir
    nearest = next(folder for folder in (place, *place.resolve().parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    room = f"{place}: {free / 1e9:.1f} GB free"
    yield Finding("free space", room, free > LITTLE, "" if free > LITTLE else "Make room before a long run.")
    try:
        check_writable(nearest / "atmda-doctor", place)
        yield Finding("data directory", f"{place} can be written")
    except AtmdaError as error:
        yield Finding("data directory", error.message.rstrip("."), False, "Choose another `data_dir`.")
    cached = sum(file.stat().st_size for file in workspace.text_cache.glob("*.npz"))
    yield Finding("text cache", f"{workspace.text_cache}: {cached / 1e6:.1f} MB")


def _unfinished(workspace: Workspace) -> Iterator[Finding]:
    """Runs that were stopped, and folders that a run is writing now."""
    for folder in (workspace.embeddings, workspace.inputs, workspace.results):
        for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
            if entry.is_dir() and (parts := in_use(entry)):
                yield Finding("lock", f"{entry} is being written ({', '.join(parts)})")
            elif entry.name.startswith(".unfinished_"):
                output = entry.with_name(entry.name.removeprefix(".unfinished_"))
                yield Finding("unfinished", f"an infer was stopped; the same with --output {output} goes on")
            elif entry.name.endswith(".partial"):
                yield Finding(
                    "unfinished", f"an embed was stopped; the same with --output {entry.with_suffix('')} goes on"
                )


def _of_path(path: Path) -> Iterator[Finding]:
    found = False
    try:
        for problem, hint in integrity(path):
            found = True
            yield Finding(str(path), problem, False, hint)
    except AtmdaError as error:
        found = True
        yield Finding(str(path), error.message.removeprefix(f"{path}: ").rstrip("."), False, error.hint)
    if not found:
        yield Finding(str(path), "whole")


#: what is looked at, in order
CHECKS: tuple[Callable[[Workspace], Iterator[Finding]], ...] = (
    _versions,
    _device,
    _encoders,
    _data_directory,
    _unfinished,
)
