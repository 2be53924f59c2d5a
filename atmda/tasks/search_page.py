"""The page of a search to look at and listen to, where one was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmda.core.audio import open_audio
from atmda.core.search.hits import Hit
from atmda.settings.search import SearchSettings
from atmda.tasks.query_profiles import Search
from atmda.tasks.search_result import SearchResult

if TYPE_CHECKING:
    from atmda.report.listening import Example

SHOWN = 100  # hits on the page, of which each with sound takes up to 0.2 MB
TITLE = "What was found"


def write_search_page(done: SearchResult, search: Search, paths: Mapping[str, Path]) -> Path | None:
    """Write the page of the nearest `SHOWN` hits, and give its path; None where none was asked for.

    `paths`: where recordings lie, by their names; others are shown without sound, and it says so. Raises AtmdaError
    where the page cannot be written.
    """
    settings = search.settings
    if settings.report is None:
        return None
    from atmda.report.listening import Section, write_page

    pairs = list(zip(done.hits, done.rows(), strict=True))[:SHOWN]
    examples = [_example(hit, row, paths) for hit, row in pairs]
    left = f" {len(done.hits) - SHOWN:,} more were found." if len(done.hits) > SHOWN else ""
    about = f"The nearest first, of {done.searched:,} that were searched.{left}"
    with search.observer.progress("Page", 1) as advance:
        page = write_page(
            settings.report, TITLE, _facts(done, search), [Section("Nearest", about, examples)],
            no_audio=settings.no_audio, read_audio=partial(open_audio, reading=settings.reading),
        )  # fmt: skip
        advance(1)
    return page


def _example(hit: Hit, row: Mapping[str, Any], paths: Mapping[str, Path]) -> Example:
    from atmda.report.listening import Example
    from atmda.report.listening.words import score

    facts = {"Score": score(hit.score)}
    if row["deviations"] is not None:
        facts["Stands out"] = f"by {row['deviations']:.1f} standard deviations of all scores"
    if row["unadapted_score"] is not None:
        facts["Not adapted"] = score(hit.unadapted_score)
    if row["known_label"] is not None:
        facts["Known as"] = row["known_label"]
    title, path = f"{row['rank']}. {row['label']}", paths.get(hit.filename)
    if hit.start is None or hit.end is None:
        return Example(title, hit.filename, path, 0.0, None, facts)
    return Example(title, hit.filename, path, hit.start, hit.end, facts)


def _facts(done: SearchResult, search: Search) -> dict[str, str]:
    """How it was made."""
    from atmda import __version__

    settings = search.settings
    facts = {
        "Query": done.query,
        "Store": str(settings.embeddings),
        "Encoder": search.encoder.name,
        "Adaptation": _adaptation(done, settings),
    }
    if settings.templates:
        facts["Templates"] = "; ".join(settings.templates)
    if not settings.no_audio:
        facts["Recordings"] = settings.audio_folder or "where they lie was not told (--audio-folder): without sound"
    return facts | {"atmda": __version__}


def _adaptation(done: SearchResult, settings: SearchSettings) -> str:
    """What was taken off."""
    known = {
        "name": settings.bg_type,
        "recordings": settings.bg_folder,
        "embeddings": settings.bg_embeddings,
        "self": "self (the mean of each recording's own windows)",
    }
    if done.temperature is None:
        return "none"
    return f"{known[settings.background_from]}, by {done.modality}, temperature {done.temperature:g}"
