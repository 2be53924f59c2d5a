"""The two mel filter banks LAION-CLAP was trained with, from their formulas.

- `htk` (checkpoints with fusion): m = 2595 log10(1 + f/700), triangles of height 1, as torchaudio's default.
- `slaney` (checkpoints without): linear below 1 kHz and logarithmic above, triangles of equal area, as librosa's
  default (M. Slaney, Auditory Toolbox, 1998).
"""

from __future__ import annotations

import math

import numpy as np
import torch

MELS = 64
BINS = 513
LOW, HIGH, RATE = 50.0, 14_000.0, 48_000


def mel_bank(scale: str) -> torch.Tensor:
    """The bank as float32 (513, 64): from a power spectrum of 1024 samples at 48 kHz to 64 bands, 50 to 14000 Hz."""
    return _htk() if scale == "htk" else _slaney()


def _htk() -> torch.Tensor:
    # float32 throughout, as the reference: double precision moves an embedding by more than 1e-7
    frequencies = torch.linspace(0, RATE // 2, BINS)
    mels = torch.linspace(2595.0 * math.log10(1.0 + LOW / 700.0), 2595.0 * math.log10(1.0 + HIGH / 700.0), MELS + 2)
    corners = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    widths = corners[1:] - corners[:-1]
    slopes = corners.unsqueeze(0) - frequencies.unsqueeze(1)
    rising = -slopes[:, :-2] / widths[:-1]
    falling = slopes[:, 2:] / widths[1:]
    return torch.clamp(torch.minimum(rising, falling), min=0.0).contiguous()


def _slaney() -> torch.Tensor:
    step, knee, ratio = 200.0 / 3.0, 1000.0, math.log(6.4) / 27.0

    def to_mel(hertz: float) -> float:
        return hertz / step if hertz < knee else knee / step + math.log(hertz / knee) / ratio

    mels = np.linspace(to_mel(LOW), to_mel(HIGH), MELS + 2)
    corners = np.where(mels < knee / step, mels * step, knee * np.exp(ratio * (mels - knee / step)))
    frequencies = np.linspace(0, RATE / 2, BINS)
    slopes = corners[:, None] - frequencies[None]
    widths = np.diff(corners)
    triangles = np.maximum(0, np.minimum(-slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]))
    # librosa stores the triangles as float32 before it scales them by their area
    scaled = triangles.astype(np.float32) * (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return torch.from_numpy(scaled.astype(np.float32).T.copy())
