"""What `augment` made, told as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmda.errors import AtmdaError
from atmda.soundscapes.manifest import MANIFEST, read_manifest
from atmda.soundscapes.runner import Advance, Counts
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    import pandas

SKIPPED_SHOWN = 20  # skipped soundscapes that are told one by one


@dataclass(frozen=True)
class AugmentResult:
    """A set of soundscapes on the disk.

    Attributes:
        output: its folder. manifest: the file in it with one JSON object a soundscape.
        made: how many were rendered now. kept: how many an earlier run had made whole.
        changed: how many of those made now an earlier run had made of recordings that have changed since.
        noted: how many carry a note in the manifest.
        skipped: a sentence for each that cannot be made.
        scenes: how many soundscapes each scene got.
        edited: how many were rendered from JAMS whose annotation and record differ.
    """

    output: Path
    manifest: Path
    made: int
    kept: int
    noted: int
    skipped: list[str]
    scenes: dict[str, int]
    changed: int = 0
    edited: int = 0

    @property
    def soundscapes(self) -> int:
        """How many there are, made and kept."""
        return self.made + self.kept

    def records(self) -> list[dict[str, Any]]:
        """The manifest's objects, in order. Raises StoreError where the file was damaged."""
        return read_manifest(self.output)

    def to_pandas(self) -> pandas.DataFrame:
        """One row a soundscape; needs pandas."""
        import pandas

        return pandas.DataFrame(self.records())


class NoSoundscapeError(AtmdaError):
    """Not one soundscape could be made; `result` has the reason of each."""

    def __init__(self, result: AugmentResult) -> None:
        super().__init__(f"Not one soundscape could be made: {result.skipped[0]}")
        self.result = result


def made_in(output: Path, total: int, observer: Observer, work: Callable[[Advance], Counts]) -> AugmentResult:
    """What `work` made in `output`, told as it goes. Raises NoSoundscapeError where that is nothing."""
    try:
        with observer.progress("Mixing", total) as advance:
            counts = work(advance)
    except AtmdaError:
        observer.notice(f"To go on, run the same command with `output` {output}")
        raise
    for sentence in counts.skipped[:SKIPPED_SHOWN]:
        observer.warning(f"skipped {sentence}")
    if len(counts.skipped) > SKIPPED_SHOWN:
        observer.warning(f"... and {len(counts.skipped) - SKIPPED_SHOWN} more skipped.")
    for sentence in counts.unheard[:SKIPPED_SHOWN]:
        observer.warning(sentence)
    if len(counts.unheard) > SKIPPED_SHOWN:
        observer.warning(f"... and {len(counts.unheard) - SKIPPED_SHOWN} more events that do not sound.")
    if counts.edited:
        which = f"{len(counts.edited)} JAMS files contradict" if len(counts.edited) > 1 else "1 JAMS file contradicts"
        told = f"what the annotation says was rendered and listed; see the notes in {MANIFEST}"
        observer.warning(f"{which} its own record, {counts.edited[0]}; {told}.")
    scenes = dict(sorted(counts.scenes.items()))
    numbers = counts.made, counts.kept, counts.noted
    result = AugmentResult(
        output, output / MANIFEST, *numbers, counts.skipped, scenes, counts.changed, len(counts.edited)
    )
    if not result.soundscapes:
        raise NoSoundscapeError(result)
    return result
