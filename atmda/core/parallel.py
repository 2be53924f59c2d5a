"""Threads that each do their own arithmetic on one core."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_threaded_pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of `workers` threads; BLAS and torch start no threads of their own until it is left.

    Parallelism over pieces of work wastes less than parallelism inside a product, and arithmetic that stays on its
    thread sums in one order, so the bytes are the same on any number of threads. Work not begun when the pool is left
    is dropped.
    """
    with threadpool_limits(1), ThreadPoolExecutor(workers, "atmda", initializer=_one_thread) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """Arithmetic of torch on this thread alone: some kernels sum in another order where several share a product."""
    torch = sys.modules["torch"]
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)  # and not by `threadpool_limits`, which does not reach the MKL within torch
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _one_thread() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
