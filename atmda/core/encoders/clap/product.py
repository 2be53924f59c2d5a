"""Weights that rows are multiplied by, in blocks of so many rows as leave the bits of each row alone.

With AMX, for one, oneDNN sums a product of few rows and long sums in another order than one of many, and all other
products in one order. So each is cut where it has to be, by a trial on its very shape, and no precision is refused for
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from torch import Tensor

from atmda.core.encoders.clap.matmul import Linear, library, linear, packed
from atmda.core.encoders.clap.trials import remembered


@dataclass(frozen=True)
class Product:
    """A layer's product.

    Attributes:
        weights: of the layer.
        gelu: whether that function comes after it.
        at_once: most rows that go through together; None for any number.
    """

    weights: Linear
    gelu: bool = False
    at_once: int | None = None

    def __call__(self, rows: Tensor) -> Tensor:
        """As `linear`: (n, out) in the type of the weights."""
        if self.at_once is None or len(rows) <= self.at_once:
            return linear(rows, self.weights, gelu=self.gelu)
        return _in_blocks(rows, self.at_once, self.weights, self.gelu)

    def packed(self, sizes: Iterable[int]) -> Product:
        """With the weights in the order in which products of many rows read them: a tenth less time.

        Unless that moves bits in products of one of `sizes`, the numbers of rows that will come.
        """
        if all(self.is_steady(size) for size in sizes):
            return replace(self, weights=packed(self.weights))
        return self

    def is_steady(self, size: int, least: int | None = None) -> bool:
        """Whether a row has its bits of products of `least` rows (`size` unless given) in any place of one of `size`.

        With weights in either order.
        """
        out, width = self.weights[0].shape
        least = least or size
        by = library(self.weights[0], gelu=self.gelu)
        kind = f"{self.weights[0].dtype} {out} x {width}{' gelu' if self.gelu else ''} by {by}"
        return remembered(f"{size} rows as {least}, in any place, of {kind}", lambda: self._same(size, least))

    def steady(self, sizes: Sequence[int]) -> Product:
        """Cut so that a row has the same bits among any number of rows out of `sizes`, multiples of the first.

        With weights in either order. What is found holds for all weights of this shape.
        """
        steady = list(takewhile(lambda size: self.is_steady(size, sizes[0]), sizes))
        return replace(self, at_once=max(steady, default=sizes[0]))

    @torch.inference_mode()
    def _same(self, size: int, least: int) -> bool:
        """Whether a row's bits are those of products of `least` rows in products of `size`, with packed weights too.

        And in another place, for MKL sums the last of a few rows in another order.
        """
        weight, bias = self.weights
        generator = torch.Generator().manual_seed(0)
        plain = torch.randn(weight.shape, generator=generator).to(weight.dtype), bias
        rows = torch.randn(size, weight.shape[1], generator=generator).to(weight.dtype)
        wanted = _in_blocks(rows, least, plain, self.gelu)
        moved = linear(rows.roll(1, 0), plain, gelu=self.gelu).roll(-1, 0)
        found = [moved, *(linear(rows, each, gelu=self.gelu) for each in (plain, packed(plain)))]
        return all(torch.equal(each, wanted) for each in found)


def _in_blocks(rows: Tensor, count: int, weights: Linear, gelu: bool) -> Tensor:
    return torch.cat([linear(part, weights, gelu=gelu) for part in torch.split(rows, count)])
