"""Where there is nothing to give back."""

from __future__ import annotations

from collections.abc import Mapping

from atmda.errors import AtmdaError


class NothingUsableError(AtmdaError):
    """Not one recording could be used; `skipped` has the reason of each."""

    def __init__(self, where: str, skipped: Mapping[str, str]) -> None:
        super().__init__(f"{where}: not one of its recordings could be used.")
        self.skipped = dict(skipped)
