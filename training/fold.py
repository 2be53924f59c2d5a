"""From a trained student to the arrays the numpy network runs: batch norms folded, channels last."""

from __future__ import annotations

import numpy as np
import torch
from student import Dense, Separable, Student
from torch import nn


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale


@torch.no_grad()
def folded(student: Student) -> dict[str, np.ndarray]:
    """Arrays by the names that `atmda.core.encoders.compact.network.Network` reads."""
    out: dict[str, torch.Tensor] = {}
    for i, layer in enumerate(student.stem):
        assert isinstance(layer, Dense)
        weight, bias = _fold(layer.conv, layer.norm)
        out[f"dense{i}.weight"] = weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[0])
        out[f"dense{i}.bias"] = bias
    for i, block in enumerate(student.body):
        assert isinstance(block, Separable)
        weight, bias = _fold(block.depth, block.depth_norm)
        out[f"block{i}.depth.weight"] = weight[:, 0].permute(1, 2, 0)
        out[f"block{i}.depth.bias"] = bias
        weight, bias = _fold(block.point, block.point_norm)
        out[f"block{i}.point.weight"] = weight[:, :, 0, 0].T
        out[f"block{i}.point.bias"] = bias
    out["head.weight"] = student.head.weight.T
    out["head.bias"] = student.head.bias
    return {name: tensor.contiguous().numpy() for name, tensor in out.items()}
