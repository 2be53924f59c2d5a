"""The legs that the student goes in: how long, how fast, on which shards of the bank, and what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bank import SHARDS


@dataclass(frozen=True)
class Leg:
    """A stretch of training under one cosine: what joins the bank at which step (generation, first shard, end)."""

    steps: int
    rate: float
    joins: Mapping[int, tuple[tuple[str, int, int], ...]]
    #: whether patches are heard through other microphones too
    coloured: bool = False
    #: weight of the angle between what is embedded of a patch and what should be
    angle: float = 0.0
    #: how many patches of a clip are heard as one, and how often
    runs: Mapping[int, float] = field(default_factory=lambda: {1: 1.0})
    #: weight of what is embedded of a whole clip
    whole: float = 0.0
    #: beside that, weight of the angle between mn04's features of the clip and what is guessed of them
    features: float = 0.0
    #: what it is walked on where the bank of the legs before is not there (`--alone`)
    alone: tuple[tuple[str, int, int], ...] = ()


#: the recordings as they are, and with them all that legs are walked alone on
RECORDINGS = ("r", 0, SHARDS["r"])
LATEST = (RECORDINGS, *((g, 0, SHARDS[g]) for g in ("0", "1", "2", "6")))

#: clips as wholes
WHOLE = Leg(
    steps=12_000,
    rate=1e-3,
    joins={0: (("6", 0, SHARDS["6"]),)},
    coloured=True,
    angle=10.0,
    runs={1: 0.1, 2: 0.1, 4: 0.8},
    whole=100.0,
    alone=LATEST,
)

LEGS = (
    Leg(
        steps=16_000,
        rate=3e-3,
        joins={
            0: (RECORDINGS, ("0", 0, SHARDS["0"])),
            1500: (("1", 0, 6),),
            3000: (("1", 6, 12),),
            4500: (("2", 0, 6),),
            6000: (("2", 6, 12),),
        },
    ),
    Leg(steps=18_000, rate=1.5e-3, joins={0: (("3", 0, 32),)}, coloured=True),
    Leg(
        steps=18_000,
        rate=1.5e-3,
        joins={0: (("3", 32, SHARDS["3"]),), 2500: (("4", 0, 16),), 5500: (("4", 16, 32),)},
        coloured=True,
    ),
    Leg(
        steps=17_000,
        rate=1.5e-3,
        joins={0: (("4", 32, SHARDS["4"]),), 3000: (("5", 0, 40),), 5000: (("5", 40, SHARDS["5"]),)},
        coloured=True,
        angle=40.0,
    ),
    Leg(
        steps=17_000,
        rate=1.5e-3,
        joins={0: (RECORDINGS, RECORDINGS)},  # as often as three
        coloured=True,
        angle=40.0,
        runs={1: 0.1, 2: 0.2, 4: 0.7},
    ),
    WHOLE,
    replace(WHOLE, steps=10_000, joins={0: (RECORDINGS,)}, features=0.3, alone=(*LATEST, RECORDINGS)),
)
