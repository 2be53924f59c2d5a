"""One soundscape, from its draw to its three files. What a worker does; nothing here knows of other soundscapes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from atmda.soundscapes.files import put, txt_bytes, wav_bytes, wav_size
from atmda.soundscapes.jams import Setting, jams_bytes
from atmda.soundscapes.manifest import paths_of, record_of
from atmda.soundscapes.rendering import SAMPLE_RATE, ClipPolicy, Event, Mix, Renderer
from atmda.soundscapes.reverb import reverberate
from atmda.soundscapes.sampling import Soundscape
from atmda.soundscapes.scaper_engine import render_with_scaper

Engine = Literal["atmda", "scaper"]


def mix_of(soundscape: Soundscape, setting: Setting) -> Mix:
    """The mix that `soundscape` stands for."""
    front, back, parameters = soundscape.foreground, soundscape.background, setting.parameters
    times = (soundscape.source_time, soundscape.event_time, soundscape.event_duration)
    return Mix(
        parameters.duration,
        (
            Event("background", back.path, 0.0, 0.0, parameters.duration, 0.0, back.name),
            Event("foreground", front.path, *times, soundscape.snr, front.name),
        ),
        parameters.ref_db,
    )


@dataclass(frozen=True)
class Generation:
    """How a set's soundscapes are made, and where: what a worker is told once."""

    output: Path
    setting: Setting
    clip_policy: ClipPolicy = "warn"
    engine: Engine = "atmda"

    def make(self, job: Soundscape, renderer: Renderer) -> dict[str, Any]:
        """Write WAV, txt and, last, JAMS: where the JAMS is, the others are. Returns the manifest's record.

        Raises AudioError for a source that cannot be used, AtmdaError where clipping is refused.
        """
        setting, mix = self.setting, mix_of(job, self.setting)
        if self.engine == "scaper":
            rendered = render_with_scaper(job, setting, mix, self.clip_policy)
        else:
            rendered = renderer.render(mix, self.clip_policy, job.name)
            if setting.reverb is not None:
                rendered.samples = reverberate(rendered.samples, SAMPLE_RATE, setting.reverb)
        record = record_of(job, setting, rendered)
        wav, jams, txt = (self.output / path for path in paths_of(job.folder, job.name))
        put(wav, wav_bytes(rendered.samples, SAMPLE_RATE))
        put(txt, txt_bytes([(record["onset"], record["offset"], record["label"])]))
        put(jams, jams_bytes(job, setting, rendered.scale, record))
        return record


def finished_record(soundscape: Soundscape, generation: Generation) -> dict[str, Any] | None:
    """The record of `soundscape` where an earlier run wrote its three files whole, else None."""
    wav, jams, txt = (generation.output / path for path in paths_of(soundscape.folder, soundscape.name))
    frames = int(generation.setting.parameters.duration * SAMPLE_RATE)
    try:
        if wav.stat().st_size != wav_size(frames) or txt.stat().st_size == 0:
            return None
        record = json.loads(jams.read_bytes())["sandbox"]["atmda"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    drawn = (soundscape.snr, soundscape.event_time, soundscape.foreground.name, soundscape.background.name)
    same = isinstance(record, dict) and drawn == tuple(
        record.get(key) for key in ("snr", "onset", "foreground", "background")
    )
    return record if same else None
