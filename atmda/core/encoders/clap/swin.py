"""A Swin block and the merging of patches, on tokens in window order."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows

Get = Callable[[str], Tensor]

TOKENS = windows.SIZE * windows.SIZE


class SwinBlock:
    """Windowed attention and a perceptron, each after a layer norm, each added to what came in.

    Odd blocks take tokens in window order and leave them in shifted order, even ones the other way round, but for the
    first of a stage, which finds them in window order already; where a stage is one window nothing is shifted.
    """

    def __init__(self, get: Get, name: str, side: int, heads: int, index: int, dtype: torch.dtype) -> None:
        self.heads = heads
        self.dtype = dtype
        self.side = side
        shifted = index % 2 == 1 and side > windows.SIZE
        self.before = get(name + "norm1.weight"), get(name + "norm1.bias")
        self.between = get(name + "norm2.weight"), get(name + "norm2.bias")
        self.qkv, self.proj, self.up, self.down = (
            (get(f"{name}{part}.weight").to(dtype), get(f"{name}{part}.bias").to(dtype))
            for part in ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")
        )
        bias = _position_bias(get(name + "attn.relative_position_bias_table"))
        self.groups = windows.mask_groups(side) if shifted else [(side // windows.SIZE) ** 2]
        biases = bias + windows.masks().to(bias.device)[:, None] if shifted else bias[None]
        orders = windows.window_order(side), windows.shifted_order(side)
        self.rows = None
        if index > 0 and side > windows.SIZE:
            self.rows = windows.between(*(orders if shifted else orders[::-1])).to(bias.device)
        self.biases = [each[None].to(dtype) for each in biases]

    def __call__(self, tokens: Tensor) -> Tensor:
        """Tokens, float32 (n * side * side, c)."""
        if self.rows is not None:
            tokens = tokens.view(-1, len(self.rows), tokens.shape[-1])[:, self.rows].view(tokens.shape)
        normed = F.layer_norm(tokens, tokens.shape[-1:], *self.before).to(self.dtype)
        tokens = tokens + F.linear(self._attend(F.linear(normed, *self.qkv)), *self.proj)
        normed = F.layer_norm(tokens, tokens.shape[-1:], *self.between).to(self.dtype)
        hidden = F.gelu(F.linear(normed, *self.up))
        return tokens.add_(F.linear(hidden, *self.down))

    def _attend(self, qkv: Tensor) -> Tensor:
        channels = qkv.shape[-1] // 3
        size = self.side * self.side
        split = qkv.view(-1, size // TOKENS, TOKENS, 3, self.heads, channels // self.heads)
        parts = []
        start = 0
        for count, bias in zip(self.groups, self.biases, strict=True):
            group = split[:, start : start + count].reshape(-1, *split.shape[2:])
            query, key, value = group.permute(2, 0, 3, 1, 4).unbind(0)
            heads = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
            parts.append(heads.transpose(1, 2).reshape(len(split), count * TOKENS, channels))
            start += count
        return (parts[0] if len(parts) == 1 else torch.cat(parts, 1)).view(-1, channels)


class Merge:
    """Four neighbouring tokens become one of twice the channels, in the next stage's window order."""

    def __init__(self, get: Get, name: str, side: int, even: bool, dtype: torch.dtype) -> None:
        self.norm = get(name + "norm.weight"), get(name + "norm.bias")
        self.weight = get(name + "reduction.weight").to(dtype)
        source = windows.shifted_order(side) if even else windows.window_order(side)
        self.size = side * side
        self.rows = windows.between(source, windows.merge_order(side)).to(self.norm[0].device)

    def __call__(self, tokens: Tensor) -> Tensor:
        channels = tokens.shape[-1]
        gathered = tokens.view(-1, self.size, channels)[:, self.rows].view(-1, 4 * channels)
        normed = F.layer_norm(gathered, gathered.shape[-1:], *self.norm).to(self.weight.dtype)
        return F.linear(normed, self.weight).float()


def _position_bias(table: Tensor) -> Tensor:
    """From the table (225, heads) to what is added to the scores of a window: (heads, 64, 64)."""
    place = torch.arange(TOKENS, device=table.device)
    row, column = place // windows.SIZE, place % windows.SIZE
    down = row[:, None] - row[None] + windows.SIZE - 1
    right = column[:, None] - column[None] + windows.SIZE - 1
    return table[down * (2 * windows.SIZE - 1) + right].permute(2, 0, 1).contiguous()
