"""The page of a run to look at and listen to, where one was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.audio import open_audio
from atmda.core.detection.choice import Choice
from atmda.core.detection.window import ScoredWindow
from atmda.settings.infer import InferSettings
from atmda.tasks.classes import Classes

if TYPE_CHECKING:
    from atmda.report.listening import ListeningPage


def new_page(settings: InferSettings, classes: Classes, choice: Choice, name: str) -> ListeningPage | None:
    """An empty page for `report`, None where there is none. Raises AtmdaError where it could not be written."""
    if settings.report is None:
        return None
    from atmda import __version__
    from atmda.report.listening import ListeningPage, check_page

    check_page(settings.report)
    return ListeningPage(
        classes.labels,
        _facts(settings, classes, name) | {"atmda": __version__},
        thresholds=choice.minimum,
        temperature=None if settings.modality == "none" else settings.amount,
        multi_label=settings.multi_label,
        no_audio=settings.no_audio,
    )


def watched(windows: Iterator[ScoredWindow], page: ListeningPage | None) -> Iterator[ScoredWindow]:
    """The same windows, which the page sees go by."""
    for window in windows:
        if page is not None:
            page.add(window)
        yield window


def written(page: ListeningPage | None, settings: InferSettings) -> Path | None:
    """Write the page, and give its path. Raises AtmdaError where that cannot be done."""
    if page is None or settings.report is None:
        return None
    return page.write(settings.report, partial(open_audio, reading=settings.reading))


def _facts(settings: InferSettings, classes: Classes, name: str) -> dict[str, str]:
    """How it was made."""
    background = settings.bg or settings.bg_type or settings.bg_folder
    cut = settings.cut.identity if settings.cut is not None else {}
    known = {
        "Recordings": name,
        "Windows": ", ".join(f"{what} {value}" for what, value in cut.items()),
        "Mode": classes.mode,
        "Background": "none" if settings.modality == "none" else f"{background}, by {settings.modality}",
        "Temperature": "" if settings.modality == "none" else f"{settings.amount:g}",
        "Labels": "each by itself" if settings.multi_label else "one against the others",
    }
    return {what: value for what, value in known.items() if value}
