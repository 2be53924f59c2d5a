"""The clips or windows of a store that are nearest a query, adapted to their background."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from atmda.core.audio import Recording
from atmda.core.device import usable_cores
from atmda.core.embeddings.identity import TEXT_FIELDS, check_same, check_width
from atmda.core.embeddings.lengths import are_unit
from atmda.core.embeddings.scanning import Piece, open_rows
from atmda.core.search.hits import Hit, described, spaced
from atmda.core.search.nearest import nearest
from atmda.core.search.scoring import Query, Tally
from atmda.errors import StoreError
from atmda.settings.search import SearchSettings
from atmda.tasks.encoding import open_encoder
from atmda.tasks.observer import Observer
from atmda.tasks.one_length import unit_by
from atmda.tasks.queries import of_recording, of_words, recording_of
from atmda.tasks.query_profiles import AUDIO_FIELDS, PROFILES, Search
from atmda.tasks.search_outputs import Outputs
from atmda.tasks.search_result import SearchResult

CROWD = 16  # windows round one event that are looked at, to begin with, where crowds are thinned
MOST = 1 << 17  # candidates that are looked at, however crowded they are


def search(
    settings: SearchSettings, observer: Observer | None = None, *, recording: Recording | None = None
) -> SearchResult:
    """Find what the settings name; it goes to `settings.output` and `settings.report`, where they are given.

    Args:
        observer: told of the encoder, of what is left out, and of progress.
        recording: the query, in place of the file or the words that `settings.query` gives; that is what it is called.

    Raises:
        SettingsError: settings that do not go together. StoreError: no embeddings, or another encoder's.
        AudioError: a query that cannot be read.
    """
    observer = observer or Observer()
    settings.check()
    recording = recording_of(settings) if recording is None else recording
    outputs = Outputs(settings, observer)
    at_hand, skipped = _at_hand(settings, observer, recording)
    profile = PROFILES[settings.background_from](at_hand)
    query = replace(at_hand.plain, profile=profile, temperature=settings.amount)
    hits, tally = _found(at_hand, query)
    _check_backgrounds(settings, tally)
    if not tally.scored:
        raise StoreError(f"{settings.embeddings}: not one of its embeddings could be used.", "Embed it again.")
    _tell(settings, tally, observer)
    done = SearchResult(
        query=Path(settings.query).name if isinstance(recording, Path) else settings.query,
        hits=hits,
        modality=settings.modality,
        temperature=None if profile is None else settings.amount,
        mean=tally.mean,
        deviation=tally.deviation,
        searched=tally.scored,
        left_out={"not numbers": tally.unusable, "silent": tally.silent, "of no recording": tally.unplaced},
        skipped=skipped,
        output=settings.output,
    )
    return outputs.write(done, at_hand)


def _at_hand(
    settings: SearchSettings, observer: Observer, recording: Recording | None
) -> tuple[Search, dict[str, str]]:
    """The store, its encoder and the query's embedding; and where files go that turn out to be damaged."""
    name, skipped = str(settings.embeddings), dict[str, str]()
    rows = open_rows(Path(name))
    for note in rows.notes:
        observer.notice(f"note: {name}: {note}")
    for problem in rows.problems:
        observer.warning(f"{name}: {problem}; what is there is searched.")
    encoder = open_encoder(settings, observer, rows.identity)
    fields = TEXT_FIELDS if recording is None else AUDIO_FIELDS
    check_same(encoder.identity, rows.identity, f"`model` {encoder.name}", name, fields)
    check_width(encoder.dim, rows.width, f"`model` {encoder.name}", f"those in {name} have")
    vector = (
        of_words(encoder, settings, observer)
        if recording is None
        else of_recording(encoder, recording, settings, observer)
    )
    unit = "audio" in unit_by(encoder.identity) or bool(are_unit(vector[None]))
    plain = Query(vector, unit=unit)

    def tell(piece: Piece, error: StoreError | None) -> None:
        if error is not None and str(piece.path) not in skipped:
            skipped[str(piece.path)] = error.message
            observer.warning(f"left out: {error.message}")

    return Search(settings, observer, encoder, rows, plain, settings.num_workers or usable_cores(), tell), skipped


def _found(search: Search, query: Query) -> tuple[list[Hit], Tally]:
    """The best, thinned where that is asked for: of ever more candidates, until there are enough that stand apart."""
    most, gap = search.settings.top_k, search.settings.min_gap
    looked_at = most if gap is None else min(MOST, CROWD * most)
    while True:
        with search.observer.progress("Searching", len(search.rows.pieces)) as advance:

            def tell(piece: Piece, error: StoreError | None, advance: object = advance) -> None:
                search.tell(piece, error)
                advance(1)  # type: ignore[operator]

            found, tally = nearest(search.rows, query, looked_at, search.workers, tell)
        hits = described(search.rows, found)
        if gap is None:
            return hits, tally
        hits = spaced(hits, gap, most)
        if len(hits) == most or len(found) == tally.scored:
            return hits, tally
        if looked_at == MOST:
            search.observer.warning(f"The best {MOST:,} windows crowd together: {len(hits)} of them stand apart.")
            return hits, tally
        looked_at = min(MOST, CROWD * looked_at)


def _check_backgrounds(settings: SearchSettings, tally: Tally) -> None:
    """Raises StoreError where some clips have a background of their own and others have not."""
    if settings.background_from == "embeddings" and tally.own and tally.strangers:
        raise StoreError(
            f"{settings.bg_embeddings}: it has no embedding of what {tally.strangers} clips were mixed from.",
            "Embed the whole background data set.",
        )


def _tell(settings: SearchSettings, tally: Tally, observer: Observer) -> None:
    name = settings.embeddings
    if tally.unusable:
        observer.warning(f"{name}: {tally.unusable} embeddings hold values that are not numbers and are left out.")
    if tally.silent:
        observer.notice(f"note: {name}: {tally.silent} clips without sound are left out.")
    if tally.unplaced:
        observer.warning(f"{name}: {tally.unplaced} clips do not say which recording they are of and are left out.")
    if tally.resized:
        observer.warning(f"{name}: {tally.resized} embeddings are not of length 1, and are brought to it.")
    if settings.background_from == "embeddings":
        whose = "its own background" if tally.own else "the mean of all backgrounds, which leaves their order as it is"
        observer.notice(f"Background of each clip: {whose}.")
