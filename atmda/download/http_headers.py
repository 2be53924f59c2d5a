"""What an HTTP answer says of a file, and the note kept beside a file that is not whole yet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import requests

from atmda.core.untrusted import parsed_object
from atmda.datasets.remotes import Remote
from atmda.download.checksums import from_etag
from atmda.errors import AtmdaError, StoreError


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    return int(text) if plain and text.isdecimal() else None


def stated_size(response: requests.Response) -> int | None:
    """Bytes of the file behind a HEAD request: what the server that redirects says (X-Linked-Size), else its length.

    The store that huggingface.co redirects to signs its addresses for GET alone and refuses HEAD.
    """
    linked = [answer.headers.get("X-Linked-Size", "") for answer in (*response.history, response)]
    found = next((int(text) for text in linked if text.isdecimal()), None)
    return length(response) if found is None and response.ok else found


def content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and bytes in all, of a Content-Range header; None where it does not say."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip())
    if not match:
        return None, None
    return (int(match[1]) if match[1] else None), (int(match[2]) if match[2] != "*" else None)


def declared_checksum(remote: Remote, response: requests.Response) -> str:
    """The checksum in the headers of the answer or of the redirects that led to it (X-Linked-ETag, else ETag)."""
    if not remote.declared:
        return ""
    answers = [*response.history, response]
    linked = [from_etag(answer.headers.get("X-Linked-ETag")) for answer in answers]
    return next(filter(None, linked), "") or from_etag(answers[0].headers.get("ETag"))


def refusal(remote: Remote, response: requests.Response) -> AtmdaError:
    """What to say of an answer that asking again will not change."""
    code = response.status_code
    if code in (404, 410):
        return AtmdaError(f"{remote.url} is not there any more (the server answered {code}).")
    return AtmdaError(f"{remote.url} is refused (the server answered {code}).")


def note_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def read_note(part: Path) -> dict[str, Any]:
    """Where `part` came from; empty where that is not known, and then it is not trusted."""
    try:
        note = parsed_object(note_path(part).read_bytes(), "the note")
    except (OSError, StoreError):
        return {}
    total = note.get("total")
    words = all(isinstance(note.get(key, ""), str) for key in ("url", "version", "declared"))
    return note if words and (total is None or (type(total) is int and total >= 0)) else {}


def write_note(part: Path, remote: Remote, response: requests.Response, total: int | None) -> None:
    etag = response.headers.get("ETag", "")
    version = etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")
    note = {"url": remote.url, "total": total, "version": version, "declared": declared_checksum(remote, response)}
    note_path(part).write_text(json.dumps(note), "utf-8")


def forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    note_path(part).unlink(missing_ok=True)
