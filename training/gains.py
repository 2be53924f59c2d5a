"""What adaptation gains in noise, with intervals that count source recordings rather than clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from goals import Noisy

KINDS = ("parks", "other scenes")
#: scorings as published, as recommended, and with examples that were not recorded in the place
PUBLISHED, RECOMMENDED = ("zs", "tgap", "sv"), ("tgap-unit", "sv-unit")
CLEAN = ("tgap, clean examples", "sv, clean examples", "tgap-unit, clean examples", "sv-unit, clean examples")
HOWS = ("audio", "text", "subtracted")


def bounds(gain: np.ndarray, sources: np.ndarray) -> tuple[float, float, float]:
    """Mean of paired differences (s, n) of n clips, in points, with its 95 % interval.

    Clips of one source recording, and one clip in several scenes, are taken to be no more than one observation.
    """
    by_clip = gain.mean(axis=0)
    mean, units = by_clip.mean(), np.unique(sources, return_inverse=True)[1]
    apart = np.bincount(units, by_clip - mean)
    n = len(apart)
    half = 1.96 * np.sqrt((apart**2).sum() * n / (n - 1)) / len(by_clip)
    return 100 * mean, 100 * (mean - half), 100 * (mean + half)


def told(found: tuple[float, float, float]) -> str:
    mean, low, high = found
    text = f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
    return f"**{text}**" if low > 0 else f"*{text}*" if high < 0 else text


def together(noisy: Sequence[Noisy], kind: str, snrs: Sequence[int], scoring: str, how: str) -> np.ndarray:
    """Which clips are right, (scenes of all SNRs, n), as a mean over encoders."""
    return np.concatenate([np.mean([one[kind, snr, scoring, how] for one in noisy], axis=0) for snr in snrs])


def gains_table(noisy: Sequence[Noisy], sources: np.ndarray, scorings: Sequence[str]) -> list[str]:
    """A row for each kind of place, SNR and scoring, and one for all SNRs together."""
    lines = [
        "| background | SNR | scoring | plain | by audio | gain by audio | gain by text | gain subtracted |",
        "|---|---|---|---|---|---|---|---|",
    ]
    every = sorted({snr for _, snr, _, _ in noisy[0]}, reverse=True)
    for kind in KINDS:
        for name, snrs in [*((f"{snr} dB", [snr]) for snr in every), ("all", every)]:
            for scoring in scorings:
                plain = together(noisy, kind, snrs, scoring, "plain")
                after = {
                    how: together(noisy, kind, snrs, scoring, how)
                    for how in HOWS
                    if (kind, every[0], scoring, how) in noisy[0]
                }
                cells = [told(bounds(after[how] - plain, sources)) if how in after else "" for how in HOWS]
                heard = f"{plain.mean():.3f} | {after['audio'].mean():.3f}"
                lines.append(f"| {kind} | {name} | {scoring} | {heard} | " + " | ".join(cells) + " |")
    return lines


def verdicts(noisy: Sequence[Noisy], sources: np.ndarray) -> list[str]:
    """Whether adaptation does what is wanted of it, a line each."""
    every = sorted({snr for _, snr, _, _ in noisy[0]}, reverse=True)

    def gain(kind: str, snrs: Sequence[int], scoring: str, how: str = "audio") -> tuple[float, float, float]:
        plain = together(noisy, kind, snrs, scoring, "plain")
        return bounds(together(noisy, kind, snrs, scoring, how) - plain, sources)

    zs = {snr: gain("other scenes", [snr], "zs") for snr in every}
    tgap = {
        (snr, scoring, how): gain("parks", [snr], scoring, how)
        for _, snr, scoring, how in noisy[0]
        if scoring.startswith("tgap-unit") and how in ("audio", "subtracted")
    }
    best = max(tgap, key=lambda key: tgap[key][1])
    advised = ["zs", *(scoring for scoring in CLEAN if "-unit" in scoring)]
    losses = [
        f"{kind} {snr} dB {scoring} {told(found)}"
        for kind in KINDS
        for snr in every
        for scoring in advised
        if (found := gain(kind, [snr], scoring))[2] < 0
    ]
    text, audio = (gain("other scenes", every, "zs", how) for how in ("text", "audio"))
    return [
        f"- zs by audio in other scenes, sure at all SNRs: {'yes' if all(z[1] > 0 for z in zs.values()) else 'no'}.",
        f"- tgap by audio in parks, surest: {best[1]}, {best[2]}, {best[0]} dB: {told(tgap[best])}.",
        f"- Sure losses by audio with zs and with unit prototypes of clean examples: {'; '.join(losses) or 'none'}.",
        f"- zs by text in other scenes, all SNRs: {told(text)}, {text[0] / audio[0]:.2f} of audio's {told(audio)}.",
    ]
