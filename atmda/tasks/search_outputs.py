"""Where what a search found goes: a table, or labels on a time line, and a page to look and listen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from atmda.core.detection.detection import Detection
from atmda.core.search.ends import ends_by_recording
from atmda.datasets import load_folder
from atmda.report.detections import DetectionFile
from atmda.report.formats import LabelFormat
from atmda.report.result_file import ResultFile
from atmda.settings.search import SearchSettings
from atmda.tasks.encoding import tell_problems
from atmda.tasks.observer import Observer
from atmda.tasks.query_profiles import Search
from atmda.tasks.search_page import write_search_page
from atmda.tasks.search_result import SearchResult
from atmda.tasks.when import When


class Outputs:
    """Files for what will be found. Raises SettingsError, AtmdaError where one cannot be written or is not there."""

    def __init__(self, settings: SearchSettings, observer: Observer) -> None:
        self._settings, self._observer = settings, observer
        self._file = _file(settings, observer)
        if settings.report is not None:
            from atmda.report.listening import check_page

            check_page(settings.report)
        self._paths = _paths(settings, observer)

    def write(self, done: SearchResult, search: Search) -> SearchResult:
        """Write what was found; gives `done` with the page's path. Raises AtmdaError where that cannot be done."""
        self._tell_missing(done)
        if isinstance(self._file, DetectionFile):
            self._write_labels(self._file, done, search)
        else:
            with self._file as table:
                for row in done.rows():
                    table.add(row)
        return replace(done, report=write_search_page(done, search, self._paths))

    def _write_labels(self, file: DetectionFile, done: SearchResult, search: Search) -> None:
        """The hits, by recording and then by time, as such files have them."""
        found: dict[str, list[Detection]] = {}
        for detection in done.detections():
            found.setdefault(detection.filename, []).append(detection)
        timeless = len(done.hits) - sum(map(len, found.values()))
        if timeless:
            self._observer.warning(
                f"{timeless} of {len(done.hits)} hits have no times in the store and are left out of {done.output}."
            )
        lengths = {name: max(hit.end for hit in hits) for name, hits in found.items()}
        place, when = self._settings.place, When(self._paths, None, self._observer)
        if found and place is not None and not place.each:
            lengths |= self._lengths(done, search)
        with file:
            for name in sorted(lengths):
                hits = sorted(found.get(name, []), key=lambda hit: (hit.start, hit.end))
                path, rate = when.file(name) if hits else (None, None)
                file.recording(name, path, lengths[name], rate)
                for hit in hits:
                    file.add(hit)

    def _lengths(self, done: SearchResult, search: Search) -> dict[str, float]:
        """Of all recordings of the store, in seconds; a warning says where that is not all."""
        with self._observer.progress("Lengths of recordings", len(search.rows.pieces)) as advance:
            lengths = ends_by_recording(search.rows, search.workers, lambda piece, error: advance(1))
        unknown = sum(not seconds for seconds in lengths.values())
        why = [f"{unknown} recordings do not tell how long they are"] if unknown else []
        why += ["parts of the store are damaged"] if done.skipped else []
        if why:
            self._observer.warning(
                f"{done.output}: {' and '.join(why)}, so that what stands behind them on the time line may be too "
                "early; a directory as `output` takes a file a recording."
            )
        return lengths

    def _tell_missing(self, done: SearchResult) -> None:
        """Warn where recordings do not lie where they should."""
        if self._settings.audio_folder is None:
            return
        names = {hit.filename for hit in done.hits}
        missing = sorted(names - self._paths.keys())
        if missing:
            deeper = "/" in missing[0] and not self._settings.recursive
            self._observer.warning(
                f"{len(missing)} of the {len(names)} recordings found are not in {self._settings.audio_folder} "
                f"({missing[0]} the first).{' Add `recursive` to look in its folders too.' if deeper else ''}"
            )


def _file(settings: SearchSettings, observer: Observer) -> ResultFile | DetectionFile:
    place, workspace = settings.place, settings.workspace
    form = None if place is None else place.format
    if isinstance(form, LabelFormat):
        return DetectionFile(settings.output, settings.output_format, workspace.results)
    return ResultFile(
        settings.output, workspace.new_journal, observer.warning, workspace.results, settings.spreadsheet_safe, form
    )


def _paths(settings: SearchSettings, observer: Observer) -> Mapping[str, Path]:
    """Where recordings lie, by their names in the store. Raises AtmdaError where there are none."""
    if settings.audio_folder is None:
        if settings.report is not None and not settings.no_audio:
            observer.notice(
                "note: the page has no sound, for a store does not tell where recordings lie: give `audio_folder`, "
                "the folder that was embedded, to hear them."
            )
        return {}
    folder = settings.workspace.input_folder(settings.audio_folder)
    data = load_folder(folder, settings.recursive, settings.ffmpeg)
    tell_problems(data, observer)
    return {clip.name: clip.path for clip in data.clips}
