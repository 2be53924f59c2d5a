"""A Swin block and the merging of patches, on tokens in window order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows
from atmda.core.encoders.clap.attention import TOKENS, attend, attend_wide
from atmda.core.encoders.clap.buffers import Scratch
from atmda.core.encoders.clap.matmul import linear, packed

Get = Callable[[str], Tensor]

#: Windows worked on at once: enough rows for a fast product, few enough for their intermediates to stay in a cache.
TILE = 32


@dataclass(frozen=True)
class Tile:
    """Windows that go through a block together: rows `start` to `stop` of a unit of clips.

    `bias` (1 or windows, heads, 64, 64) is added to the scores: positions, and masks where windows were shifted.
    """

    start: int
    stop: int
    bias: Tensor


class SwinBlock:
    """Windowed attention and a perceptron, each after a layer norm, each added to what came in.

    Odd blocks take tokens in window order and leave them in shifted order, even ones the other way round, but for the
    first of a stage, which finds them in window order already; where a stage is one window nothing is shifted.
    `wide` blocks take all clips at once, for devices that want much work at a time.
    """

    def __init__(self, get: Get, name: str, side: int, heads: int, index: int, dtype: torch.dtype, wide: bool) -> None:
        self.heads = heads
        self.size = side * side
        self.buffer = f"tokens{side}.{index % 2}"  # the other one than the tokens come in
        self.before = get(name + "norm1.weight"), get(name + "norm1.bias")
        self.between = get(name + "norm2.weight"), get(name + "norm2.bias")
        self.qkv, self.proj, self.up, self.down = (
            packed((get(f"{name}{part}.weight").to(dtype), get(f"{name}{part}.bias").to(dtype)))
            for part in ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")
        )
        shifted = index % 2 == 1 and side > windows.SIZE
        bias = _position_bias(get(name + "attn.relative_position_bias_table"))
        self.wide = wide
        self.unit, self.tiles = (_everything if wide else _tiles)(bias, side, shifted, dtype)
        orders = windows.window_order(side), windows.shifted_order(side)
        self.rows = None
        if index > 0 and side > windows.SIZE:
            self.rows = windows.between(*(orders if shifted else orders[::-1])).to(bias.device)

    def __call__(self, tokens: Tensor, scratch: Scratch) -> Tensor:
        """Tokens, float32 (n * side * side, c), changed in place or moved to a buffer of `scratch`."""
        if self.rows is not None:
            tokens = scratch.gather(self.buffer, tokens, self.rows, self.size)
        for start in range(0, len(tokens), self.unit):
            for tile in self.tiles:
                self._tile(tokens[start + tile.start : start + tile.stop], tile.bias, scratch)
        return tokens

    def _tile(self, tokens: Tensor, bias: Tensor, scratch: Scratch) -> None:
        if not len(tokens):
            return
        normed = F.layer_norm(tokens, tokens.shape[-1:], *self.before)
        tokens += linear(self._attend(linear(normed, self.qkv), bias, scratch), self.proj)
        normed = F.layer_norm(tokens, tokens.shape[-1:], *self.between)
        tokens += linear(linear(normed, self.up, gelu=True), self.down)

    def _attend(self, qkv: Tensor, bias: Tensor, scratch: Scratch) -> Tensor:
        if self.wide:
            return attend_wide(qkv, self.heads, self.size // TOKENS, bias)
        # the last unit may hold fewer clips than its bias was made for
        return attend(qkv, self.heads, bias[: len(qkv) // TOKENS], scratch)


class Merge:
    """Four neighbouring tokens become one of twice the channels, in the next stage's window order."""

    def __init__(self, get: Get, name: str, side: int, even: bool, dtype: torch.dtype) -> None:
        self.norm = get(name + "norm.weight"), get(name + "norm.bias")
        self.reduction = packed((get(name + "reduction.weight").to(dtype), None))
        source = windows.shifted_order(side) if even else windows.window_order(side)
        self.size = side * side
        self.rows = windows.between(source, windows.merge_order(side)).to(self.norm[0].device)

    def __call__(self, tokens: Tensor, scratch: Scratch) -> Tensor:
        gathered = scratch.gather(f"merge{self.size}", tokens, self.rows, self.size).view(-1, 4 * tokens.shape[-1])
        normed = F.layer_norm(gathered, gathered.shape[-1:], *self.norm)
        return linear(normed, self.reduction).float()


def _tiles(bias: Tensor, side: int, shifted: bool, dtype: torch.dtype) -> tuple[int, list[Tile]]:
    """The tiles of a unit of whole clips, and how many tokens such a unit has."""
    count = (side // windows.SIZE) ** 2
    clips = max(1, TILE // count) if count < TILE else 1
    plain = bias[None].to(dtype)
    if not shifted:
        step = min(count * clips, TILE) * TOKENS
        unit = clips * count * TOKENS
        return unit, [Tile(start, min(start + step, unit), plain) for start in range(0, unit, step)]
    inside = windows.mask_groups(side)[0] if clips == 1 else 0
    kinds = torch.repeat_interleave(torch.arange(4), torch.tensor(windows.mask_groups(side)))[inside:]
    edges = (bias + windows.masks()[kinds].to(bias.device)[:, None]).repeat(clips, 1, 1, 1).to(dtype)
    pieces = max(1, round(inside / TILE))
    cuts = [inside * piece // pieces for piece in range(pieces + 1)]
    tiles = [Tile(a * TOKENS, b * TOKENS, plain) for a, b in pairwise(cuts) if b > a]
    return clips * count * TOKENS, [*tiles, Tile(inside * TOKENS, (inside + len(edges)) * TOKENS, edges)]


def _everything(bias: Tensor, side: int, shifted: bool, dtype: torch.dtype) -> tuple[int, list[Tile]]:
    """One tile of all clips; the bias (1, windows * heads, 64, 64) is that of a clip."""
    count = (side // windows.SIZE) ** 2
    every = bias.expand(count, *bias.shape)
    if shifted:
        kinds = torch.repeat_interleave(torch.arange(4), torch.tensor(windows.mask_groups(side)))
        every = every + windows.masks()[kinds].to(bias.device)[:, None]
    return sys.maxsize, [Tile(0, sys.maxsize, every.flatten(0, 1)[None].to(dtype))]


def _position_bias(table: Tensor) -> Tensor:
    """From the table (225, heads) to what is added to the scores of a window: (heads, 64, 64)."""
    place = torch.arange(TOKENS, device=table.device)
    row, column = place // windows.SIZE, place % windows.SIZE
    down = row[:, None] - row[None] + windows.SIZE - 1
    right = column[:, None] - column[None] + windows.SIZE - 1
    return table[down * (2 * windows.SIZE - 1) + right].permute(2, 0, 1).contiguous()
