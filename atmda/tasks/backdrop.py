"""Each recording's windows against their background: known beforehand, or taken from the recording or its site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atmda.core.detection.background import self_profile
from atmda.core.detection.confidence import multi_label, reference_rows
from atmda.core.detection.self_background import SelfBackground
from atmda.core.methods.adaptation import adapt, probabilities
from atmda.core.types import FloatArray
from atmda.errors import AtmdaError
from atmda.settings.infer import InferSettings
from atmda.tasks.classes import Classes
from atmda.tasks.scored import ScoredRecording
from atmda.tasks.when import When


@dataclass(frozen=True)
class Backdrop:
    """The windows of one recording, adapted.

    Attributes:
        scores: adapted, float32 (n, c). confidences, unadapted_confidences: float32 (n, c).
        profile: float32 (c,), or (n, c) of a background that changes; None without adaptation.
    """

    scores: FloatArray
    confidences: FloatArray
    unadapted_confidences: FloatArray
    profile: FloatArray | None

    def profile_of(self, place: int) -> FloatArray | None:
        """That of one window, float32 (c,)."""
        return self.profile if self.profile is None or self.profile.ndim == 1 else np.asarray(self.profile[place])


def backdrop(
    recordings: Iterable[ScoredRecording],
    settings: InferSettings,
    classes: Classes,
    known: FloatArray | None,
    when: When,
) -> Iterator[tuple[ScoredRecording, Backdrop]]:
    """The recordings with their windows adapted; those of a site come together where they share a background.

    `known`: scores (m, c) of what describes a background that is known beforehand, None where none is.
    """
    own = settings.self_background
    profile = None if known is None else np.asarray(known.mean(axis=0))
    if own is None:
        for recording in recordings:
            yield recording, _adapted(recording, settings, classes, profile, known)
        return
    for group in _by_site(recordings, when) if own.site else ([recording] for recording in recordings):
        shares = _of_itself(group, own, when)
        for recording, share in zip(group, shares, strict=True):
            yield recording, _adapted(recording, settings, classes, share, None)


def _adapted(
    recording: ScoredRecording,
    settings: InferSettings,
    classes: Classes,
    profile: FloatArray | None,
    known: FloatArray | None,
) -> Backdrop:
    S, T = recording.scores, settings.amount
    adapted = S if profile is None else adapt(S, profile, T)
    if not settings.multi_label:
        scale = classes.logit_scale
        before = probabilities(S, scale)
        return Backdrop(adapted, before if profile is None else probabilities(adapted, scale), before, profile)
    # sentences are no sounds, and tell nothing of how a background scatters
    sounds = known if settings.modality == "audio" else None
    heard = sounds if sounds is None or profile is None else adapt(sounds, profile, T)
    before = _by_themselves(recording, S, sounds, classes)
    after = before if profile is None else _by_themselves(recording, adapted, heard, classes)
    return Backdrop(adapted, after, before, profile)


def _by_themselves(
    recording: ScoredRecording, scores: FloatArray, background: FloatArray | None, classes: Classes
) -> FloatArray:
    reference = reference_rows(scores, recording.silent, background)
    if not len(reference):
        return np.zeros_like(scores)
    return multi_label(scores, reference, classes.logit_scale)


def _of_itself(group: list[ScoredRecording], own: SelfBackground, when: When) -> list[FloatArray]:
    """The profile of each recording of a group that shares its background."""
    profile = self_profile(
        np.concatenate([recording.scores for recording in group]),
        np.concatenate([recording.levels for recording in group]),
        np.concatenate([recording.silent for recording in group]),
        method=own.method,
        rolling=own.rolling,
        centres=None if own.rolling is None else _centres(group, own.site, when),
    )
    if own.rolling is None:
        return [profile] * len(group)
    return np.split(profile, np.cumsum([len(recording.starts) for recording in group])[:-1])


def _centres(group: list[ScoredRecording], site: bool, when: When) -> npt.NDArray[np.float64]:
    """The middle of each window in seconds; of a site by the clock. Raises AtmdaError where that is not known."""
    middles = []
    for recording in group:
        began = when.seconds(recording.name) if site else 0.0
        if began is None:
            raise AtmdaError(
                f"`bg` site with rolling: nobody tells when {recording.name} began.",
                "Use `bg` self:rolling=..., or recordings with their start in their names.",
                setting="bg",
            )
        middles.append(began + (recording.starts + recording.ends) / 2)
    return np.concatenate(middles)


def _by_site(recordings: Iterable[ScoredRecording], when: When) -> Iterator[list[ScoredRecording]]:
    """Recordings of one site together, sites in the order in which they are met."""
    sites: dict[str, list[ScoredRecording]] = {}
    for recording in recordings:
        site = when.site(recording.name)
        if site not in sites and sites and not when.interleaved:
            yield from sites.values()  # sites follow each other, so that one at a time is in memory
            sites = {}
        sites.setdefault(site, []).append(recording)
    yield from sites.values()
