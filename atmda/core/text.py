"""Text made fit to be shown: what a terminal would obey as an escape, of many names the first."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: control characters of ASCII and Latin-1, marks that turn or break lines, and bytes of names that are not UTF-8
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, keep: str = "") -> str:
    """`text` with what a terminal would obey, or cannot show, as escapes; `keep`: characters that stay as they are.

    >>> printable("rain\\x1b[2J.wav")
    'rain\\\\x1b[2J.wav'
    """
    return _OBEYED.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    return named or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def some_of(names: Iterable[str], shown: int = 10) -> str:
    """The first of `names`, sorted, and how many there are more."""
    listed = sorted(names)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + more
