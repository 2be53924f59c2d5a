"""Is there a network at all, and when does a server want to be asked again?"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from atmda.errors import AtmdaError

BUSY = {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524}  # states of a server that pass


class CancelledError(Exception):
    """Another part failed or the user stopped; not an error of its own."""


class TryAgainError(Exception):
    """A try that came to nothing; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class UnreachableError(Exception):
    """No connection could be made."""


def cannot_reach(url: str, error: UnreachableError) -> AtmdaError:
    """What to say where a server cannot be reached: one sentence, most often because this machine is offline."""
    host = urlsplit(url).hostname or url
    return AtmdaError(
        f"{host} cannot be reached ({error}): this machine seems to be offline.",
        "Connect it, or put the file where it belongs by hand (docs/datasets.md).",
    )


def check_name(url: str, seconds: float) -> None:
    """Find the host's address within `seconds`; raises UnreachableError.

    Resolvers wait up to half a minute for an answer that never comes and cannot be told otherwise, so the question is
    asked in a thread that is left behind. Behind a proxy the proxy resolves, and nothing is asked here.
    """
    parts = urlsplit(url)
    proxies = requests.utils.get_environ_proxies(url)
    if not parts.hostname or proxies.get(parts.scheme) or proxies.get("all"):
        return
    answer: list[str] = []

    def ask() -> None:
        try:
            socket.getaddrinfo(parts.hostname, parts.port or 443)
            answer.append("")
        except OSError:
            answer.append("its name has no address here")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise UnreachableError("its name is not resolved")
    if answer[0]:
        raise UnreachableError(answer[0])


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks to wait, a number or a date; None where there is none."""
    try:
        return float(Retry().parse_retry_after(headers["Retry-After"]))
    except (KeyError, InvalidHeader, ValueError, OverflowError):
        return None


def asking_again(backoff: float) -> HTTPAdapter:
    """What asks a busy server for a file's size up to twice more, `backoff` seconds apart; GET is for the client."""
    retry = Retry(
        total=None,
        connect=0,
        read=0,
        status=2,
        status_forcelist=BUSY,
        allowed_methods={"HEAD"},
        backoff_factor=backoff,
        raise_on_status=False,
        respect_retry_after_header=False,  # it may ask for hours, and a size is only good to know
    )
    return HTTPAdapter(max_retries=retry)
