"""A Swin block and the merging of patches, on tokens in window order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows
from atmda.core.encoders.clap.attention import TOKENS, attend, attend_wide
from atmda.core.encoders.clap.buffers import Scratch
from atmda.core.encoders.clap.product import Product

Get = Callable[[str], Tensor]

#: Windows worked on at once: enough rows for a fast product, few enough for their intermediates to stay in a cache;
#: the second where they are few and have many channels.
TILE, LATE_TILE = 32, 8
#: clips that may go through the stages with few tokens together
GROUP = 8


@dataclass(frozen=True)
class Tile:
    """Windows that go through a block together: rows `start` to `stop` of the tokens.

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

        def product(part: str, gelu: bool = False) -> Product:
            return Product((get(f"{name}{part}.weight").to(dtype), get(f"{name}{part}.bias").to(dtype)), gelu)

        self.qkv, self.proj = product("attn.qkv"), product("attn.proj")
        self.up, self.down = product("mlp.fc1", gelu=True), product("mlp.fc2")
        shifted = index % 2 == 1 and side > windows.SIZE
        bias = _position_bias(get(name + "attn.relative_position_bias_table"))
        self.wide = wide
        # by number of clips, made when that many come
        self.tiles = cache(partial(_everything if wide else _tiles, bias, side, shifted, dtype))
        orders = windows.window_order(side), windows.shifted_order(side)
        self.rows = None
        if index > 0 and side > windows.SIZE:
            self.rows = windows.between(*(orders if shifted else orders[::-1])).to(bias.device)

    def gather(self, clips: int) -> None:
        """Make ready for many clips, `clips` of them at once."""
        alone, together = ({tile.stop - tile.start for tile in self.tiles(count)} for count in (1, clips))
        sizes = _sizes(self.size, max(together) // self.size)
        self.qkv, self.proj, self.up, self.down = (
            product.packed(alone).steady(sizes) if sizes else product.packed(alone)
            for product in (self.qkv, self.proj, self.up, self.down)
        )

    def __call__(self, tokens: Tensor, scratch: Scratch) -> Tensor:
        """Tokens, float32 (n * side * side, c), changed in place or moved to a buffer of `scratch`."""
        if self.rows is not None:
            tokens = scratch.gather(self.buffer, tokens, self.rows, self.size)
        for tile in self.tiles(1 if self.wide else len(tokens) // self.size):
            self._tile(tokens[tile.start : tile.stop], tile.bias, scratch)
        return tokens

    def _tile(self, tokens: Tensor, bias: Tensor, scratch: Scratch) -> None:
        normed = F.layer_norm(tokens, tokens.shape[-1:], *self.before)
        tokens += self.proj(self._attend(self.qkv(normed), bias, scratch))
        normed = F.layer_norm(tokens, tokens.shape[-1:], *self.between)
        tokens += self.down(self.up(normed))

    def _attend(self, qkv: Tensor, bias: Tensor, scratch: Scratch) -> Tensor:
        if self.wide:
            return attend_wide(qkv, self.heads, self.size // TOKENS, bias)
        return attend(qkv, self.heads, bias, scratch)


class Merge:
    """Four neighbouring tokens become one of twice the channels, in the next stage's window order."""

    def __init__(self, get: Get, name: str, side: int, even: bool, dtype: torch.dtype) -> None:
        self.norm = get(name + "norm.weight"), get(name + "norm.bias")
        self.reduction = Product((get(name + "reduction.weight").to(dtype), None))
        source = windows.shifted_order(side) if even else windows.window_order(side)
        self.size = side * side
        self.rows = windows.between(source, windows.merge_order(side)).to(self.norm[0].device)

    def gather(self, clips: int) -> None:
        """As a block's."""
        sizes = _sizes(self.size // 4, clips)
        self.reduction = self.reduction.packed(sizes[:1]).steady(sizes)

    def __call__(self, tokens: Tensor, scratch: Scratch) -> Tensor:
        gathered = scratch.gather(f"merge{self.size}", tokens, self.rows, self.size).view(-1, 4 * tokens.shape[-1])
        normed = F.layer_norm(gathered, gathered.shape[-1:], *self.norm)
        return self.reduction(normed).float()


def _sizes(rows: int, clips: int) -> list[int]:
    """Rows of one clip, of two, of four, up to `clips`."""
    return [rows << power for power in range(clips.bit_length())]


def _tiles(bias: Tensor, side: int, shifted: bool, dtype: torch.dtype, clips: int) -> list[Tile]:
    """The tiles of so many clips."""
    count = (side // windows.SIZE) ** 2
    most = TILE if count > LATE_TILE else LATE_TILE
    together = min(clips, max(1, most // count))
    plain = bias[None].to(dtype)
    if not shifted:
        step = min(count * together, most) * TOKENS
        return [Tile(start, start + step, plain) for start in range(0, clips * count * TOKENS, step)]
    inside = windows.mask_groups(side)[0] if together == 1 else 0
    inside = inside if inside > 1 else 0  # a product of so few rows would cost more than the mask saves
    kinds = torch.repeat_interleave(torch.arange(4), torch.tensor(windows.mask_groups(side)))[inside:]
    edges = (bias + windows.masks()[kinds].to(bias.device)[:, None]).repeat(together, 1, 1, 1).to(dtype)
    pieces = max(1, round(inside / most))
    cuts = [inside * piece // pieces for piece in range(pieces + 1)]
    tiles = [(a, b, plain) for a, b in pairwise(cuts) if b > a] + [(inside, inside + len(edges), edges)]
    units = range(0, clips * count, together * count)
    return [Tile((unit + a) * TOKENS, (unit + b) * TOKENS, add) for unit in units for a, b, add in tiles]


def _everything(bias: Tensor, side: int, shifted: bool, dtype: torch.dtype, _: int) -> list[Tile]:
    """One tile of all clips; the bias (1, windows * heads, 64, 64) is that of a clip."""
    count = (side // windows.SIZE) ** 2
    every = bias.expand(count, *bias.shape)
    if shifted:
        kinds = torch.repeat_interleave(torch.arange(4), torch.tensor(windows.mask_groups(side)))
        every = every + windows.masks()[kinds].to(bias.device)[:, None]
    return [Tile(0, sys.maxsize, every.flatten(0, 1)[None].to(dtype))]


def _position_bias(table: Tensor) -> Tensor:
    """From the table (225, heads) to what is added to the scores of a window: (heads, 64, 64)."""
    place = torch.arange(TOKENS, device=table.device)
    row, column = place // windows.SIZE, place % windows.SIZE
    down = row[:, None] - row[None] + windows.SIZE - 1
    right = column[:, None] - column[None] + windows.SIZE - 1
    return table[down * (2 * windows.SIZE - 1) + right].permute(2, 0, 1).contiguous()
