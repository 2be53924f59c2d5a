"""How far what the student says of patches, and of clips, is from what both teachers say."""

from __future__ import annotations

import torch
from targets import OF_CLIP, TRUNK_OF_CLIP, Usual
from teachers import CLASSES, TRUNKS
from torch.nn import functional as F

from atmda.core.encoders.compact.encoder import POWER, SHARPNESS, THRESHOLD

#: weight of the error of clips' trunks beside the angle of what is embedded of them
TRUNK_WEIGHT_OF_CLIP = 0.01


def losses(said: tuple[torch.Tensor, ...], evidence: torch.Tensor, trunks: torch.Tensor) -> list[torch.Tensor]:
    """Error of the evidence, strong evidence first; divergence of what it counts for; error of the trunks; angle."""
    predicted, _, likeness = (x.float() for x in said)
    evidence, trunks = evidence[:, :OF_CLIP], trunks[:, :TRUNK_OF_CLIP]
    strong = 1 + F.relu(evidence - 1)
    apart = (strong * (predicted - evidence) ** 2).mean()
    counts = torch.sigmoid(evidence - THRESHOLD)
    divergence = F.binary_cross_entropy_with_logits(predicted - THRESHOLD, counts)
    divergence = divergence - F.binary_cross_entropy_with_logits(evidence - THRESHOLD, counts)
    edge = TRUNKS["yamnet"]
    like = F.mse_loss(likeness[:, :edge], trunks[:, :edge]) + F.mse_loss(likeness[:, edge:], trunks[:, edge:])
    embedded = F.cosine_similarity(torch.sigmoid(predicted - THRESHOLD) ** SHARPNESS, counts**SHARPNESS, dim=1)
    return [apart, divergence * CLASSES, like / 2, 1 - embedded.mean()]


def pooled(evidence: torch.Tensor, run: int) -> torch.Tensor:
    """What is embedded of the evidence (n run, 521) of runs, not yet of unit length: (n, 521)."""
    counts = torch.sigmoid(evidence - THRESHOLD) ** POWER
    return (counts.unflatten(0, (-1, run)).mean(1) + 1e-8) ** (SHARPNESS / POWER)


def loss_of_clips(
    said: tuple[torch.Tensor, ...],
    evidence: torch.Tensor,
    trunks: torch.Tensor,
    run: int,
    usual: Usual,
    features: float = 0.0,
) -> torch.Tensor:
    """The angle between what is embedded of clips of `run` patches and what should be, and the error of their trunks.

    usual: what the student says as a rule, which is taken off when it is shipped. features: weight of the angle between
    what is guessed of their features at mn04 and what they are.
    """
    predicted = said[0].float()
    above = (predicted - torch.from_numpy(usual.mean)) / torch.from_numpy(usual.deviation)
    embedded = F.cosine_similarity(pooled(above, run), pooled(evidence[:, OF_CLIP:], run), dim=1)
    guessed, wanted = features_of_clips(said[2], trunks, run)
    angle = angle_of_features(guessed, wanted)
    return 1 - embedded.mean() + TRUNK_WEIGHT_OF_CLIP * F.mse_loss(guessed, wanted) + features * angle


def angle_of_features(guessed: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The angle between features of clips (n, 384) as they are guessed and as they are.

    The likeness of two clips is that of their guesses; squared error alone is least where these keep near to the mean.
    """
    return 1 - F.cosine_similarity(guessed, wanted, dim=1).mean()


def features_of_clips(likeness: torch.Tensor, trunks: torch.Tensor, run: int) -> tuple[torch.Tensor, torch.Tensor]:
    """mn04's features (n, 384) of clips of `run` patches: the mean of what is guessed of each patch, and what is so."""
    both = likeness.float()[:, TRUNKS["yamnet"] :], trunks[:, TRUNK_OF_CLIP:]
    guessed, wanted = (x.unflatten(0, (-1, run)).mean(1) for x in both)
    return guessed, wanted
