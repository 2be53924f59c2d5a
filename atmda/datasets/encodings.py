"""The encoding of text that people and spreadsheets wrote: told by its mark, else by where its zero bytes stand."""

from __future__ import annotations

import codecs

#: UTF-32 first: its little-endian mark begins with that of UTF-16
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}


def decoded(content: bytes) -> str:
    """`content` as text: UTF-8, or UTF-16 with or without its mark, or UTF-32 with it.

    Raises ValueError for anything else. Zero bytes are proof: text in UTF-8 has none, that in UTF-16 has one beside
    every ASCII character, the ends of lines among them.
    """
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), "")
    text = content.decode(marked or _unmarked(content))
    if "\0" in text:
        raise ValueError("it has characters of value zero, as no text has")
    return text


def _unmarked(content: bytes) -> str:
    low, high = content[::2].count(0), content[1::2].count(0)
    if (not low and not high) or len(content) % 2:
        return "utf-8"
    return "utf-16-le" if high > low else "utf-16-be"
