"""Draws of whole source recordings with replacement, shared by all cells of a grid.

The bootstrap of clusters (Field and Welsh, "Bootstrapping clustered data", JRSS B 69, 2007): slices of one recording
are not independent, so that recordings are drawn, with all their clips. A draw is a count for each recording, and what
a metric needs of the clips is summed recording by recording once; all draws of all cells are then matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from atmda.core.types import FloatArray, IntArray

SAMPLES = 2000


@dataclass(frozen=True)
class Block:
    """The clips of one fold.

    Attributes:
        rows: their row numbers, int (m,), those of one recording beside each other.
        starts: where each of the fold's u recordings begins in `rows`, int (u,).
        counts: how often each draw has each recording, (n_samples, u), in the smallest type that holds them.
    """

    rows: IntArray
    starts: IntArray
    counts: npt.NDArray[np.unsignedinteger]

    def sums(self, values: npt.NDArray[np.generic]) -> FloatArray:
        """Sums by recording, float32 (u, k), of values (n, k)."""
        return np.add.reduceat(values[self.rows].astype(np.float32), self.starts, axis=0)

    def weights(self, n_samples: int) -> FloatArray:
        """How often each clip of `rows` is in each of the first `n_samples` draws, float32 (m, n_samples)."""
        sizes = np.diff(self.starts, append=len(self.rows))
        return np.repeat(self.counts[:n_samples].T.astype(np.float32), sizes, axis=0)


class Resampling:
    """The draws for n clips; the same sources and seed give the same draws, whatever the order of the clips.

    Sets of clips of the same recordings share their draws, so that draws of one figure can be averaged over sets; those
    of other recordings are independent of them.

    Args:
        sources: the recording of each clip (n,); clip names where every clip is a recording of its own.
        folds: number of the test set of each clip, int (n,); None for one set. A figure is the mean over test sets.
        n_samples: draws. seed: what they are made from.

    Raises ValueError where there are no clips, or not as many folds as sources.
    """

    def __init__(
        self, sources: Sequence[str], folds: IntArray | None = None, *, n_samples: int = SAMPLES, seed: int = 0
    ) -> None:
        folds = np.zeros(len(sources), np.int64) if folds is None else np.asarray(folds)
        if not len(sources) or len(folds) != len(sources):
            raise ValueError(f"there are {len(sources)} sources and {len(folds)} folds; one of each a clip is needed")
        names, self.units = numbered(sources)
        self.n_samples, self.n_sources = n_samples, len(names)
        words = np.frombuffer(sha256("\0".join(names).encode("utf-8", "surrogatepass")).digest(), np.uint32)
        generator = np.random.default_rng([seed, *words.tolist()])
        size = len(names)
        counts = np.empty((n_samples, size), np.min_scalar_type(size))
        for row in counts:
            row[:] = np.bincount(generator.integers(size, size=size), minlength=size)
        counts = counts.astype(np.min_scalar_type(int(counts.max())), copy=False)
        self.blocks = [self._block(np.flatnonzero(folds == fold), counts) for fold in np.unique(folds)]

    def _block(self, rows: IntArray, counts: npt.NDArray[np.unsignedinteger]) -> Block:
        rows = rows[np.argsort(self.units[rows], kind="stable")]
        units, starts = np.unique(self.units[rows], return_index=True)
        return Block(rows, starts, counts[:, units])

    def totals(self, values: npt.NDArray[np.generic]) -> Iterator[FloatArray]:
        """For each fold the sums of values (n, k) in every draw, float32 (n_samples, k); whole numbers are exact."""
        for block in self.blocks:
            yield block.counts.astype(np.float32) @ block.sums(values)

    @cached_property
    def sizes(self) -> list[FloatArray]:
        """For each fold how many clips each draw has, float32 (n_samples, 1)."""
        return list(self.totals(np.ones((len(self.units), 1), np.float32)))

    def mean(self, values: npt.NDArray[np.generic]) -> FloatArray:
        """The mean of values (n, k) over the clips of a fold, meaned over folds, in every draw: (n_samples, k).

        That is accuracy, where the values say which clips are labelled right.
        """
        return over_folds(
            np.divide(total, size, out=np.full(total.shape, np.nan, np.float32), where=size > 0)
            for total, size in zip(self.totals(values), self.sizes, strict=True)
        )


def over_folds(parts: Iterator[FloatArray]) -> FloatArray:
    """The mean of `parts`, one a fold, without the NaN of draws that have no clip of a fold."""
    total: FloatArray | None = None
    there: FloatArray | None = None
    for part in parts:
        known = ~np.isnan(part)
        total = np.nan_to_num(part) if total is None else total + np.nan_to_num(part)
        there = known.astype(np.float32) if there is None else there + known
    assert total is not None
    assert there is not None
    return np.divide(total, there, out=np.full(total.shape, np.nan, np.float32), where=there > 0)


def numbered(sources: Sequence[str]) -> tuple[list[str], IntArray]:
    """The names of the sources, sorted, and the number of each clip's, int (n,)."""
    names = sorted(set(sources))
    number = {name: index for index, name in enumerate(names)}
    return names, np.fromiter((number[name] for name in sources), np.int64, len(sources))
