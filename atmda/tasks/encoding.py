"""What the tasks share: one encoder, said aloud; clips through it, the bad ones told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.core.clip import Clip
from atmda.core.types import FloatArray
from atmda.settings.base import EncoderSettings
from atmda.settings.reading import ReadingSettings
from atmda.tasks.observer import Observer

if TYPE_CHECKING:
    from atmda.core.audio import Recording
    from atmda.core.embeddings.engine import Embedded, TakeFingerprint
    from atmda.core.encoders.base import Encoder
    from atmda.datasets import Dataset

UNKNOWN_SHOWN = 5  # labels that say little to an encoder, named one by one


def open_encoder(settings: EncoderSettings, observer: Observer, made_by: Mapping[str, str] | None = None) -> Encoder:
    """The encoder that the settings ask for, loaded once and named to the observer.

    `made_by`: identity of embeddings it must agree with; with `model` auto the encoder that they name is taken.
    """
    from atmda.core.encoders import ENCODERS, load_encoder

    model = settings.model
    if model == "auto" and made_by and made_by.get("encoder") in ENCODERS:
        model = made_by["encoder"]  # by name: what an artifact says is never opened as a path
    encoder = load_encoder(
        model,
        device=settings.device,
        precision=settings.precision,
        long=settings.long,
        seed=settings.seed,
        data_dir=settings.data_dir,
    )
    spec = ENCODERS.find(encoder.name)
    about = encoder.about or (spec.about if spec else "")
    observer.notice(f"Encoder: {encoder.name}{f' ({about})' if about else ''}")
    return encoder


def made_by(encoder: Encoder, settings: ReadingSettings) -> dict[str, str]:
    """What decides embeddings of recordings: the encoder's identity, and how they are read where that is not usual."""
    return {**encoder.identity, **settings.reading.identity}


def tell_problems(data: Dataset, observer: Observer) -> None:
    """Warn of what was left out."""
    for problem in data.problems:
        observer.warning(problem)


def text_anchors(
    encoder: Encoder,
    labels: Sequence[str],
    templates: Sequence[str],
    observer: Observer,
    descriptions: Path | None = None,
) -> FloatArray:
    """One anchor a label, float32 (c, d): its sentence's embedding; of several `templates` the renormalised mean.

    With the file `descriptions`, its descriptions' instead. Raises SettingsError where that cannot be used.
    """
    from atmda.core.methods.prompts import described, ensemble

    if descriptions is not None:
        from atmda.datasets.descriptions import read_descriptions

        return described(encoder.embed_text, read_descriptions(descriptions, labels))
    anchors = ensemble(encoder.embed_text, labels, templates)
    unknown = {label: words for label in labels if (words := encoder.unknown_words(label))}
    if unknown:
        named = [f"{label!r} ({', '.join(words)})" for label, words in list(unknown.items())[:UNKNOWN_SHOWN]]
        more = f" and {len(unknown) - UNKNOWN_SHOWN} more" if len(unknown) > UNKNOWN_SHOWN else ""
        observer.warning(
            f"{len(unknown)} of {len(labels)} labels say little to {encoder.name}, "
            f"which does not know the words in brackets: {', '.join(named)}{more}."
        )
    return anchors


def embedded(
    encoder: Encoder,
    clips: Sequence[Clip],
    settings: ReadingSettings,
    observer: Observer,
    what: str,
    recordings: Sequence[Recording] | None = None,
    fingerprint: TakeFingerprint | None = None,
) -> Iterator[tuple[Clip, Embedded]]:
    """Embed clips, in order; the observer is told of those that are skipped, of notes, and how far it is.

    `recordings`: what is read in place of the clips' files, as waveforms in memory. `fingerprint`: taken of files.
    """
    from atmda.core.embeddings.engine import embed_clips

    units = embed_clips(
        encoder,
        clips if recordings is None else recordings,
        batch_size=settings.batch_size,
        num_workers=settings.num_workers,
        reading=settings.reading,
        fingerprint=fingerprint,
    )
    position = 0
    with observer.progress(what, len(clips)) as advance:
        for unit in units:
            for clip, result in zip(clips[position : position + len(unit)], unit, strict=True):
                if result.error is not None:
                    observer.warning(f"skipped {result.error}")
                for note in result.notes:
                    observer.notice(f"note: {clip.where}: {note}.")
                yield clip, result
            position += len(unit)
            advance(len(unit))
