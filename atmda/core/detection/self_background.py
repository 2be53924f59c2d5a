"""What users write for a background that is the recording's own: `self`, `self:median`, `site:quiet,rolling=600`."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from atmda.core.bounds import Bounds
from atmda.errors import SettingsError

SETTING = "bg"
METHODS = ("quiet", "mean", "median")  # the names of background.SELF_BACKGROUNDS, told without importing numpy
ROLLING = Bounds(1.0, 31_536_000.0, "seconds")
SPELLINGS = "self, self:median, self:rolling=600 or site:quiet,rolling=600"


@dataclass(frozen=True)
class SelfBackground:
    """A background that is taken from what is to be labelled.

    Attributes:
        method: how, a name of `SELF_BACKGROUNDS`.
        rolling: seconds of the stretch around each window; None takes all of it.
        site: whether all recordings of a site's folder are taken together, not each by itself.

    >>> SelfBackground.parse("site:median,rolling=600")
    SelfBackground(method='median', rolling=600.0, site=True)
    >>> str(SelfBackground.parse("self"))
    'self:quiet'
    """

    method: str = METHODS[0]
    rolling: float | None = None
    site: bool = False

    @staticmethod
    def is_meant(text: str) -> bool:
        """Whether `text` asks for a background of this kind at all, rightly spelt or not."""
        return text.strip().partition(":")[0].strip().lower() in ("self", "site")

    @classmethod
    def parse(cls, text: str) -> SelfBackground:
        """`self` or `site`, then after a colon, with commas between, a method and `rolling=SECONDS`.

        Raises SettingsError, naming what cannot be.
        """
        kind, colon, rest = text.strip().partition(":")
        if not cls.is_meant(text):
            raise _refused(text, f"{kind.strip()!r} is neither self nor site")
        method: str | None = None
        rolling: float | None = None
        for word in (word.strip() for word in rest.split(",")) if colon else ():
            name, _, value = (part.strip() for part in word.partition("="))
            if name.lower() == "rolling":
                _check_first(text, word, rolling)
                rolling = _seconds(text, value)
            elif word.lower() in METHODS:
                _check_first(text, word, method)
                method = word.lower()
            else:
                near = get_close_matches(word.lower(), METHODS, n=1)
                raise _refused(text, f"there is no {word!r}", f"Did you mean {near[0]}?" if near else "")
        return cls(method or METHODS[0], rolling, kind.strip().lower() == "site")

    def __str__(self) -> str:
        rolling = "" if self.rolling is None else f",rolling={self.rolling:.12g}"
        return f"{'site' if self.site else 'self'}:{self.method}{rolling}"


def _seconds(text: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = float("nan")
    if seconds not in ROLLING:
        raise _refused(text, f"rolling={value} is no time {ROLLING}")
    return seconds


def _check_first(text: str, word: str, before: object) -> None:
    if before is not None:
        raise _refused(text, f"{word!r} is one too many")


def _refused(text: str, why: str, hint: str = "") -> SettingsError:
    return SettingsError(f"`{SETTING}` {text}: {why}.", hint or f"Write {SPELLINGS}.", setting=SETTING)
