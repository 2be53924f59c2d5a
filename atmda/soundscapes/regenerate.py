"""Soundscapes rendered again from their JAMS files, ours or scaper's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256
from pathlib import Path, PurePosixPath
from typing import Any

from atmda.datasets import DATASETS
from atmda.datasets.base import display_name
from atmda.errors import AtmdaError
from atmda.soundscapes.files import txt_bytes, wav_bytes, write_whole
from atmda.soundscapes.finder import Finder
from atmda.soundscapes.jams import amended
from atmda.soundscapes.jams_reading import ReadSoundscape, read_jams
from atmda.soundscapes.manifest import paths_of
from atmda.soundscapes.rendered_record import rendered_record
from atmda.soundscapes.rendering import ClipPolicy, Rendered, Renderer
from atmda.soundscapes.reverb import require_sox, reverberate
from atmda.soundscapes.runner import JOBS_A_WORKER, Advance, Counts, Job, run
from atmda.soundscapes.scenes.records import is_scene, lines_of
from atmda.soundscapes.scenes.table import publish_annotations
from atmda.soundscapes.streaming import render_to_file


@dataclass(frozen=True)
class RegenerationJob:
    """One soundscape to render again: `folder` below the output, `jams` the file it is read from."""

    name: str
    folder: str
    jams: Path
    read: ReadSoundscape


@dataclass(frozen=True)
class Regeneration:
    """How soundscapes are rendered again, and where."""

    output: Path
    clip_policy: ClipPolicy = "warn"

    def make(self, job: RegenerationJob, renderer: Renderer) -> dict[str, Any]:
        """Write WAV, txt and JAMS: a copy, but where it was edited brought to what sounds. Returns the record."""
        read = job.read
        policy: ClipPolicy = "scale" if read.fix_clipping else self.clip_policy
        wav, jams, txt = paths = paths_of(job.folder, job.name)
        rendered, checksum = self._mixed(job, renderer, policy, self.output / wav)
        record, found = rendered_record(read, rendered, paths, checksum)
        write_whole(self.output / txt, txt_bytes(_lines(read, rendered, record)))
        copy = job.jams.read_bytes()
        if found:
            copy = amended(copy, read.heard, rendered.spans, read.mix.duration, record if read.former else None)
        write_whole(self.output / jams, copy)
        return record

    @staticmethod
    def _mixed(job: RegenerationJob, renderer: Renderer, policy: ClipPolicy, wav: Path) -> tuple[Rendered, str]:
        """Write the WAV file; how it was mixed, and its SHA-256."""
        read = job.read
        if read.reverb is None:
            return render_to_file(renderer, read.mix, policy, job.name, wav)
        rendered = renderer.render(read.mix, policy, job.name)
        content = wav_bytes(reverberate(rendered.samples, read.mix.sample_rate, read.reverb), read.mix.sample_rate)
        write_whole(wav, content)
        return rendered, sha256(content).hexdigest()


def _lines(read: ReadSoundscape, rendered: Rendered, record: dict[str, Any]) -> list[tuple[float, float, str]]:
    """Onset, offset and label of each event that sounds; of the first with the digits of its `record`."""
    if is_scene(record):
        return lines_of(record)
    events = zip(read.mix.events, rendered.spans, read.labels, strict=True)
    lines = [(on, round(off, 9), label) for event, (on, off), label in events if event.role == "foreground"]
    return [(record["onset"], record["offset"], lines[0][2]), *lines[1:]] if lines else []


def jams_below(folder: Path) -> list[Path]:
    """JAMS files in `folder` and below, in order. Raises AtmdaError where there is none."""
    found = sorted(path for path in folder.rglob("*.jams") if not path.name.startswith("."))
    if not found:
        raise AtmdaError(f"There is no .jams file in {folder}.", "Give `from_jams` a set, or its jams folder.")
    return found


def fingerprint(folder: Path, files: list[Path]) -> str:
    """Changes with the list of JAMS files, not with where they lie."""
    names = "\n".join(path.relative_to(folder).as_posix() for path in files)
    return blake2b(names.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def regenerate_set(
    folder: Path,
    foregrounds: Finder,
    backgrounds: Finder,
    dataset: str,
    generation: Regeneration,
    workers: int,
    advance: Advance,
) -> Counts:
    """Render every JAMS file in `folder` again; `advance` is called with how many more are done.

    `dataset`: the foregrounds' data set, whose file names may tell the class where the JAMS does not.
    """
    files = jams_below(folder)
    places = sorted({_folder_of(path, folder) for path in files})
    for place in places:
        for below in ("", "jams", "txt"):
            (generation.output / place / below).mkdir(parents=True, exist_ok=True)

    def jobs() -> Iterator[Job]:
        for path in files:
            try:
                read = read_jams(path, foregrounds, backgrounds)
                if read.reverb is not None:
                    require_sox()
            except AtmdaError as error:
                yield Job(outcome=_named(path, error))
                continue
            read = replace(read, record=_with_class(read.record, read.former, dataset))
            background = next((e.source for e in read.mix.events if e.role == "background"), path)
            work = RegenerationJob(path.stem, _folder_of(path, folder), path, read)
            edited = next((f"{path}: {difference}" for difference in read.differences), "")
            unheard = tuple(f"{path}: {sentence}" for sentence in read.unheard)
            yield Job(work, None, str(background), read.mix.duration, edited=edited, unheard=unheard)

    counts = run(jobs(), generation, generation.output, min(workers, -(-len(files) // JOBS_A_WORKER)), advance)
    publish_annotations(generation.output)
    return counts


def _named(path: Path, error: AtmdaError) -> str:
    """Why there is no soundscape, with the name of the JAMS file that asks for it."""
    return str(error) if path.name in str(error) else f"{path}: {error}"


def _folder_of(path: Path, folder: Path) -> str:
    """Where a soundscape belongs below its set: the folder of its JAMS file, without the last "jams"."""
    parts = path.parent.relative_to(folder).parts
    return "/".join(parts[:-1] if parts and parts[-1] == "jams" else parts)


def _with_class(record: dict[str, Any], former: dict[str, Any], dataset: str) -> dict[str, Any]:
    """`record` with label and class id from the foreground's file name, where it has neither; with the class id of a
    label that was edited, where that which it had, in the record `former`, was the data set's."""
    spec = DATASETS.find(dataset)
    if is_scene(record) or spec is None or record.get("class_id") is not None or record.get("foreground") is None:
        return record
    if record.get("label") is None:
        class_id = spec.class_id(PurePosixPath(str(record.get("foreground"))).stem)
        if class_id is None or class_id >= len(spec.labels):
            return record
        return {**record, "class_id": class_id, "label": spec.labels[class_id]}
    ids = {label: k for k, label in enumerate(spec.labels)}
    before, now = (display_name(str(known.get("label"))) for known in (former, record))
    if before in ids and former.get("class_id") == ids[before]:
        return {**record, "class_id": ids.get(now)}
    return record
