"""Attention within windows of 64 tokens."""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap import windows
from atmda.core.encoders.clap.buffers import Scratch
from atmda.core.encoders.clap.matmul import best_of, by_onednn
from atmda.core.encoders.clap.trials import remembered

TOKENS = windows.SIZE * windows.SIZE


def attend(qkv: Tensor, heads: int, bias: Tensor, scratch: Scratch) -> Tensor:
    """What the tokens of each window tell each other: (windows * 64, c).

    Args:
        qkv: queries, keys and values side by side, (windows * 64, 3 * c).
        heads: that share the c channels.
        bias: (1 or windows, heads, 64, 64), added to the scores.
        scratch: buffers to work in.
    """
    split = qkv.view(-1, TOKENS, 3, heads, qkv.shape[-1] // (3 * heads)).permute(2, 0, 3, 1, 4)
    if qkv.dtype == torch.bfloat16 and by_onednn(qkv) and _is_faster_by_products():
        return _by_products(split, bias, scratch)
    return _fused(split, bias)


def attend_wide(qkv: Tensor, heads: int, count: int, bias: Tensor) -> Tensor:
    """The same for whole clips of `count` windows; the bias (1, windows * heads, 64, 64) is that of a clip."""
    split = qkv.view(-1, count, TOKENS, 3, heads, qkv.shape[-1] // (3 * heads)).permute(3, 0, 1, 4, 2, 5)
    query, key, value = split.flatten(2, 3).unbind(0)
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    return mixed.view(split.shape[1:]).transpose(2, 3).reshape(len(qkv), -1)


@cache
def _is_faster_by_products() -> bool:
    """Whether batched products and a softmax take less time in bfloat16 than torch's fused kernel, which multiplies by
    the instructions for it where there is AMX and nowhere else: tried once a machine."""

    def try_both() -> bool:
        generator = torch.Generator().manual_seed(0)
        split = torch.randn(8, TOKENS, 3, 8, 24, generator=generator).bfloat16().permute(2, 0, 3, 1, 4)
        bias, scratch = torch.randn(1, 8, TOKENS, TOKENS, generator=generator).bfloat16(), Scratch()
        products, fused = best_of(lambda: _by_products(split, bias, scratch), lambda: _fused(split, bias))
        return products < fused

    return remembered("bf16 attention by products", try_both, otherwise=True, any_threads=True)


def _fused(split: Tensor, bias: Tensor) -> Tensor:
    query, key, value = split.unbind(0)
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    return mixed.transpose(1, 2).flatten(0, 1).flatten(1)


def _by_products(split: Tensor, bias: Tensor, scratch: Scratch) -> Tensor:
    """Batched products and a softmax: without AMX torch's fused kernel takes twice as long.

    `split` is (3, windows, heads, 64, c / heads).
    """
    _, many, heads, _, size = split.shape
    count = many * heads
    apart = scratch.take("apart", (3, count, TOKENS, size), split.dtype)
    apart.view(split.shape).copy_(split)
    query, key, value = apart.unbind(0)
    scores = scratch.take("scores", (count, TOKENS, TOKENS), split.dtype)
    scores.view(many, heads, TOKENS, TOKENS).copy_(bias)
    scores.baddbmm_(query, key.transpose(1, 2), alpha=size**-0.5)
    shares = torch.softmax(scores, -1, out=scratch.take("shares", (count, TOKENS, TOKENS), split.dtype))
    mixed = torch.bmm(shares, value, out=query)  # the queries are not needed any more
    return mixed.view(many, heads, TOKENS, size).transpose(1, 2).reshape(many * TOKENS, heads * size)
