"""Numbers as they stand on the page and in tables for print."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

#: a fraction as per cent, a difference of fractions in points, a p value, a plain number, a count or words
Unit: TypeAlias = Literal["percent", "points", "p", "number", "count", "words"]
UNKNOWN = "\u2013"
MINUS = "\u2212"


def shown(value: Any, unit: Unit = "words") -> str:
    """A value in words; a dash where it is not known."""
    if value is None:
        return UNKNOWN
    if unit == "words" or isinstance(value, str | bool):
        return ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return signed(_FORMATS[unit](float(value)))


def points(value: float, digits: int = 1) -> str:
    """A difference of fractions in points of 100, with its sign."""
    return signed(f"{100 * value:+.{digits}f}")


def p_value(p: float) -> str:
    """A p value for a sentence, as in "p = 0.012"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def signed(number: str) -> str:
    """A formatted number with a minus sign in place of a hyphen; none before what rounds to 0."""
    if number.strip("+-0.% ") == "":
        number = number.replace("-", "").replace("+", "")
    return number.replace("-", MINUS)


def temperature_words(row: Any) -> str:
    """The temperature of a row about a cell."""
    if row.get("auto"):
        return "auto"
    return UNKNOWN if row.get("temperature") is None else f"{row['temperature']:g}"


_FORMATS = {
    "percent": lambda value: f"{100 * value:.1f} %",
    "points": lambda value: f"{100 * value:+.1f}",
    "p": lambda value: "<0.001" if value < 0.001 else f"{value:.3f}",
    "number": lambda value: f"{value:.4g}",
    "count": lambda value: f"{value:,.0f}",
}
