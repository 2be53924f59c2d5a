"""Is there a network at all, and when does a server want to be asked again?"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from atmda.errors import AtmdaError


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
    """Seconds that a Retry-After header asks to wait (a number or a date); None where there is none."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
