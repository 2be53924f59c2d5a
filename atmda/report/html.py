"""How the pages' templates are drawn: everything escaped, a missing name an error and not an empty word."""

from __future__ import annotations

from base64 import b64encode

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """The templates of this package. What they are given is escaped, so that a label is text whatever it holds."""
    found = Environment(
        loader=PackageLoader("atmda.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["percent"] = lambda value, digits=1: f"{value:.{digits}%}"
    return found


def data_uri(kind: str, content: bytes) -> str:
    """A file that the page holds in itself; `kind` is its media type."""
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
