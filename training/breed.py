"""Later generations of training clips: those the teacher was surest about, changed and mixed again.

Drawn blindly, most classes hardly ever sound: of 48,000 patches half a dozen were a sneeze. So each generation
takes, for every class, the clips of all generations before that sounded most like it to the teacher, and changes them
by speed, filters, rooms and company. The teacher labels what comes out; over the generations rare classes grow common.
"""

from __future__ import annotations

import numpy as np
from mixes import SAMPLES, Recordings, equalise, room, source, speed
from synth_parts import Array, Rng, log_uniform, noise, peaked

#: clips kept for each class
ELITE = 14
#: classes of musical genre and mood, drawn less often than their number would have it
GENRES = range(211, 276)


class Elite:
    """The clips each class is best heard in.

    Attributes:
        waves: float16 (clips, SAMPLES), peak 1.
        members: for each class, the rows of `waves`, best first.
    """

    def __init__(self, waves: Array, members: Array, strengths: Array) -> None:
        self.waves, self.members, self.strengths = waves, members, strengths
        likely = np.clip(strengths[:, :4].mean(1), 0.03, 0.6) ** 0.5
        likely[GENRES.start : GENRES.stop] *= 0.3
        self.likely = likely / likely.sum()

    def draw(self, rng: Rng) -> Array:
        """A clip of a class drawn evenly, the better ones of the class more often."""
        c = rng.choice(len(self.likely), p=self.likely)
        p = self.strengths[c] + 0.02
        x = self.waves[self.members[c, rng.choice(len(p), p=p / p.sum())]].astype(np.float32)
        return np.roll(x, int(rng.integers(-6000, 6000)))


def offspring(seed: int, number: int, recordings: Recordings, elite: Elite) -> Array:
    """Training clip `number` of a later generation, (SAMPLES,)."""
    rng = np.random.default_rng([seed, number])
    y = changed(rng, elite.draw(rng))
    power = np.sqrt((y**2).mean()) + 1e-6
    if rng.uniform() < 0.5:
        other = changed(rng, elite.draw(rng)) if rng.uniform() < 0.6 else source(rng, recordings)
        y = y + other * (power / (np.sqrt((other**2).mean()) + 1e-6)) * 10 ** (-rng.uniform(-4, 24) / 20)
    if rng.uniform() < 0.2:
        y = y + noise(rng, SAMPLES) * power * 10 ** (-rng.uniform(8, 45) / 20)
    y = peaked(y)
    if rng.uniform() < 0.08:
        y = np.tanh(y * log_uniform(rng, 1.5, 8))
    return (y * 10 ** (-abs(rng.normal(0, 12)) / 20)).astype(np.float32)


def changed(rng: Rng, x: Array) -> Array:
    """`x` faster or slower, filtered, in a room: each or none."""
    if rng.uniform() < 0.6:
        x = np.resize(speed(rng, x), SAMPLES)
    if rng.uniform() < 0.4:
        x = equalise(rng, x)
    if rng.uniform() < 0.2:
        x = room(rng, x)
    return x
