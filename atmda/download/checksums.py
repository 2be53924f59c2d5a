"""Checksums, written as "md5:...", "sha256:..." or "git:..." (the SHA-1 of a git blob)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 20


def checksum_of(path: Path, kind: str, stop: Callable[[], None] = lambda: None) -> str:
    """The checksum of a file, as "kind:hex"; `stop` is called now and then and may raise."""
    if kind == "git":
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
            stop()
    return f"{kind}:{digest.hexdigest()}"


def agrees(path: Path, checksum: str, stop: Callable[[], None] = lambda: None) -> bool:
    """Whether a file has the checksum "kind:hex"."""
    return checksum_of(path, checksum.partition(":")[0], stop) == checksum.lower()


def from_etag(etag: str | None) -> str:
    """The checksum that an ETag is, where it is one: 64 hex digits SHA-256, 40 a git blob; else ""."""
    text = (etag or "").removeprefix("W/").strip('"').lower()
    if any(digit not in "0123456789abcdef" for digit in text):
        return ""
    return {64: f"sha256:{text}", 40: f"git:{text}"}.get(len(text), "")


def mismatch(path: Path, expected: str) -> str:
    """What to say of a downloaded file whose checksum is not the expected one."""
    kind = expected.partition(":")[0]
    with path.open("rb") as file:
        start = file.read(64).lstrip().lower()
    page = " (it sent a web page)" if start.startswith((b"<!doctype html", b"<html")) else ""
    return f"the server sent other bytes than expected{page}: {checksum_of(path, kind)}, not {expected}"
