"""Recordings in object storage, through fsspec: `s3://`, `gs://`, `hf://`, `http://` and what else it knows.

A decoder needs a file, so an object is downloaded for as long as it is read. What is secret in a URL (who asks, and the
query that a signature stands in) is never shown, and neither is what a client's errors say, which may repeat it.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import cache, lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from atmda.errors import AtmdaError, AudioError

if TYPE_CHECKING:
    from atmda.core.fingerprint import Fingerprint

BLOCK = 1 << 20
#: loggers of clients; what they tell may repeat what is secret
CLIENTS = ("aiobotocore", "botocore", "fsspec", "gcsfs", "google", "s3fs")
#: what storages call what tells one content of an object from another, and the time at which it was written
TAGS = ("ETag", "etag", "md5Hash", "sha256", "blob_id")
TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_remote(text: str) -> bool:
    """Whether `text` is the URL of an object, not a path.

    >>> is_remote("s3://site-a/rain.wav"), is_remote("C:/site-a/rain.wav")
    (True, False)
    """
    return _URL.match(text) is not None


def shown(url: str) -> str:
    """`url` without what is secret in it.

    >>> shown("https://me:secret@host/rain.wav?signature=secret")
    'https://host/rain.wav'
    """
    begin, _, rest = url.partition("://")
    rest = re.split(r"[?#]", rest, maxsplit=1)[0] if begin.lower() in ("http", "https") else rest.partition("?")[0]
    host, slash, path = rest.partition("/")
    return f"{begin}://{host.rpartition('@')[2]}{slash}{path}" if begin.lower() != "hf" else f"{begin}://{rest}"


def file_system(url: str) -> Any:
    """What fsspec opens `url` with. Raises AtmdaError where fsspec, or what it needs for this kind, is missing."""
    kind = url.partition("://")[0].lower()
    if find_spec("fsspec") is None:
        raise AtmdaError(f"{shown(url)}: {kind}:// is read through fsspec, which is not installed.", _INSTALL)
    import fsspec

    _silence_clients()
    try:
        return fsspec.filesystem(kind)
    except ImportError as error:
        raise AtmdaError(f"{shown(url)}: fsspec lacks what it reads {kind}:// with.", _INSTALL) from error
    except ValueError as error:
        raise AtmdaError(f"{shown(url)}: fsspec knows no {kind}://.", "Look at how it is spelled.") from error
    except Exception as error:  # clients raise what they will
        raise AtmdaError(f"{shown(url)}: {_reason(error, 'asked for')}.", _CREDENTIALS) from error


@cache
def _silence_clients() -> None:
    """Python prints what clients warn of where nobody set logging up; gcsfs does at each object of a public bucket."""
    for name in CLIENTS:
        logging.getLogger(name).addHandler(logging.NullHandler())


_INSTALL = "Install it: pip install 'atmda[cloud]'"
_CREDENTIALS = (
    "Look at the address and the network; credentials are those of fsspec's own kinds (environment variables and files "
    "of s3fs, gcsfs, ...)."
)


@contextmanager
def downloaded(url: str) -> Iterator[tuple[Path, Fingerprint]]:
    """A file that holds the object at `url` while the block runs, and its fingerprint. Raises AudioError."""
    file = Download(url)
    try:
        yield file.path, file.fingerprint
    finally:
        file.close()


class Download:
    """The object at a URL as a temporary file, until `close`. Raises AudioError where it cannot be had.

    Attributes:
        path: the file. fingerprint: of the object: what the storage tells of it, and the SHA-256 of its content.
    """

    def __init__(self, url: str) -> None:
        from atmda.core.fingerprint import Fingerprint

        self._folder = tempfile.TemporaryDirectory(prefix="atmda-", ignore_cleanup_errors=True)
        self.path = Path(self._folder.name, PurePosixPath(urlsplit(shown(url)).path).name or "object")
        try:
            size, digest = self._fill(url)
            self.fingerprint = Fingerprint(size, modified(self._info), digest)
        except BaseException:
            self.close()
            raise

    def _fill(self, url: str) -> tuple[int, str]:
        found, size = sha256(), 0
        try:
            system = file_system(url)
            self._info: Mapping[str, Any] = system.info(url)
            with (
                system.open(url, "rb", block_size=8 * BLOCK) as remote,
                self.path.open("wb") as local,
            ):
                while block := remote.read(BLOCK):
                    found.update(block)
                    local.write(block)
                    size += len(block)
        except AtmdaError as error:
            raise AudioError(shown(url), error.message.partition(": ")[2].rstrip("."), error.hint) from error
        except Exception as error:  # clients raise what they will
            raise AudioError(shown(url), _reason(error)) from error
        return size, found.hexdigest()

    def close(self) -> None:
        """Delete the file."""
        self._folder.cleanup()


def fits(url: str, fingerprint: Fingerprint) -> bool:
    """Whether the object at `url` is still the one that `fingerprint` was taken of, by what its storage lists.

    Raises OSError where that cannot be asked, or it is gone.
    """
    try:
        system = file_system(url)
        info = _siblings(system, url).get(_key(system, url)) or system.info(url)
    except Exception as error:
        raise OSError(_reason(error)) from error
    size = info.get("size")
    return (size is None or size == fingerprint.size) and modified(info) == fingerprint.modified


def look_again() -> None:
    """Forget what storages listed: a run asks anew, once a folder."""
    _folder.cache_clear()


def listed(url: str, recursive: bool, wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
    """URLs of the objects at `url` (a folder, a glob, or one object), each with its name below it.

    `wanted`: whether a file name is a recording's. Raises AtmdaError where it cannot be listed.
    """
    system = file_system(url)
    try:
        base = _key(system, url)
        if any(sign in base for sign in "*["):
            fixed = base[: min(base.index(sign) for sign in "*[" if sign in base)].rpartition("/")[0]
            found = [key for key in system.glob(url) if wanted(PurePosixPath(key).name)]
        elif system.isdir(url):
            fixed, depth = base.rstrip("/"), None if recursive else 1
            found = [key for key in system.find(url, maxdepth=depth) if wanted(PurePosixPath(key).name)]
        elif system.exists(url):
            fixed, found = base.rpartition("/")[0], [base]
        else:
            raise AtmdaError(f"{shown(url)} is not there.", "Give a folder, a glob in quotes or an object.")
    except AtmdaError:
        raise
    except Exception as error:
        raise AtmdaError(f"{shown(url)}: {_reason(error, 'listed')}.", _CREDENTIALS) from error
    keys = sorted(str(key) for key in found)
    return [(str(system.unstrip_protocol(key)), key.removeprefix(fixed).partition("?")[0].lstrip("/")) for key in keys]


def modified(info: Mapping[str, Any]) -> int:
    """A number that changes with an object: of its etag where its storage tells one, else its time in nanoseconds.

    0 where neither is told.
    """
    tag = next((info[name] for name in TAGS if info.get(name)), None)
    if tag is not None:
        return int.from_bytes(sha256(str(tag).encode()).digest()[:7], "big")
    time = next((info[name] for name in TIMES if info.get(name)), 0)
    if isinstance(time, str):
        with suppress(ValueError):
            time = datetime.fromisoformat(time.replace("Z", "+00:00"))
    if isinstance(time, datetime):
        since = (time if time.tzinfo else time.replace(tzinfo=timezone.utc)) - datetime(1970, 1, 1, tzinfo=timezone.utc)
        return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
    return round(time * 10**6) * 1000 if isinstance(time, int | float) else 0  # to a microsecond, as the others are


@lru_cache(maxsize=64)
def _folder(system: Any, folder: str) -> dict[str, Mapping[str, Any]]:
    """What a storage lists below `folder`, in one question instead of one an object; {} where it does not."""
    if getattr(system, "protocol", "") in ("http", "https", ("http", "https")):
        return {}
    with suppress(Exception):
        return {str(info["name"]): info for info in system.ls(folder, detail=True, refresh=True)}
    return {}


def _siblings(system: Any, url: str) -> dict[str, Mapping[str, Any]]:
    return _folder(system, _key(system, url).rpartition("/")[0])


def _key(system: Any, url: str) -> str:
    return str(system._strip_protocol(url))


def _reason(error: Exception, done: str = "downloaded") -> str:
    """What went wrong with what was `done`, by the kind of the error: its text may repeat keys and signed URLs."""
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if isinstance(error, PermissionError):
        return "it may not be read (are there credentials for it?)"
    if isinstance(error, TimeoutError):
        return "its storage does not answer"
    return f"it cannot be {done} ({type(error).__name__})"
