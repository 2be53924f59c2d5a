"""Recordings of one's own: directories, globs and single files, in every format libsndfile reads.

Names are POSIX paths below the directory (or below the fixed part of a glob); single files go by their file name.
Hidden files and folders are skipped. Whether a file really is audio is found out when it is opened, not here.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from atmda.core.clip import Clip
from atmda.datasets.base import Dataset, build
from atmda.errors import AtmdaError

# File name endings beside libsndfile's own names of its formats; a format that this libsndfile lacks adds none.
ENDINGS = {
    "AIFF": "aif aiff aifc",
    "AU": "au snd",
    "IRCAM": "sf ircam",
    "MAT4": "mat",
    "MAT5": "mat",
    "MP3": "mp3 mp2",
    "NIST": "nist sph",
    "OGG": "ogg oga opus",
    "SVX": "iff svx 8svx",
    "WAV": "wav wave",
}
HEADERLESS = {"RAW"}  # cannot be read without being told rate and channels


@cache
def audio_endings() -> frozenset[str]:
    """Endings, with the dot and in lower case, of the files that libsndfile reads."""
    import soundfile

    formats = set(soundfile.available_formats()) - HEADERLESS
    known = {name.lower() for name in formats}
    for name in formats:
        known.update(ENDINGS.get(name, "").split())
    return frozenset(f".{ending}" for ending in known)


def load_folder(inputs: str | Path | Iterable[str | Path], recursive: bool = False) -> Dataset:
    """The recordings in `inputs` (a directory, glob or file, or several), sorted by name, without labels.

    Directories are walked to the bottom where `recursive`; links are followed, each folder visited once.
    Raises AtmdaError where an input is not there or no recording is found.
    """
    sources = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    pairs: dict[Path, str] = {}
    for source in sources:
        for path, name in _expand(source, recursive):
            pairs.setdefault(path, name)
    if not pairs:
        shown = ", ".join(str(source) for source in sources) or "nothing"
        deeper = "" if recursive else " Add `recursive` to look in its folders too."
        raise AtmdaError(f"There is no recording in {shown}.", f"Looked for the formats that libsndfile reads.{deeper}")
    counts: dict[str, int] = {}
    for name in pairs.values():
        counts[name] = counts.get(name, 0) + 1
    clips = [Clip(path, name if counts[name] == 1 else _text(path.as_posix())) for path, name in pairs.items()]
    return build("folder", clips, ())


def _expand(source: str | Path, recursive: bool) -> Iterator[tuple[Path, str]]:
    path = Path(source).expanduser()
    if path.is_dir():
        for file in _walk(path, recursive):
            yield file, _text(file.relative_to(path).as_posix())
    elif path.is_file():
        yield path, _text(path.name)
    elif glob.has_magic(str(path)):
        yield from _matches(path, recursive)
    else:
        raise AtmdaError(f"{path} is not there.", "Give a directory, a glob in quotes or a file.")


def _matches(pattern: Path, recursive: bool) -> Iterator[tuple[Path, str]]:
    """Recordings that match a glob; its directories are entered where `recursive`; hidden ones never match."""
    fixed = Path(*_until_magic(pattern))
    for match in sorted(Path(found) for found in glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 (absolute too)
        if match.is_file() and _is_audio(match.name):
            yield match, _text(match.relative_to(fixed).as_posix())
        elif match.is_dir() and recursive:
            for file in _walk(match, recursive):
                yield file, _text(file.relative_to(fixed).as_posix())


def _until_magic(pattern: Path) -> Iterator[str]:
    for part in pattern.parts:
        if glob.has_magic(part):
            return
        yield part


def _walk(folder: Path, recursive: bool) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if recursive else []
        yield from (Path(parent, name) for name in sorted(files) if _is_audio(name))


def _is_audio(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in audio_endings()


def _text(name: str) -> str:
    """A name that can be written anywhere: bytes that are not UTF-8 are shown as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
