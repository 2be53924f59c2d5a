"""How the pages' templates are drawn: everything escaped, a missing name an error and not an empty word."""

from __future__ import annotations

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
