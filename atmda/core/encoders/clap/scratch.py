"""Memory that is used again, so that the operating system need not hand out the same pages for every product.

A tenth of the time of a forward pass went into page faults of intermediates that lived for a millisecond.
"""

from __future__ import annotations

import threading

import torch
import torch.nn.functional as F
from torch import Tensor

Linear = tuple[Tensor, Tensor]


class Scratch(threading.local):
    """Buffers of one thread, by name; each grows to the largest use of it."""

    def __init__(self) -> None:
        self._buffers: dict[str, Tensor] = {}

    def take(self, name: str, rows: int, columns: int) -> Tensor:
        """A float32 buffer (rows, columns) of any content, valid until `name` is taken again."""
        held = self._buffers.get(name)
        if held is None or held.numel() < rows * columns:
            held = self._buffers[name] = torch.empty(rows * columns)
        return held[: rows * columns].view(rows, columns)

    def linear(self, name: str, rows: Tensor, weights: Linear) -> Tensor:
        """`rows` times the weights plus the bias, in a buffer on a CPU in float32, else in new memory."""
        weight, bias = weights
        if weight.dtype != torch.float32 or weight.device.type != "cpu":
            return F.linear(rows.to(weight.dtype), weight, bias)
        return torch.addmm(bias, rows, weight.T, out=self.take(name, len(rows), len(weight)))

    def add_linear(self, tokens: Tensor, rows: Tensor, weights: Linear) -> None:
        """Adds `rows` times the weights plus the bias to `tokens`, in one pass where the product can add."""
        weight, bias = weights
        if weight.dtype != torch.float32:
            tokens += F.linear(rows.to(weight.dtype), weight, bias)
        else:
            tokens += bias
            tokens.addmm_(rows, weight.T)

    def gather(self, name: str, tokens: Tensor, rows: Tensor, size: int) -> Tensor:
        """Of every `size` tokens, those at `rows`: (n * len(rows), c)."""
        grouped = tokens.view(-1, size, tokens.shape[-1])
        if tokens.device.type != "cpu":
            return grouped[:, rows].view(-1, tokens.shape[-1])
        out = self.take(name, len(grouped) * len(rows), tokens.shape[-1])
        torch.index_select(grouped, 1, rows, out=out.view(len(grouped), len(rows), -1))
        return out
