"""scaper itself as the renderer, where it is installed: a cross-check of ours."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from atmda.errors import AtmdaError, AudioError
from atmda.soundscapes.event_audio import read_event
from atmda.soundscapes.jams import SetInfo, jams_bytes
from atmda.soundscapes.levels import OFFSET, level_notes
from atmda.soundscapes.loudness import integrated_loudness
from atmda.soundscapes.mix import Mix, shown_name
from atmda.soundscapes.rendering import ClipPolicy, Rendered
from atmda.soundscapes.sampling import Soundscape


def require_scaper() -> None:
    """Raises AtmdaError where scaper is not installed."""
    if find_spec("scaper") is None:
        raise AtmdaError(
            "`engine` scaper needs scaper, which is not installed.", 'Install it: pip install "atmda[scaper]"'
        )


def render_with_scaper(soundscape: Soundscape, info: SetInfo, mix: Mix, clip_policy: ClipPolicy) -> Rendered:
    """The same draw, mixed by scaper itself.

    Raises AtmdaError where scaper is missing or fails, AudioError for a source that we do not mix either, or only after
    an offset is removed, which scaper leaves.
    """
    require_scaper()
    loudness, notes = _measured(mix)
    import warnings

    import scaper

    front, back = (
        str(r.path.absolute().parents[r.name.count("/")]) for r in (soundscape.foreground, soundscape.background)
    )
    absolute = replace(info, fg_path=front, bg_path=back)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jams = Path(scratch) / "soundscape.jams"
        jams.write_bytes(jams_bytes(soundscape, absolute))
        try:
            audio, jam, _, _ = scaper.generate_from_jams(str(jams))
        except Exception as error:  # scaper raises what its many libraries raise
            raise AtmdaError(f"{soundscape.name}: scaper failed ({type(error).__name__}: {error}).") from error
    sandbox: Any = jam.annotations[0].sandbox.scaper
    scale = float(sandbox.peak_normalization_scale_factor)
    samples = np.asarray(audio, np.float32).reshape(-1)
    peak = float(np.abs(samples).max(initial=0.0)) if scale == 1.0 else 1.0 / scale - 1e-10
    if peak > 1.0 and clip_policy == "error":
        raise AtmdaError(f"{soundscape.name}: the sum clips, its peak is {peak:.3f}.", "Lower `ref_db` or the SNR.")
    if peak > 1.0:
        notes.append(f"clipped: the peak was {peak:.4g}" if scale == 1.0 else f"scaled by {scale:.6g}")
    return Rendered(samples, loudness, peak, scale, notes)


def _measured(mix: Mix) -> tuple[list[float], list[str]]:
    """Loudness of each event, LUFS, and what is odd about their levels. Raises AudioError."""
    levels: list[float] = []
    odd: list[str] = []
    for event in mix.events:
        found: list[str] = []
        samples = read_event(event, mix.sample_rate, event.role == "background", found)
        if any(OFFSET in note for note in found):
            raise AudioError(shown_name(event), f"{OFFSET} dominates it; `engine` atmda removes it")
        levels.append(integrated_loudness(samples, mix.sample_rate))
        odd += level_notes(event.role, shown_name(event), samples, levels[-1], found)
    return levels, odd
