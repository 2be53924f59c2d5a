"""Memory that is used again, so that the operating system need not hand out the same pages for every clip.

Page faults of intermediates that live for a millisecond can take a tenth of the time of a forward pass.
"""

from __future__ import annotations

import math
import threading

import torch
from torch import Tensor


class Scratch(threading.local):
    """Buffers of one thread, by name; each grows to the largest use of it."""

    def __init__(self) -> None:
        self._buffers: dict[str, Tensor] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Tensor:
        """A buffer of any content on the CPU, valid until `name` is taken again."""
        size = math.prod(shape)
        held = self._buffers.get(name)
        if held is None or held.numel() < size or held.dtype != dtype:
            held = self._buffers[name] = torch.empty(size, dtype=dtype)
        return held[:size].view(shape)

    def gather(self, name: str, tokens: Tensor, rows: Tensor, size: int) -> Tensor:
        """Of every `size` tokens, those at `rows`: (n * len(rows), c)."""
        grouped = tokens.view(-1, size, tokens.shape[-1])
        if tokens.device.type != "cpu":
            return grouped[:, rows].view(-1, tokens.shape[-1])
        out = self.take(name, (len(grouped), len(rows), tokens.shape[-1]))
        return torch.index_select(grouped, 1, rows, out=out).view(-1, tokens.shape[-1])
