"""Lengths of embeddings: encoders give unit vectors, other programs often leave them as the last layer made them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atmda.core.types import FloatArray

#: Half precision costs a unit vector less than this; embeddings that were never normalised are off by far more.
TOLERANCE = 0.01


def lengths(rows: FloatArray) -> npt.NDArray[np.float64]:
    """Euclidean lengths of `rows` (n, d), float64 (n,)."""
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", rows, rows, dtype=np.float64)), np.float64)


def are_unit(rows: FloatArray) -> bool | None:
    """Whether all of `rows` (n, d) have length 1, but for those of zeros, which have no direction.

    None where there is nothing else.
    """
    found = lengths(rows)
    found = found[found > 0]
    return bool((np.abs(found - 1) <= TOLERANCE).all()) if len(found) else None


def unit(rows: FloatArray) -> FloatArray:
    """`rows` (n, d) at length 1, float32; those of zeros stay zeros."""
    found = lengths(rows)[:, None]
    return np.asarray(rows / np.where(found > 0, found, 1), np.float32)


def span(rows: FloatArray) -> str:
    """The shortest and the longest of `rows` (n, d), for a message."""
    found = lengths(rows)
    return f"{found.min():.3g} to {found.max():.3g}"
