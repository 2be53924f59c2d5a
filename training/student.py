"""The student: a small convolutional network on patches of log mel magnitudes.

Three dense convolutions bring 96 x 64 down to 12 x 8, depthwise-separable residual blocks do the rest: few, large
matrix products, which is what numpy runs well.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

STEM = (24, 56, 112)
MIDDLE, WIDE, TRUNK = 112, 288, 512
MIDDLE_BLOCKS, WIDE_BLOCKS = 2, 3


class Dense(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.relu(self.norm(self.conv(x)), inplace=True)


class Separable(nn.Module):
    """Depthwise 3 x 3, batch norm, ReLU, pointwise, batch norm, the input added where the shapes agree, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.depth = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.depth_norm = nn.BatchNorm2d(inputs)
        self.point = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.point_norm = nn.BatchNorm2d(outputs)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.depth_norm(self.depth(x)), inplace=True)
        y = self.point_norm(self.point(y))
        return F.relu(y + x if self.residual else y, inplace=True)


class Student(nn.Module):
    """Patches (n, 96, 64) to logits (n, 521) and trunk features (n, 512)."""

    def __init__(self, classes: int = 521) -> None:
        super().__init__()
        a, b, c = STEM
        self.stem = nn.Sequential(Dense(1, a, 5, 2), Dense(a, b, 3, 2), Dense(b, c, 3, 2))
        middle = [Separable(MIDDLE, MIDDLE) for _ in range(MIDDLE_BLOCKS)]
        wide = [Separable(WIDE, WIDE) for _ in range(WIDE_BLOCKS)]
        self.body = nn.Sequential(*middle, Separable(MIDDLE, WIDE, 2), *wide, Separable(WIDE, TRUNK))
        self.head = nn.Linear(TRUNK, classes)

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # log(mel + 0.001) lies in about -7 to 4
        x = ((patches + 3.0) * 0.4).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        trunk = self.body(self.stem(x)).mean((2, 3))
        return self.head(trunk), trunk
