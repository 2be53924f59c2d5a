"""Windows of long recordings: what `embed` and `infer` say of them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pydantic import Field

from atmda.errors import SettingsError

if TYPE_CHECKING:
    from atmda.core.audio.cut import Cut

#: shortest window and hop, in seconds; encoders hear a click in less
SHORTEST = 0.1
WINDOW: Any = Field(
    None,
    ge=SHORTEST,
    allow_inf_nan=False,
    description="Cut each recording into windows of so many seconds; the last one ends with the recording.",
)
HOP: Any = Field(
    None,
    ge=SHORTEST,
    allow_inf_nan=False,
    description="From the start of one window to the next, in seconds; shorter than --window they overlap. "
    "(default: the window)",
)


class Windowed(Protocol):
    """Settings with a window and a hop."""

    @property
    def window(self) -> float | None: ...
    @property
    def hop(self) -> float | None: ...


def cut_of(window: float | None, hop: float | None) -> Cut | None:
    """How recordings are cut; None where they are not."""
    from atmda.core.audio.cut import Cut

    return None if window is None else Cut.of(window, hop)


def check_windows(settings: Windowed) -> None:
    """Raises SettingsError for a hop without a window."""
    if settings.hop is not None and settings.window is None:
        raise SettingsError("`hop` has no use without `window`.", "Give `window`, in seconds, too.", setting="hop")
