"""Names of recordings as names of files that are made for them: below the folder, legal everywhere, told apart.

What file systems refuse, what leads out of the folder and the sign % itself are written as %XX, as in web addresses.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

LONGEST = 200  # bytes of a part: 255 are the most that file systems take, an ending and a temporary mark included
_REFUSED = re.compile(r'[\x00-\x1f\x7f%\\:*?"<>|/]|^\.+')
_WRITTEN = re.compile(r"(?:%[01][0-9A-F]|%7F|%2[25AEF]|%3[ACEF]|%5C|%7C)+")


def escaped(name: str) -> PurePosixPath:
    """A relative path for the recording called `name`, in the same sub-folders; another name gives another path.

    >>> escaped("../north/a:b.wav")
    PurePosixPath('%2E%2E/north/a%3Ab.wav')
    """
    return PurePosixPath(*(_part(part) for part in PurePosixPath(name).parts))


def unescaped(name: str) -> str:
    """The name that `escaped` made `name` of, if it is none that had to be cut."""
    return _WRITTEN.sub(lambda match: unquote(match[0]), name)


def _part(part: str) -> str:
    legal = _REFUSED.sub(lambda match: "".join(f"%{ord(character):02X}" for character in match[0]), part)
    content = legal.encode("utf-8", "surrogateescape")
    if len(content) <= LONGEST:
        return legal
    mark = hashlib.sha256(content).hexdigest()[:16]
    return f"{content[: LONGEST - 17].decode('utf-8', 'ignore')}~{mark}"
