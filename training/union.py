"""What a batch is made of while it is trained on: small changes, and in half of it two patches heard at once.

The target of two patches is not a teacher's opinion of the mixture but the union of both: for each class the evidence
of the one that has more of it. So the student learns to hear a sound behind another.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from atmda.core.encoders.compact.frontend import OFFSET

#: the first patch above the second, in dB of mel power
LOUDEST, FAINTEST = 18.0, -6.0
#: beyond this many dB the weaker fades out of the target, and is gone at `LOUDEST`
FADES = 6.0
#: deviations below what is usual that a class falls to when it has faded out
GONE = -1.0
#: largest deviation of a microphone's response, in nepers, and between how many bands it is drawn
COLOUR, KNOTS = 0.6, 7
#: mel power that nothing is heard of
SILENT = 1e-9
#: mean mel power of a run that counts as silence
FAINT = 1e-6
FLOOR = float(torch.tensor(OFFSET).log())


def magnitudes(mel: torch.Tensor) -> torch.Tensor:
    return (mel.exp() - OFFSET).clamp_min(0)


def disturbed(mel: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Runs (n, frames, 64) of log mel, changed so that labels stay nearly as they are: level, shift, some masking."""
    n = len(mel)
    level = torch.randn(n, 1, 1, generator=rng) * 0.5
    mel = torch.log(magnitudes(mel) * level.exp() + OFFSET)
    mel = torch.roll(mel, int(torch.randint(-8, 9, (1,), generator=rng)), 1)
    third = n // 3
    start = int(torch.randint(0, 60, (1,), generator=rng))
    mel[:third, :, start : start + int(torch.randint(1, 8, (1,), generator=rng))] = FLOOR
    start = int(torch.randint(0, mel.shape[1] - 6, (1,), generator=rng))
    mel[third : 2 * third, start : start + int(torch.randint(1, 12, (1,), generator=rng))] = FLOOR
    return mel


def coloured(mel: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Runs (n, frames, 64) of log mel as other microphones have them: each through a smooth response of its own."""
    deviation = COLOUR * torch.rand(len(mel), 1, 1, generator=rng)
    knots = deviation * torch.randn(len(mel), 1, KNOTS, generator=rng)
    response = F.interpolate(knots, mel.shape[2], mode="linear", align_corners=True)
    return torch.log(magnitudes(mel) * response.exp() + OFFSET)


def united(
    first: tuple[torch.Tensor, ...], second: tuple[torch.Tensor, ...], run: int, rng: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Two of (mel (n, 96, 64), evidence (n, j), trunks (n, k)) heard at once, the first louder as a rule.

    A `run` of patches is mixed as one; in each of them the second fades by how loud both are there. Trunks are averaged
    by power: nothing better is known of a mixture.
    """
    runs = len(first[0]) // run
    decibels = FAINTEST + (LOUDEST - FAINTEST) * torch.rand(runs, 1, generator=rng)
    a, b = magnitudes(first[0]), magnitudes(second[0])
    power_a, power_b = (x.square().mean((1, 2)).view(runs, run) for x in (a, b))
    whole_a, whole_b = (x.mean(1, keepdim=True) for x in (power_a, power_b))
    gain = (whole_a / whole_b.clamp_min(FAINT)).sqrt() * 10 ** (-decibels / 20)
    # the sum stays at the level of a window: what is heard together is levelled together
    together = 1 / (1 + 10 ** (-decibels / 10)).sqrt()
    # where the first is silence the second is heard as it is, rather than as faint as that
    gain, together = (torch.where(whole_a < FAINT, 1.0, x) for x in (gain, together))
    each_gain, each_together = (x.expand(-1, run).reshape(-1, 1, 1) for x in (gain, together))
    mel = torch.log(each_together * (a.square() + (each_gain * b).square()).sqrt() + OFFSET)
    there = 10 * torch.log10((power_a + SILENT) / (gain.square() * power_b + SILENT)).view(-1, 1).clamp(
        -LOUDEST, LOUDEST
    )
    faded = ((there - FADES) / (LOUDEST - FADES)).clamp(0, 1)
    evidence = torch.maximum(first[1], (1 - faded) * second[1] + faded * GONE)
    share = 1 / (1 + 10 ** (-there / 10))
    return mel, evidence, share * first[2] + (1 - share) * second[2]
