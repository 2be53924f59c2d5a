"""Matrix products: the fastest kernels of the device, and why a clip's numbers do not depend on its company.

On a CPU torch multiplies float32 by MKL, which uses AVX2 and no more on a processor that Intel did not make; oneDNN,
which torch brings along as well, uses what there is. On a Zen 5, AVX-512, its products take less than half the time;
kept to AVX2 they take nine tenths. Torch has no public name for them (this one is what torch.compile calls), so where
it is missing, torch's own products do; so they do where oneDNN sums a row in another order when there are other rows
beside it, as that of torch 2.4 does on AVX2.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

#: a weight (out, in) and a bias (out,)
Linear = tuple[Tensor, Tensor | None]


def linear(rows: Tensor, weights: Linear, *, gelu: bool = False) -> Tensor:
    """`rows` (n, in), of any type, times the weights plus the bias, in the type of the weights: (n, out).

    With `gelu`, what that function (the exact one, by erf) makes of it, in the same pass.
    """
    weight, bias = weights
    rows = rows.to(weight.dtype)
    if by_onednn(weight):
        return _onednn(rows, weight, bias, gelu)
    found = F.linear(rows, weight, bias)
    return F.gelu(found) if gelu else found


def packed(weights: Linear) -> Linear:
    """The weights in the order in which products of many rows read them: memory of their own, a thirtieth less time."""
    weight, bias = weights
    if not by_onednn(weight) or not hasattr(torch.ops.mkldnn, "_reorder_linear_weight"):
        return weights
    return torch.ops.mkldnn._reorder_linear_weight(weight), bias


def by_onednn(tensor: Tensor) -> bool:
    """Whether products with this tensor go by oneDNN."""
    return tensor.device.type == "cpu" and has_onednn(tensor.dtype)


@cache
def has_onednn(dtype: torch.dtype) -> bool:
    """Whether CPU products of this type go by oneDNN: it is there, has such arithmetic, and is steady."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not there or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    if dtype != torch.float32:
        check = {torch.bfloat16: "_is_mkldnn_bf16_supported", torch.float16: "_is_mkldnn_fp16_supported"}.get(dtype, "")
        if not hasattr(torch.ops.mkldnn, check) or not getattr(torch.ops.mkldnn, check)():
            return False
    return _steady_from(_onednn, dtype) is not None


def padded_rows(rows: Tensor) -> Tensor:
    """`rows` (n, c) with zeros below, where there are so few that other rows would change the last bits of these."""
    missing = _fewest_rows(torch.get_num_threads()) - len(rows)
    return rows if missing <= 0 else F.pad(rows, (0, 0, 0, missing))


def _onednn(rows: Tensor, weight: Tensor, bias: Tensor | None, gelu: bool = False) -> Tensor:
    attribute, algorithm = ("gelu", "none") if gelu else ("none", "")
    found: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, attribute, [], algorithm)
    return found


@cache
def _fewest_rows(threads: int) -> int:
    return _steady_from(lambda rows, weight, bias: linear(rows, (weight, bias)), torch.float32) or 64


def _steady_from(product: Callable[[Tensor, Tensor, None], Tensor], dtype: torch.dtype) -> int | None:
    """From how many rows on `product` gives a row the same bits whatever rows are beside it; None where it never does.

    Products of few rows take other kernels than products of many. How few differs from library to library and is
    found out by trying: 2 with the oneDNN of torch 2.13, 16 with that of torch 2.4, 4 with MKL, 12 on two threads.
    """
    generator = torch.Generator().manual_seed(0)
    rows, weight = (torch.randn(count, 768, generator=generator).to(dtype) for count in (512, 768))
    whole = product(rows, weight, None)

    def same(count: int) -> bool:
        return torch.equal(product(rows[:count], weight, None), whole[:count])

    if not all(same(count) for count in (64, 100, 256)):
        return None
    return next((few for few in (4, 8, 16, 32) if all(same(count) for count in range(few, 2 * few))), 64)
