"""`atmda embed`: a data set or a folder becomes a store of embeddings."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.encoding import embed_with_progress, open_encoder
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.errors import SettingsError, StoreError
from atmda.settings.embed import EmbedSettings

if TYPE_CHECKING:
    from atmda.core.clip import Clip
    from atmda.core.embeddings.store import EmbeddingStore
    from atmda.datasets import Dataset

SHARD_CLIPS = 256  # what a killed run loses at most

EXAMPLES = """
atmda embed --dataset urbansound8k
atmda embed --dataset urbansound8k --path urbansound8k-20240705184401 --num-workers 2
atmda embed --audio-folder recordings -r --output embeddings/site-a      (again: resumes)
atmda embed --audio-folder recordings --output all --shard 2/8           (one of eight jobs)
"""


def run(settings: EmbedSettings, console: Console) -> int:
    """Embed what the settings name; the path is printed."""
    clips = _dataset(settings, console)
    output = settings.output or _default_output(settings)
    if settings.format != "parquet":
        return _run_archive(settings, console, clips, output)
    skipped, count = _fill(settings, console, clips, output)
    return _report(console, settings, output, count, skipped)


def _run_archive(settings: EmbedSettings, console: Console, data: Dataset, output: Path) -> int:
    """A single file is made of a store beside it, so that it resumes as a store does."""
    from atmda.core.embeddings.formats import write_npz, write_original

    if settings.shard:
        raise SettingsError(f"--shard works with --format parquet, not {settings.format}.")
    output = output if output.suffix == f".{settings.format}" else output.with_name(f"{output.name}.{settings.format}")
    if output.exists() and not settings.force:
        raise StoreError(f"{output}: it exists already.", "Choose another --output, or --force to make it again.")
    folder = output.with_name(f"{output.name}.partial")
    skipped, count = _fill(settings, console, data, folder)
    from atmda.core.embeddings.store import read_store

    write = write_npz if settings.format == "npz" else write_original
    write(read_store(folder), output)
    shutil.rmtree(folder)
    return _report(console, settings, output, count, skipped)


def _fill(settings: EmbedSettings, console: Console, data: Dataset, folder: Path) -> tuple[dict[str, str], int]:
    """Embed what the store in `folder` lacks; the clips skipped, with reasons, and how many have embeddings."""
    from atmda.core.embeddings.store import EmbeddingStore, Manifest

    encoder = open_encoder(settings, console)
    part = "part" if settings.shard is None else "part-{}-of-{}".format(*settings.shard)
    manifest = Manifest(encoder.identity, encoder.dim, data.name, data.labels)
    store = EmbeddingStore.open(folder, manifest, part=part, force=settings.force)
    clips = list(data.clips if settings.shard is None else data.clips[settings.shard[0] - 1 :: settings.shard[1]])
    embedded, skipped = store.done()
    left = [clip for clip in clips if clip.name not in embedded and clip.name not in skipped]
    if left and (embedded or skipped):
        console.notice(f"Resuming {folder}: {len(clips) - len(left)} of {len(clips)} clips are done.")
    if not left:  # all were tried: those that were skipped may have been mended since
        left = [clip for clip in clips if clip.name in skipped]
    shard = _Shard(store)
    try:
        for unit in embed_with_progress(encoder, left, settings, console, "Embedding"):
            for clip, result in unit:
                shard.add(clip, result.embedding, result.error.reason if result.error else "")
            if shard.clips >= SHARD_CLIPS:
                shard.publish()
    finally:
        shard.publish()  # also when interrupted: whole units are kept
    embedded, skipped = store.done()
    names = {clip.name for clip in clips}
    return {clip: reason for clip, reason in skipped.items() if clip in names}, len(embedded & names)


class _Shard:
    """The shard being filled."""

    def __init__(self, store: EmbeddingStore) -> None:
        from atmda.core.embeddings.store import Row

        self._store, self._row = store, Row
        self._rows: list[Row] = []
        self._skipped: dict[str, str] = {}

    @property
    def clips(self) -> int:
        return len(self._rows) + len(self._skipped)

    def add(self, clip: Clip, embedding: object, reason: str) -> None:
        if embedding is None:
            self._skipped[clip.name] = reason
        else:
            known = (clip.label, clip.fold, clip.background, clip.onset, clip.offset)
            self._rows.append(self._row(clip.name, embedding, *known))  # type: ignore[arg-type]

    def publish(self) -> None:
        if self.clips:
            self._store.append(self._rows, self._skipped)
            self._rows, self._skipped = [], {}


def _dataset(settings: EmbedSettings, console: Console) -> Dataset:
    from atmda.datasets import load_dataset, load_folder

    if (settings.dataset is None) == (settings.audio_folder is None):
        raise SettingsError("Give --dataset NAME or --audio-folder DIR, one of them.")
    if settings.dataset is not None:
        data = load_dataset(settings.dataset, settings.data_dir, settings.path)
    elif settings.path is not None:
        raise SettingsError("--path goes with --dataset; use --audio-folder for any folder.")
    else:
        data = load_folder(str(settings.audio_folder), settings.recursive)
    for problem in data.problems:
        console.warning(problem)
    return data


def _default_output(settings: EmbedSettings) -> Path:
    source = settings.path or settings.dataset or str(settings.audio_folder)
    name = Path(source).name if Path(source).name not in ("", "..") else "folder"
    plain = "".join(character if character.isalnum() or character in "-_." else "_" for character in name)
    return settings.data_dir / "embeddings" / f"{plain}_{datetime.now():%Y%m%dT%H%M%S}"


def _report(console: Console, settings: EmbedSettings, output: Path, count: int, skipped: dict[str, str]) -> int:
    console.document({"output": str(output), "format": settings.format, "clips": count, "skipped": skipped})
    console.text(str(output))
    console.notice(f"{count} clips embedded{f', {len(skipped)} skipped' if skipped else ''}.")
    return SOME_SKIPPED if skipped else DONE


command = build_command("embed", EmbedSettings, run, EXAMPLES)
