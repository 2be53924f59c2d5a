"""Settings of `atmda doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from atmda.settings.base import Flag, Settings


class DoctorSettings(Settings):
    """Say whether all is well, and what to do where it is not."""

    paths: Annotated[tuple[Path, ...], Flag(("paths",), metavar="STORE|SOUNDSCAPES", argument=True, several=True)] = (
        Field((), description="Stores of embeddings, .npz or .pt files and sets of soundscapes to be read whole.")
    )
