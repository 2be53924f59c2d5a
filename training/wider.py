"""The wider generations: sounds that no recording holds, beside those that one does.

In the first, two in five are crossings, mostly of clips that classes are best heard in, one in six is music by sampled
instruments, one in twelve speech; the others are what `mixes` draws. In the second, what is crossed and changed was
best heard in all generations before, the first among them, and one in five is of the streets and yards of `outdoors`.
"""

from __future__ import annotations

from collections.abc import Callable

from breed import Elite, changed
from crossing import crossed
from mixes import SAMPLES, Recordings, place, somewhere, source, speed
from synth_music import Band
from synth_outdoors import outdoors
from synth_parts import Array, Rng, peaked
from synth_speech import spoken

Draw = Callable[[Rng], Array]


class Wider:
    """Draws the sources of the first wider generation."""

    def __init__(self, recordings: Recordings, elite: Elite) -> None:
        self.recordings, self.elite, self.band = recordings, elite, Band()

    def makers(self) -> tuple[tuple[float, Draw], ...]:
        """What makes sounds, each with the share of all that it and those before it make."""
        return (0.40, self.crossing), (0.58, self.music), (0.66, self.speech)

    def old(self, rng: Rng) -> Array:
        """A recording, or a clip of a class drawn evenly: peak about 1."""
        if rng.uniform() < 0.4:
            return self.elite.draw(rng)
        x = self.recordings.draw(rng, int(SAMPLES * 1.6))
        return place(rng, speed(rng, x) if rng.uniform() < 0.5 and len(x) > 400 else x, SAMPLES)

    def crossing(self, rng: Rng) -> Array:
        y = crossed(rng, self.old(rng), self.old(rng))
        return crossed(rng, y, self.old(rng)) if rng.uniform() < 0.15 else y

    def music(self, rng: Rng) -> Array:
        return self.band(rng, SAMPLES)

    def speech(self, rng: Rng) -> Array:
        return spoken(rng, SAMPLES)

    def __call__(self, rng: Rng) -> Array:
        """One sound of `SAMPLES` samples, peak about 1."""
        kind = rng.uniform()
        for share, make in self.makers():
            if kind < share:
                return somewhere(rng, peaked(make(rng)))
        return source(rng, self.recordings)


class Richer(Wider):
    """Draws the sources of the second wider generation."""

    def makers(self) -> tuple[tuple[float, Draw], ...]:
        return (0.26, self.bred), (0.50, self.crossing), (0.60, self.music), (0.65, self.speech), (0.85, self.outdoors)

    def bred(self, rng: Rng) -> Array:
        return changed(rng, self.elite.draw(rng))

    def outdoors(self, rng: Rng) -> Array:
        return outdoors(rng, SAMPLES)
