"""The wider generation: sounds that no recording holds, beside those that one does.

Two in five are crossings, mostly of clips that classes are best heard in, one in six is music by sampled instruments,
one in twelve speech; the others are what `mixes` draws.
"""

from __future__ import annotations

from collections.abc import Callable

from breed import Elite
from crossing import crossed
from mixes import SAMPLES, Recordings, place, somewhere, source, speed
from synth_music import Band
from synth_parts import Array, Rng, peaked
from synth_speech import spoken


class Wider:
    """Draws the sources of the wider generation."""

    def __init__(self, recordings: Recordings, elite: Elite) -> None:
        self.recordings, self.elite, self.band = recordings, elite, Band()

    def old(self, rng: Rng) -> Array:
        """A recording, or a clip of a class drawn evenly: peak about 1."""
        if rng.uniform() < 0.4:
            return self.elite.draw(rng)
        x = self.recordings.draw(rng, int(SAMPLES * 1.6))
        return place(rng, speed(rng, x) if rng.uniform() < 0.5 and len(x) > 400 else x, SAMPLES)

    def crossing(self, rng: Rng) -> Array:
        y = crossed(rng, self.old(rng), self.old(rng))
        return crossed(rng, y, self.old(rng)) if rng.uniform() < 0.15 else y

    def __call__(self, rng: Rng) -> Array:
        """One sound of `SAMPLES` samples, peak about 1."""
        kind = rng.uniform()
        makers: tuple[tuple[float, Callable[[Rng], Array]], ...] = (
            (0.40, self.crossing),
            (0.58, lambda r: self.band(r, SAMPLES)),
            (0.66, lambda r: spoken(r, SAMPLES)),
        )
        for share, make in makers:
            if kind < share:
                y = make(rng)
                return somewhere(rng, peaked(y))
        return source(rng, self.recordings)
