"""Why a clip's numbers do not depend on its company: products of few rows take other kernels than products of many."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def fewest_rows() -> int:
    """From this many rows on, a row of a matrix product is the same to the last bit whatever the other rows are.

    Measured with MKL: 4 rows on one thread, 12 on two.
    """
    threads = torch.get_num_threads()
    return 4 if threads == 1 else 8 * threads


def padded_rows(rows: Tensor) -> Tensor:
    """`rows` (n, c) with zeros below, where there are fewer than `fewest_rows()`."""
    missing = fewest_rows() - len(rows)
    return rows if missing <= 0 else F.pad(rows, (0, 0, 0, missing))
