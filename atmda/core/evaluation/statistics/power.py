"""How much data a gain would need to be seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt


@dataclass(frozen=True)
class Needed:
    """Clips, and recordings that they come from, for a test of a gain."""

    clips: int
    sources: int


def needed(
    discordance: float,
    *,
    gain: float = 0.02,
    power: float = 0.8,
    level: float = 0.05,
    design_effect: float = 1.0,
    clips_a_source: float = 1.0,
) -> Needed:
    """How much is needed to see `gain`, a difference of accuracies, with McNemar's test in `power` of studies.

    (z(1 - level / 2) sqrt(d) + z(power) sqrt(d - gain**2))**2 / gain**2 clips, d the share of clips that only one of
    both has right (Connor, Biometrics 43, 1987), times the design effect. `discordance` below `gain` is taken as
    `gain`, for less cannot make it. Raises ValueError for a gain, power or level that is not between 0 and 1.
    """
    from scipy.stats import norm

    if not (0 < gain < 1 and 0 < power < 1 and 0 < level < 1):
        raise ValueError("gain, power and level lie between 0 and 1")
    d = max(discordance, gain)
    root = float(norm.ppf(1 - level / 2)) * sqrt(d) + float(norm.ppf(power)) * sqrt(d - gain * gain)
    clips = root * root / (gain * gain) * max(1.0, design_effect)
    return Needed(ceil(clips), ceil(clips / clips_a_source))
