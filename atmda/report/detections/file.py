"""Where the detections of a run go: written as they come, published at the end."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from atmda.core.detection.detection import Detection
from atmda.core.files import OR_MAKE_ROOM, claim, new_file, unwritable
from atmda.report.detections.place import Place, detection_place
from atmda.report.detections.sinks import JoinedTrack, Sink, Source, StdoutSink, TableSink, TrackEach
from atmda.report.formats import LabelFormat


class DetectionFile:
    """Detections on their way into `output`, in constant memory.

    A block that ends well publishes the file; one that is left by an exception leaves no half of one. Of a file a
    recording, those of recordings that were finished stay.

    Args:
        output: a file, - for CSV on stdout, a directory for a file a recording, or None to keep nothing.
        format_name: one of `FORMATS`; None leaves it to the ending of `output` (see `detection_place`).
        refuge: a folder for the file where `output` cannot be written after all.
        spreadsheet_safe: whether words that a spreadsheet would run are guarded, in tables.

    Attributes:
        count: detections so far.

    Raises SettingsError, AtmdaError for an output that cannot be written, before hours of work.

    Example:
        with DetectionFile("out.csv") as file:
            file.recording("a.wav", Path("recordings/a.wav"), seconds=3600.0, sample_rate=48000)
            file.add(detection)
    """

    def __init__(
        self,
        output: str | None,
        format_name: str | None = None,
        refuge: Path = Path(),
        spreadsheet_safe: bool = False,
    ) -> None:
        self.count = 0
        self._place = None if output is None else detection_place(output, format_name)
        self._refuges = (refuge, Path(tempfile.gettempdir()))
        if self._place is not None:
            self._place.check()
        self._sink = None if self._place is None else _sink(self._place, spreadsheet_safe)

    def recording(self, name: str, path: Path | None, seconds: float, sample_rate: float | None = None) -> None:
        """A recording whose detections follow, in order; each one has its turn, also where nothing was found.

        Args:
            name: below the folder that was given; no other recording has it.
            path: where it lies; None where that is not known.
            seconds: its whole length. sample_rate: in Hz, of the file; None where it is not known.

        Raises AtmdaError where the output cannot be written.
        """
        if self._sink is not None:
            shown = name if path is None else str(path.absolute())
            try:
                self._sink.recording(Source(name, shown, seconds, sample_rate))
            except OSError as error:
                raise self._named(error) from error

    def add(self, detection: Detection) -> None:
        """A detection in the recording that was told last. Raises AtmdaError where the output cannot be written."""
        self.count += 1
        if self._sink is not None:
            try:
                self._sink.add(detection)
            except OSError as error:
                raise self._named(error) from error

    def __enter__(self) -> DetectionFile:
        if self._sink is not None:
            try:
                self._sink.open()
            except OSError as error:
                self._sink.abandon()
                raise self._named(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sink is None:
            return
        try:
            if kind is None:
                self._sink.finish()
        except OSError as refused:
            raise self._named(refused, self._rescued()) from refused
        finally:
            self._sink.abandon()

    def _named(self, error: OSError, hint: str = OR_MAKE_ROOM) -> Exception:
        """What to raise where the system refuses something: it names the output, but for stdout."""
        place = self._place
        return error if place is None or place.path is None else unwritable(place.path, error, hint)

    def _rescued(self) -> str:
        """Copy a file that is whole, but may not take its place, to where it can lie, and say where that is."""
        if not isinstance(self._sink, TableSink | JoinedTrack) or self._place is None:
            return OR_MAKE_ROOM
        file = self._sink.file
        if not file.complete:
            return OR_MAKE_ROOM
        for folder in self._refuges:
            path = folder / f"rescued_{file.path.name}"
            try:
                path = claim(path, new_file)
                shutil.copyfile(file.temporary, path)
            except OSError:
                continue
            return f"All {self.count} detections are in {path}."
        return OR_MAKE_ROOM


def _sink(place: Place, spreadsheet_safe: bool) -> Sink:
    if place.path is None:
        return StdoutSink(spreadsheet_safe)
    if not isinstance(place.format, LabelFormat):
        return TableSink(place.format, place.path, spreadsheet_safe)
    return TrackEach(place.format, place.path) if place.each else JoinedTrack(place.format, place.path)
