"""Music by sampled instruments: a soundfont played at random, from a busker alone to a band with drums.

The soundfont is FluidR3 GM (MIT, Frank Wen; Debian's package `fluid-soundfont-gm`): 128 instruments and their drum
kits, each of many recordings. Every clip is drawn anew; no piece of music is used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from synth_parts import RATE, Array, Rng, log_uniform

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9))
#: General MIDI's programs: those that play tunes, chords and basses; all that are left are synthesizers and effects
TUNES = (*range(32), *range(40, 46), *range(52, 80), *range(104, 112))
CHORDS = (*range(8), *range(16, 32), *range(48, 55), *range(88, 96))
BASSES = tuple(range(32, 40))
DRUMS, KITS = 9, (0, 8, 16, 24, 25, 32, 40)
#: drums of a kit by what they do in a bar
KICK, SNARES, HATS, TOMS = (35, 36), (37, 38, 39, 40), (42, 44, 46, 51), (41, 43, 45, 47, 48, 50, 54, 56, 60, 62, 70)

#: time in seconds, channel, note, velocity, length in seconds
Note = tuple[float, int, int, int, float]


class Band:
    """Plays the soundfont; loaded when the first note is asked for."""

    def __init__(self, soundfont: Path = SOUNDFONT) -> None:
        self.soundfont = soundfont
        self._synth = None

    def __call__(self, rng: Rng, n: int) -> Array:
        """Music of one to five parts, or one instrument alone: float32 (n,), any level."""
        programs, notes = piece(rng, n / RATE)
        return self.play(programs, notes, n)

    def play(self, programs: dict[int, int], notes: list[Note], n: int) -> Array:
        """`n` samples of `notes`, each channel with its program."""
        if self._synth is None:
            import tinysoundfont

            self._synth = tinysoundfont.Synth(samplerate=RATE)
            self._font = self._synth.sfload(str(self.soundfont))
        synth = self._synth
        for channel, program in programs.items():
            if channel == DRUMS:
                synth.program_change(channel, program, True)
            else:
                synth.program_select(channel, self._font, 0, program)
        events = [(int(t * RATE), 1, c, note, v) for t, c, note, v, _ in notes]
        events += [(int((t + length) * RATE), 0, c, note, 0) for t, c, note, _, length in notes]
        parts, at = [], 0
        for when, on, channel, note, velocity in sorted(events):
            if when >= n:
                break
            if when > at:
                parts.append(bytes(synth.generate(when - at)))
                at = when
            (synth.noteon(channel, note, velocity) if on else synth.noteoff(channel, note))
        parts.append(bytes(synth.generate(n - at)))
        for channel in programs:
            synth.sounds_off(channel)
        synth.generate(RATE // 4)  # what still sounds must not be heard in the next clip
        return np.frombuffer(b"".join(parts), np.float32).reshape(-1, 2).mean(1)


def piece(rng: Rng, seconds: float) -> tuple[dict[int, int], list[Note]]:
    """Programs by channel and notes of a random stretch of music."""
    beat, scale = 60 / log_uniform(rng, 60, 180), SCALES[rng.integers(len(SCALES))]
    root = int(rng.integers(40, 52))
    start = -rng.uniform(0, 4 * beat)
    programs: dict[int, int] = {}
    notes: list[Note] = []
    if rng.uniform() < 0.35:  # one instrument alone: any there is
        programs[0] = int(rng.choice(TUNES)) if rng.uniform() < 0.8 else int(rng.integers(128))
        make = chords if rng.uniform() < 0.35 else tune
        return programs, sounding(make(rng, 0, beat, scale, root + 12 * int(rng.integers(0, 3)), start, seconds))
    parts = rng.uniform(size=4) < (0.75, 0.65, 0.5, 0.6)
    if parts[0] or not parts.any():
        programs[0] = int(rng.choice(TUNES))
        notes += tune(rng, 0, beat, scale, root + 12 * int(rng.integers(1, 3)), start, seconds)
    if parts[1]:
        programs[1] = int(rng.choice(CHORDS))
        notes += chords(rng, 1, beat, scale, root + 12, start, seconds)
    if parts[2]:
        programs[2] = int(rng.choice(BASSES))
        notes += tune(rng, 2, beat, scale, root - 12, start, seconds, steps=(0.5, 1, 1, 2))
    if parts[3]:
        programs[DRUMS] = int(rng.choice(KITS))
        notes += drums(rng, beat, start, seconds)
    return programs, sounding(notes)


def sounding(notes: list[Note]) -> list[Note]:
    """Those that begin within the clip: what began before it is cut to begin with it."""
    return [(max(t, 0.0), c, k, v, min(t, 0.0) + length) for t, c, k, v, length in notes if t + length > 0.02]


def pitch(scale: tuple[int, ...], degree: int) -> int:
    return scale[degree % len(scale)] + 12 * (degree // len(scale))


def tune(
    rng: Rng, channel: int, beat: float, scale: tuple[int, ...], root: int, start: float, end: float,
    steps: tuple[float, ...] = (0.25, 0.5, 0.5, 1, 1, 2),
) -> list[Note]:  # fmt: skip
    """One note after another, in small steps of the scale."""
    notes, t, degree, loud = [], start, int(rng.integers(0, 8)), rng.uniform(50, 115)
    held = rng.uniform(0.5, 1.1)
    while t < end:
        length = beat * rng.choice(steps)
        if rng.uniform() < 0.9:
            velocity = int(np.clip(loud + rng.normal(0, 12), 20, 127))
            notes.append((t, channel, int(np.clip(root + pitch(scale, degree), 21, 108)), velocity, length * held))
        degree = int(np.clip(degree + rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4]), -3, 14))
        t += length
    return notes


def chords(
    rng: Rng, channel: int, beat: float, scale: tuple[int, ...], root: int, start: float, end: float
) -> list[Note]:
    """Chords of the scale: struck together, strummed, or one note after another."""
    notes, t, loud = [], start, rng.uniform(40, 110)
    each, bar = beat * rng.choice([0.5, 1, 1, 2, 4]), 0
    spread = rng.choice([0.0, 0.0, rng.uniform(0.01, 0.05), each / 3])
    degree = int(rng.choice([0, 3, 4, 5]))
    while t < end:
        for k in range(int(rng.choice([2, 3, 3, 4]))):
            velocity = int(np.clip(loud + rng.normal(0, 8), 20, 127))
            note = int(np.clip(root + pitch(scale, degree + 2 * k), 21, 108))
            notes.append((t + k * spread, channel, note, velocity, each * rng.uniform(0.6, 1.05)))
        t += each
        bar += 1
        if bar % 4 == 0:
            degree = int(rng.choice([0, 3, 4, 5, 1]))
    return notes


def drums(rng: Rng, beat: float, start: float, end: float) -> list[Note]:
    """A bar of a kit, again and again, with small changes; or hands on drums, shakers and bells."""
    kick, snare, hat = (int(rng.choice(kind)) for kind in (KICK, SNARES, HATS))
    if rng.uniform() < 0.25:
        kick, snare, hat = (int(x) for x in rng.choice(TOMS, 3))
    bar = [(k / 2, hat) for k in range(8) if rng.uniform() < 0.85]
    bar += [(k / 2, kick) for k in range(8) if k in (0, 4) or rng.uniform() < 0.2]
    bar += [(k / 2, snare) for k in range(8) if k in (2, 6) or rng.uniform() < 0.1]
    notes, t, loud = [], start, rng.uniform(50, 120)
    while t < end:
        for at, drum in bar:
            if rng.uniform() < 0.93:
                velocity = int(np.clip(loud + rng.normal(0, 15), 15, 127))
                notes.append((t + at * beat, DRUMS, drum, velocity, 0.2))
        t += 4 * beat
    return notes
