"""Settings of `atmda fetch`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from atmda.errors import SettingsError
from atmda.settings.base import Flag, Settings, flag, split_commas
from atmda.settings.completion import fetch_names

WHAT, HOW = "What to fetch", "How"


class FetchSettings(Settings):
    """Fetch a data set, the LAION-CLAP checkpoint or the demo recordings: resumed, checked, put where they belong."""

    name: Annotated[
        tuple[str, ...],
        BeforeValidator(split_commas),
        Flag(("name",), metavar="NAME", complete=fetch_names, panel=WHAT, argument=True),
    ] = Field((), description="A data set, laion-clap or demo; several with commas. See --list.")
    dataset: Annotated[str | None, Flag(("--dataset",), hidden=True)] = Field(
        None, description="The original script's way to say NAME."
    )
    partial: Annotated[
        tuple[str, ...], BeforeValidator(split_commas), flag("--partial", metavar="PART ...", panel=WHAT)
    ] = Field((), description="Only these parts; development.* takes all that begin so. NAME --list names them.")
    list_targets: Annotated[bool, flag("--list", "-l", panel=WHAT)] = Field(
        False, description="What there is and what is already here; with NAME, its parts."
    )
    force: Annotated[bool, flag("--force", panel=HOW)] = Field(
        False, description="Fetch again what is here; the old copy stays until the new one is checked."
    )
    no_cleanup: Annotated[bool, flag("--no-cleanup", panel=HOW)] = Field(
        False, description="Keep the archives beside what was unpacked from them."
    )
    verify: Annotated[bool, flag("--verify", panel=HOW)] = Field(
        False, description="Read every file that is here and compare it with its published checksum; fetches nothing."
    )
    downloads: Annotated[int, flag("--downloads", metavar="N", panel=HOW)] = Field(
        4, ge=1, le=32, description="Downloads at once."
    )
    num_workers: Annotated[int | None, Flag(("--num-workers",), metavar="N", hidden=True, line_only=True)] = Field(
        None, ge=1, le=32, description="The old spelling of --downloads; elsewhere it means this machine's cores."
    )

    def names(self) -> tuple[str, ...]:
        """What to fetch, said in either way."""
        return self.name or ((self.dataset,) if self.dataset else ())

    def at_once(self) -> int:
        """How many downloads at once, said in either way."""
        return self.num_workers or self.downloads

    def check(self) -> None:
        """Raises SettingsError where settings do not go together, or one that is needed is missing."""
        if self.list_targets:
            return
        if not self.names():
            raise SettingsError(
                "Say what to fetch, as in: atmda fetch urbansound8k.", "atmda fetch `list_targets` shows it all."
            )
        if len(self.names()) > 1 and self.partial:
            raise SettingsError("`partial` goes with one NAME.", setting="partial")
        if self.asked("downloads") and self.asked("num_workers"):
            raise SettingsError("`downloads` and `num_workers` say the same.", "Give `downloads`.", setting="downloads")
        if self.verify and self.force:
            raise SettingsError("`verify` fetches nothing and `force` fetches all; give one of them.", setting="verify")
