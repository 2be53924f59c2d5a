"""Matrix products: the fastest kernels of the device, and why a clip's numbers do not depend on its company.

On a CPU torch multiplies float32 by MKL, which uses AVX2 and no more on a processor that Intel did not make; oneDNN,
which torch brings along as well, uses what there is. On a Zen 5, AVX-512, its products take less than half the time;
kept to AVX2 they take nine tenths. Torch has no public name for them (this one is what torch.compile calls), so where
it is missing, or has no arithmetic of the type, torch's own products do.
"""

from __future__ import annotations

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
    if not _by_onednn(weight):
        found = F.linear(rows, weight, bias)
        return F.gelu(found) if gelu else found
    attribute, algorithm = ("gelu", "none") if gelu else ("none", "")
    fused: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, attribute, [], algorithm)
    return fused


def packed(weights: Linear) -> Linear:
    """The weights in the order in which products of many rows read them: memory of their own, a thirtieth less time."""
    weight, bias = weights
    if not _by_onednn(weight) or not hasattr(torch.ops.mkldnn, "_reorder_linear_weight"):
        return weights
    return torch.ops.mkldnn._reorder_linear_weight(weight), bias


def _by_onednn(weight: Tensor) -> bool:
    return weight.device.type == "cpu" and has_onednn(weight.dtype)


@cache
def has_onednn(dtype: torch.dtype) -> bool:
    """Whether this torch, on this CPU, multiplies numbers of this type by oneDNN."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not there or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    if dtype == torch.float32:
        return True
    check = {torch.bfloat16: "_is_mkldnn_bf16_supported", torch.float16: "_is_mkldnn_fp16_supported"}.get(dtype, "")
    return hasattr(torch.ops.mkldnn, check) and bool(getattr(torch.ops.mkldnn, check)())


def fewest_rows() -> int:
    """From this many rows on, a row of a product is the same to the last bit whatever the other rows are.

    Measured: 2 rows with oneDNN; with MKL 4 on one thread, 12 on two.
    """
    threads = torch.get_num_threads()
    return 4 if threads == 1 else 8 * threads


def padded_rows(rows: Tensor) -> Tensor:
    """`rows` (n, c) with zeros below, where there are fewer than `fewest_rows()`."""
    missing = fewest_rows() - len(rows)
    return rows if missing <= 0 else F.pad(rows, (0, 0, 0, missing))
