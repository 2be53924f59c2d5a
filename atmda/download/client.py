"""One file over HTTP, whole and checked: resumed by ranges, retried with back-off, never trusted.

What is downloaded lies in `<name>.part` with a note of where it came from in `<name>.part.json`; it is resumed only
where the server still has the same version (If-Range), and becomes `<name>` only once its checksum agrees. Tries are
counted here and not by the `urllib3.Retry` that HEAD requests have, because that repeats whole requests: it neither
goes on in the middle of a body nor starts counting anew after a try that gained bytes.
"""

from __future__ import annotations

import http.client
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from atmda import __version__
from atmda.datasets.remotes import Remote
from atmda.download.checksums import agrees, mismatch
from atmda.download.http_headers import (
    content_range,
    declared_checksum,
    forget,
    length,
    note_path,
    read_note,
    refusal,
    size_of,
    stated_size,
    write_note,
)
from atmda.download.network import (
    BUSY,
    CancelledError,
    TryAgainError,
    UnreachableError,
    asking_again,
    cannot_reach,
    check_name,
    retry_after,
)
from atmda.errors import AtmdaError

CHUNK = 1 << 16  # bytes written at a time: what a connection that falls silent can lose
RESERVE = 50_000_000  # bytes of free space left alone
KEPT = "What is downloaded so far is kept; the same command goes on from there."
Report = Callable[[Remote, int, "int | None"], None]  # file, bytes so far, bytes in all


@dataclass(frozen=True)
class Policy:
    """How patient to be. `attempts`: tries in a row that gain nothing; times are in seconds."""

    attempts: int = 6
    backoff: float = 1.0
    longest_wait: float = 300.0
    connect: float = 5.0
    read: float = 30.0


class Client:
    """Downloads for one run; safe to use from several threads.

    Args:
        policy: patience.
        cancel: set from outside to stop all downloads soon.
        report: told of progress, from the downloading threads.
        notice: told why something is tried again.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        cancel: threading.Event | None = None,
        report: Report = lambda remote, done, total: None,
        notice: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.policy = policy or Policy()
        self.cancel = cancel or threading.Event()
        self.report = report
        self.notice = notice
        self._local = threading.local()
        self._answered = threading.Event()  # a server has answered in this run: there is a network

    def stop_if_cancelled(self) -> None:
        if self.cancel.is_set():
            raise CancelledError

    def probe(self, remote: Remote) -> tuple[int | None, str]:
        """Size in bytes and checksum that the server states without sending the file; None and "" where it does not.

        Raises AtmdaError where the server cannot be reached.
        """
        try:
            response = self._request("HEAD", remote, {})
        except UnreachableError as error:
            raise cannot_reach(remote.url, error) from error
        except TryAgainError:
            return None, ""
        with response:
            return stated_size(response), declared_checksum(remote, response)

    def download(self, remote: Remote, folder: Path) -> Path:
        """`remote` as `folder`/filename, whole, its checksum agreeing. Raises AtmdaError, or CancelledError.

        Bytes that do not agree are thrown away and fetched once more from the beginning.
        """
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{remote.filename}.part"
        for last in (False, True):
            self._complete(remote, part)
            expected = remote.checksum or str(read_note(part).get("declared", ""))
            if remote.volatile or not expected or agrees(part, expected, self.stop_if_cancelled):
                break
            reason = mismatch(part, expected)
            forget(part)
            if last:
                raise AtmdaError(f"{remote.url}: {reason}.", "The old copy, if there was one, is untouched.")
            self.notice(f"{remote.filename}: {reason}; fetching it again.")
        part.replace(folder / remote.filename)
        note_path(part).unlink(missing_ok=True)
        return folder / remote.filename

    def _complete(self, remote: Remote, part: Path) -> None:
        """Try until `part` is whole; give up after `policy.attempts` tries in a row without a byte gained."""
        idle, furthest = 0, size_of(part)
        while True:
            self.stop_if_cancelled()
            try:
                return self._once(remote, part)
            except UnreachableError as error:
                if not self._answered.is_set():
                    raise cannot_reach(remote.url, error) from error
                reason, wait = str(error), None
            except TryAgainError as again:
                reason, wait = str(again), again.wait
            reached = size_of(part)
            idle = 0 if reached > furthest else idle + 1
            furthest = max(furthest, reached)
            if idle >= self.policy.attempts:
                raise AtmdaError(f"{remote.url}: {reason}, {idle} times in a row.", KEPT)
            pause = self.policy.backoff * 2 ** max(0, idle - 1) if wait is None else wait
            if pause > self.policy.longest_wait:
                raise AtmdaError(f"{remote.url}: the server asks to come back in {round(pause / 60)} minutes.", KEPT)
            self.notice(f"{remote.filename}: {reason}; trying again in {pause:.0f} s.")
            if self.cancel.wait(pause):
                raise CancelledError

    def _once(self, remote: Remote, part: Path) -> None:
        """One request; returns where `part` is whole after it, and raises TryAgainError where it is not yet."""
        note = read_note(part)
        if note.get("url") != remote.url:
            forget(part)
            note = {}
        have, total = size_of(part), note.get("total")
        if total is not None and have == total:
            return
        if total is not None and have > total:
            forget(part)
            have, note = 0, {}
        headers = {}
        if have:
            headers["Range"] = f"bytes={have}-"
            if note.get("version"):
                headers["If-Range"] = note["version"]
        with self._request("GET", remote, headers) as response:
            if response.status_code == 416 and have:
                if content_range(response)[1] == have:
                    return
                forget(part)
                raise TryAgainError("the server has less than was downloaded")
            if response.status_code == 206 and have:
                start, size = content_range(response)
                total = size if total is None else total
                if start != have or size not in (None, total):
                    forget(part)
                    raise TryAgainError("the server sent another range than asked for")
            elif response.status_code == 200:
                have, total = 0, length(response)
                forget(part)
                write_note(part, remote, response, total)
            else:
                raise refusal(remote, response)
            self._check_space(part, (total or 0) - have)
            self._receive(remote, response, part, have, total)

    def _request(self, method: str, remote: Remote, headers: dict[str, str]) -> requests.Response:
        """An answer that is not "try again"; raises UnreachableError, TryAgainError, or AtmdaError."""
        check_name(remote.url, self.policy.connect)
        try:
            response = self._session().request(
                method,
                remote.url,
                headers=headers,
                stream=True,
                allow_redirects=True,
                timeout=(self.policy.connect, self.policy.read),
            )
        except requests.exceptions.SSLError as error:
            raise AtmdaError(f"{remote.url}: the server's certificate is not accepted ({error}).") from error
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise UnreachableError("the server does not answer") from error
        except requests.exceptions.ConnectionError as error:
            if isinstance(getattr(error.args[0], "reason", None), urllib3.exceptions.NewConnectionError):
                raise UnreachableError("the connection is refused") from error
            raise TryAgainError("the connection broke") from error
        except requests.exceptions.Timeout as error:
            raise TryAgainError(f"the server was silent for {self.policy.read:.0f} s") from error
        except requests.exceptions.RequestException as error:
            raise AtmdaError(f"{remote.url} cannot be fetched ({error}).") from error
        self._answered.set()
        if urlsplit(remote.url).scheme == "https" and urlsplit(response.url).scheme != "https":
            response.close()
            raise AtmdaError(f"{remote.url} leads to an unprotected address, {response.url}; it is not followed.")
        if response.status_code in BUSY:
            response.close()
            raise TryAgainError(f"the server answered {response.status_code}", retry_after(response.headers))
        return response

    def _receive(self, remote: Remote, response: requests.Response, part: Path, have: int, total: int | None) -> None:
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        with part.open("ab") as file:
            try:
                for chunk in response.raw.stream(CHUNK, decode_content=encoded):
                    self.stop_if_cancelled()
                    _write(file, chunk, part)
                    have += len(chunk)
                    self.report(remote, have, total)
            except urllib3.exceptions.ReadTimeoutError as error:
                raise TryAgainError(f"the server was silent for {self.policy.read:.0f} s") from error
            except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
                raise TryAgainError("the connection broke") from error
        if total is not None and have < total:
            raise TryAgainError(f"the connection ended after {have} of {total} bytes")

    def _check_space(self, part: Path, needed: int) -> None:
        free = shutil.disk_usage(part.parent).free
        if needed > 0 and free < needed + RESERVE:
            raise AtmdaError(
                f"{part.parent} has {free / 1e9:.1f} GB free, and {part.stem} needs {needed / 1e9:.1f} GB more.",
                f"Make room or choose another `data_dir`. {KEPT}",
            )

    def _session(self) -> requests.Session:
        """A session a thread: requests does not promise that one can be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            for scheme in ("http://", "https://"):
                self._local.session.mount(scheme, asking_again(self.policy.backoff))
            # Ranges and checksums are of the bytes as stored, so no compression on the way.
            self._local.session.headers.update({"User-Agent": f"atmda/{__version__}", "Accept-Encoding": "identity"})
        session: requests.Session = self._local.session
        return session


def _write(file: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise AtmdaError(f"{part} cannot be written ({error.strerror}).", KEPT) from error
