"""Where the detections of a run go: written as they come, published at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
            with self._naming_the_output():
                self._sink.recording(Source(name, path, seconds, sample_rate))

    def add(self, detection: Detection) -> None:
        """A detection in the recording that was told last. Raises AtmdaError where the output cannot be written."""
        self.count += 1
        if self._sink is not None:
            with self._naming_the_output():
                self._sink.add(detection)

    def __enter__(self) -> DetectionFile:
        if self._sink is not None:
            with self._naming_the_output():
                self._sink.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sink is None:
            return
        try:
            if kind is None:
                with self._naming_the_output(finished=True):
                    self._sink.finish()
        finally:
            self._sink.abandon()

    @contextmanager
    def _naming_the_output(self, finished: bool = False) -> Iterator[None]:
        """Whatever the system refuses, the error names the output; one refused at the very end is kept elsewhere."""
        try:
            yield
        except OSError as error:
            if self._place is None or self._place.path is None:
                raise  # of stdout the command line itself speaks
            raise unwritable(self._place.path, error, self._rescued() if finished else OR_MAKE_ROOM) from error

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
