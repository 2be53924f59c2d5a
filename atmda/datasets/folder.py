"""Recordings of one's own: directories, globs and single files, in every format libsndfile reads.

Names are POSIX paths below the directory (or below the fixed part of a glob); single files go by their file name.
Hidden files and folders are skipped. Whether a file really is audio is found out when it is opened, not here.
"""

from __future__ import annotations

import glob
import os
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from atmda.core.clip import Clip
from atmda.core.endings import FOREIGN
from atmda.core.remote import is_remote, listed
from atmda.core.remote import shown as shown_url
from atmda.core.text import some_of
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


def load_folder(inputs: str | Path | Iterable[str | Path], recursive: bool = False, foreign: bool = False) -> Dataset:
    """The recordings in `inputs` (a directory, glob or file, or several), sorted by name, without labels.

    An input may be a URL of object storage (`core.remote`). Directories are walked to the bottom where `recursive`;
    links are followed, each folder visited once. Formats that libsndfile does not read are taken too where `foreign`,
    else they are counted in the problems, as folders are that may not be read. Raises AtmdaError where an input is not
    there or no recording is found.
    """
    sources = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    shown = ", ".join(map(_shown, sources)) or "nothing"
    found = _Found(foreign)
    pairs: dict[Path, str] = {}
    urls: dict[str, str] = {}
    for source in sources:
        if is_remote(str(source)):
            urls |= dict(listed(str(source), recursive, lambda name: found.is_recording(Path(name))))
            continue
        try:
            for path, name in _expand(source, recursive, found):
                pairs.setdefault(path, name)
        except OSError as error:
            raise AtmdaError(f"{source}: it cannot be read ({error.strerror}).") from error
    problems = found.problems(shown)
    if not pairs and not urls:
        deeper = "" if recursive else " Add `recursive` to look in its folders too."
        hint = " ".join(problems) or f"Looked for the formats that libsndfile reads.{deeper}"
        raise AtmdaError(f"There is no recording in {shown}.", hint)
    counts: dict[str, int] = {}
    for name in pairs.values():
        counts[name] = counts.get(name, 0) + 1
    clips = [Clip(path, name if counts[name] == 1 else _text(path.as_posix())) for path, name in pairs.items()]
    clips += [Clip(Path(shown_url(url)), name, url=url) for url, name in urls.items()]
    return build("folder", clips, (), problems)


def _shown(source: str | Path) -> str:
    return shown_url(str(source)) if is_remote(str(source)) else str(source)


@dataclass
class _Found:
    """Which files are recordings (with those of foreign formats where `wanted`), and what was passed over."""

    wanted: bool
    foreign: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def is_recording(self, path: Path) -> bool:
        """Whether a file's name says so; one in a foreign format that is not wanted is noted."""
        ending = path.suffix.lower()
        if path.name.startswith("."):
            return False
        if ending in FOREIGN - audio_endings():
            if not self.wanted:
                self.foreign.append(path.name)
            return self.wanted
        return ending in audio_endings()

    def is_closed(self, error: OSError) -> None:
        """Note a folder that cannot be listed."""
        self.closed.append(f"{error.filename} ({(error.strerror or str(error)).lower()})")

    def problems(self, shown: str) -> list[str]:
        """A sentence for each kind of thing that was passed over in `shown`."""
        told = []
        if self.closed:
            what = "A folder" if len(self.closed) == 1 else f"{len(self.closed)} folders"
            told.append(f"{what} cannot be read and what lies there is left out: {some_of(self.closed, 5)}.")
        if self.foreign:
            counts = Counter(Path(name).suffix.lower()[1:] for name in self.foreign)
            kinds = ", ".join(f"{ending} {count}" for ending, count in sorted(counts.items()))
            first = Path(min(self.foreign))
            convert = shlex.join(["ffmpeg", "-i", f"./{first}", f"./{first.with_suffix('.flac')}"])
            what = "1 file is" if len(self.foreign) == 1 else f"{len(self.foreign)} files are"
            told.append(
                f"{what} left out of {shown}, for libsndfile does not read such formats ({kinds}; {first} the first): "
                f"convert them, as by {convert}, or let infer and embed read them with `ffmpeg`."
            )
        return told


def _expand(source: str | Path, recursive: bool, found: _Found) -> Iterator[tuple[Path, str]]:
    path = Path(source).expanduser()
    if path.is_dir():
        for file in _walk(path, recursive, found):
            yield file, _text(file.relative_to(path).as_posix())
    elif path.is_file():
        yield path, _text(path.name)
    elif glob.has_magic(str(path)):
        yield from _matches(path, recursive, found)
    else:
        raise AtmdaError(f"{path} is not there.", "Give a directory, a glob in quotes or a file.")


def _matches(pattern: Path, recursive: bool, found: _Found) -> Iterator[tuple[Path, str]]:
    """Recordings that match a glob; its directories are entered where `recursive`; hidden ones never match."""
    fixed = Path(*_until_magic(pattern))
    for match in sorted(Path(name) for name in glob.glob(str(pattern), recursive=True)):  # noqa: PTH207 (absolute too)
        if match.is_file() and found.is_recording(match):
            yield match, _text(match.relative_to(fixed).as_posix())
        elif match.is_dir() and recursive:
            for file in _walk(match, recursive, found):
                yield file, _text(file.relative_to(fixed).as_posix())


def _until_magic(pattern: Path) -> Iterator[str]:
    for part in pattern.parts:
        if glob.has_magic(part):
            return
        yield part


def _walk(folder: Path, recursive: bool, found: _Found) -> Iterator[Path]:
    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, onerror=found.is_closed, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if recursive else []
        yield from (path for name in sorted(files) if found.is_recording(path := Path(parent, name)))


def _text(name: str) -> str:
    """A name that can be written anywhere: bytes that are not UTF-8 are shown as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
