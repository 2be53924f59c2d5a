"""The student: a small convolutional network on patches of log mel magnitudes.

Three dense convolutions bring 96 x 64 down to 12 x 8, depthwise-separable residual blocks do the rest: few, large
matrix products, which is what numpy runs well. Most weights lie in the last blocks, which see 3 x 2 places: there they
cost the least time.
"""

from __future__ import annotations

import torch
from teachers import CLASSES, TRUNKS
from torch import nn
from torch.nn import functional as F

from atmda.core.encoders.compact.network import PLACES

STEM = (24, 56, 112)
MIDDLE, WIDE, DEEP, TRUNK = 112, 320, 576, 704
MIDDLE_BLOCKS, WIDE_BLOCKS, DEEP_BLOCKS = 2, 3, 2


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
        if self.depth.stride == (1, 1):
            y = self.depth(x)
        else:
            with torch.autocast("cpu", enabled=False):  # with a stride bfloat16 is 30 times as slow backwards
                y = self.depth(x.float())
        y = F.relu(self.depth_norm(y), inplace=True)
        y = self.point_norm(self.point(y))
        return F.relu(y + x if self.residual else y, inplace=True)


class Student(nn.Module):
    """Of each patch of runs of patches (n, 96 k, 64), which hear each other: evidence (n k, 521) in deviations, trunk
    features (n k, 704), teachers' trunks (n k, 1408)."""

    def __init__(self, classes: int = CLASSES, trunks: int = sum(TRUNKS.values())) -> None:
        super().__init__()
        a, b, c = STEM
        self.stem = nn.Sequential(Dense(1, a, 5, 2), Dense(a, b, 3, 2), Dense(b, c, 3, 2))
        middle = [Separable(MIDDLE, MIDDLE) for _ in range(MIDDLE_BLOCKS)]
        wide = [Separable(MIDDLE, WIDE, 2), *(Separable(WIDE, WIDE) for _ in range(WIDE_BLOCKS))]
        deep = [Separable(WIDE, DEEP, 2), *(Separable(DEEP, DEEP) for _ in range(DEEP_BLOCKS))]
        self.body = nn.Sequential(*middle, *wide, *deep, Separable(DEEP, TRUNK))
        self.head = nn.Linear(TRUNK, classes)
        self.likeness = nn.Linear(TRUNK, trunks)

    def forward(self, runs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        # log(mel + 0.001) lies in about -7 to 4
        x = ((runs + 3.0) * 0.4).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        places = self.body(self.stem(x))
        of_patches = places.unflatten(2, (-1, PLACES[0])).mean((3, 4))  # (n, 704, k)
        trunk = of_patches.transpose(1, 2).flatten(0, 1)
        return self.head(trunk), trunk, self.likeness(trunk)
