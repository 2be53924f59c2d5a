"""What `infer`, `embed` and `classify` share: one encoder, said aloud; clips through it, the bad ones told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from atmda.cli.console import Console
from atmda.settings.base import EncoderSettings

if TYPE_CHECKING:
    from atmda.core.clip import Clip
    from atmda.core.embeddings.engine import Embedded
    from atmda.core.encoders.base import Encoder


def open_encoder(settings: EncoderSettings, console: Console) -> Encoder:
    """The encoder that the settings ask for, loaded once; its name goes to stderr."""
    from atmda.core.encoders import ENCODERS, load_encoder

    encoder = load_encoder(
        settings.model,
        device=settings.device,
        precision=settings.precision,
        long=settings.long,
        seed=settings.seed,
        data_dir=settings.data_dir,
    )
    if "text" in getattr(settings, "modality", ()) and encoder.text_background:
        console.notice(f"note: with {encoder.name} {encoder.text_background}.")
    about = encoder.about or ENCODERS.get(encoder.name, ("", ""))[1]
    console.notice(f"Encoder: {encoder.name}{f' ({about})' if about else ''}")
    return encoder


def embed_with_progress(
    encoder: Encoder, clips: Sequence[Clip], settings: EncoderSettings, console: Console, what: str
) -> Iterator[list[tuple[Clip, Embedded]]]:
    """Embed clips unit by unit, in order; skipped clips and notes are told on stderr as they come."""
    from atmda.core.embeddings.engine import embed_clips

    paths = [clip.path for clip in clips]
    units = embed_clips(encoder, paths, batch_size=settings.batch_size, num_workers=settings.num_workers)
    position = 0
    with console.progress(what, len(clips)) as advance:
        for unit in units:
            pairs = list(zip(clips[position : position + len(unit)], unit, strict=True))
            position += len(unit)
            for clip, result in pairs:
                if result.error is not None:
                    console.warning(f"skipped {result.error}")
                for note in result.notes:
                    console.notice(f"note: {clip.path}: {note}.")
            advance(len(unit))
            yield pairs


def warn_of_unknown_labels(encoder: Encoder, labels: Sequence[str], console: Console) -> None:
    """Name the labels of which the encoder knows no word, or some words not."""
    for label in labels:
        unknown = encoder.unknown_words(label)
        if unknown:
            words = ", ".join(unknown)
            console.warning(f"the label {label!r} says little to {encoder.name}, which does not know: {words}.")
