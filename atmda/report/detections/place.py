"""Where detections go, and in which format: what `output` and `output_format` mean together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atmda.core.files import check_writable
from atmda.errors import SettingsError
from atmda.report.formats import FORMATS, LabelFormat, TableFormat, any_format_of

STDOUT = "-"


@dataclass(frozen=True)
class Place:
    """A file, or a folder with a file a recording where `each`; `path` is None for stdout."""

    format: TableFormat | LabelFormat
    path: Path | None
    each: bool = False

    def check(self) -> None:
        """Raises SettingsError, AtmdaError where nothing could be written there; tried, not looked up."""
        if self.path is None:
            return
        if self.path.is_dir() and not self.each:
            raise SettingsError(f"`output` {self.path}: it is a directory.", "Give a file.", setting="output")
        if self.each and self.path.exists() and not self.path.is_dir():
            raise SettingsError(f"`output` {self.path}: it is a file.", "Give a directory.", setting="output")
        check_writable(self.path / "recording" if self.each else self.path, asked=self.path)


def detection_place(output: str, format_name: str | None = None) -> Place:
    """The place that `output` names: a file, - for stdout, or a directory for a file a recording.

    `format_name` is one of `FORMATS`; None leaves it to the ending of `output`. Of raven and audacity a file whose name
    ends as theirs do takes all recordings one after the other; any other name is that of a directory.

    Raises SettingsError where the two do not go together.
    """
    if output == STDOUT:
        if format_name not in (None, "csv"):
            raise SettingsError(f"`output` -: {format_name} is not written to stdout, csv is.", setting="output_format")
        return Place(FORMATS.get("csv"), None)
    if format_name is None:
        if Path(output).is_dir() or output.endswith(("/", "\\")):
            raise SettingsError(
                f"`output` {output}: it is a directory.",
                "Give a file, or `output_format` raven or audacity for a file a recording.",
                setting="output",
            )
        return Place(any_format_of(output), Path(output))
    chosen = FORMATS.find(format_name)
    if chosen is None:
        raise SettingsError(
            f"`output_format` {format_name}: it is one of {', '.join(FORMATS.names())}.", setting="output_format"
        )
    other = next((one for one in FORMATS if one is not chosen and output.lower().endswith(one.endings)), None)
    if other is not None:
        raise SettingsError(
            f"`output` {output} ends as {other.name} does, and `output_format` is {chosen.name}.",
            "Leave one of them out.",
            setting="output_format",
        )
    named = output.lower().endswith(chosen.endings)
    return Place(chosen, Path(output), each=isinstance(chosen, LabelFormat) and not named)
