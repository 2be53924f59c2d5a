"""Matrix products: the fastest kernels of the device, in shapes that do not depend on a clip's company.

On a CPU torch multiplies by MKL or by oneDNN, which it brings along as well. Which is the faster differs from processor
to processor: MKL uses AVX2 and no more on one that Intel did not make, and is the faster of the two with AMX. It is
tried once (see `trials`). Torch has no public name for oneDNN's products (this one is what torch.compile calls), so
where it is missing, torch's own do.

Libraries multiply few rows by other kernels than many, whose last bits differ. So that a clip or a prompt has the same
bits alone and in any batch, a product of it has the number of rows that it has alone, or one that is found to change
nothing (`product.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from atmda.core.encoders.clap.trials import remembered

#: a weight (out, in) and a bias (out,)
Linear = tuple[Tensor, Tensor | None]
#: how much faster torch's own product must be to be taken: timings that close would not be the same tomorrow
MARGIN = 1.05
TRIES = 15


def linear(rows: Tensor, weights: Linear, *, gelu: bool = False) -> Tensor:
    """`rows` (n, in), of any type, times the weights plus the bias, in the type of the weights: (n, out).

    With `gelu`, what that function (the exact one, by erf) makes of it, in the same pass where that is faster.
    """
    weight, bias = weights
    rows = rows.to(weight.dtype)
    if gelu and _is_within(weight):
        return _gelu_within(rows, weights)
    found = _onednn(rows, weight, bias) if by_onednn(weight) else F.linear(rows, weight, bias)
    return _gelu(found) if gelu else found


def filled(rows: Tensor, count: int) -> Tensor:
    """`rows` (n, c) and zeros below, up to the next multiple of `count` rows."""
    missing = -len(rows) % count
    return F.pad(rows, (0, 0, 0, missing)) if missing else rows


def packed(weights: Linear) -> Linear:
    """The weights in the order in which products of many rows read them: memory of their own, a tenth less time."""
    weight, bias = weights
    if not by_onednn(weight) or not hasattr(torch.ops.mkldnn, "_reorder_linear_weight"):
        return weights
    return torch.ops.mkldnn._reorder_linear_weight(weight), bias


def by_onednn(tensor: Tensor) -> bool:
    """Whether products with this tensor go by oneDNN."""
    return tensor.device.type == "cpu" and has_onednn(tensor.dtype) and is_faster_by_onednn(tensor.dtype)


def library(tensor: Tensor, *, gelu: bool = False) -> str:
    """What multiplies by this tensor, and how where `gelu` comes after it: what holds for one need not for another."""
    if not by_onednn(tensor):
        return "torch"
    return "oneDNN, GELU apart" if gelu and not _is_within(tensor) else "oneDNN"


@cache
def has_onednn(dtype: torch.dtype) -> bool:
    """Whether oneDNN is there and has such arithmetic on this CPU."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not there or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    if dtype == torch.float32:
        return True
    check = {torch.bfloat16: "_is_mkldnn_bf16_supported", torch.float16: "_is_mkldnn_fp16_supported"}.get(dtype, "")
    return hasattr(torch.ops.mkldnn, check) and bool(getattr(torch.ops.mkldnn, check)())


@cache
def is_faster_by_onednn(dtype: torch.dtype) -> bool:
    """Whether oneDNN's products of this type are about as fast as torch's own, or faster: tried once a machine."""

    def try_both() -> bool:
        rows, (weight, bias) = _example(dtype)
        own, onednn = best_of(lambda: F.linear(rows, weight, bias), lambda: _onednn(rows, weight, bias))
        return onednn < MARGIN * own

    return remembered(f"oneDNN for {dtype}", try_both, otherwise=True, any_threads=True)


@cache
def is_faster_than_float32(dtype: torch.dtype) -> bool:
    """Whether products of this type take less than four fifths of the time of float32's: tried once a machine."""

    def try_both() -> bool:
        lower, exact = best_of(partial(linear, *_example(dtype)), partial(linear, *_example(torch.float32)))
        return lower < 0.8 * exact

    return remembered(f"{dtype} against float32", try_both, any_threads=True)


@cache
def is_gelu_faster_within(dtype: torch.dtype) -> bool:
    """Whether oneDNN's products take GELU into their pass at less cost than one of its own has: tried once a machine.

    With AVX2 they do not, where the function is written in fewer registers than it has alone.
    """

    def try_both() -> bool:
        within, apart = best_of(partial(_gelu_within, *_example(dtype)), partial(_gelu_apart, *_example(dtype)))
        return within < MARGIN * apart

    return remembered(f"GELU within oneDNN's products of {dtype}", try_both, otherwise=True, any_threads=True)


def best_of(*products: Callable[[], object]) -> list[float]:
    """Seconds of the fastest of some runs of each product, in turn, so that a busy moment is one for all of them."""
    times: list[list[float]] = [[] for _ in products]
    for _ in range(TRIES + 1):  # the first makes the kernel
        for product, mine in zip(products, times, strict=True):
            begun = time.perf_counter()
            product()
            mine.append(time.perf_counter() - begun)
    return [min(mine[1:]) for mine in times]


def _example(dtype: torch.dtype) -> tuple[Tensor, Linear]:
    """Rows and weights of the shape of a stage of the audio tower."""
    generator = torch.Generator().manual_seed(0)
    rows, weight, bias = (torch.randn(shape, generator=generator) for shape in ((256, 768), (768, 768), (768,)))
    return rows.to(dtype), (weight.to(dtype), bias.to(dtype))


def _is_within(weight: Tensor) -> bool:
    return by_onednn(weight) and is_gelu_faster_within(weight.dtype)


def _gelu_within(rows: Tensor, weights: Linear) -> Tensor:
    return _onednn(rows, *weights, "gelu", "none")


def _gelu_apart(rows: Tensor, weights: Linear) -> Tensor:
    return _gelu(_onednn(rows, *weights))


def _gelu(found: Tensor) -> Tensor:
    """The function in place."""
    return torch.ops.aten.gelu_(found)  # type: ignore[no-any-return]


def _onednn(rows: Tensor, weight: Tensor, bias: Tensor | None, attribute: str = "none", algorithm: str = "") -> Tensor:
    found: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, attribute, [], algorithm)
    return found
