"""Recordings and sentences in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np
import numpy.typing as npt

from atmda.core.evaluation.gap import unit
from atmda.core.types import FloatArray

Projection = Literal["pca", "umap"]


@dataclass(frozen=True)
class Picture:
    """Points of the plane.

    Attributes:
        audio: float64 (n, 2). text: float64 (c, 2).
        explained: shares of the variance along both axes, float64 (2,); None for UMAP, whose axes mean nothing.
    """

    audio: npt.NDArray[np.float64]
    text: npt.NDArray[np.float64]
    explained: npt.NDArray[np.float64] | None


def umap_is_there() -> bool:
    """Whether umap-learn is installed."""
    return find_spec("umap") is not None


def picture(X: FloatArray, T: FloatArray, projection: Projection = "pca", seed: int = 0) -> Picture:
    """X (n, d) and T (c, d), at unit length, in two dimensions that are found for both together.

    "pca" is scikit-learn's, the same on every machine but for rounding; "umap" (McInnes, Healy, Melville, 2018) needs
    umap-learn. Raises ValueError where that is not installed, or there are fewer than two rows.
    """
    rows = np.concatenate([unit(X), unit(T)]).astype(np.float64)
    if len(rows) < 2 or rows.shape[1] < 2:
        raise ValueError("a picture needs two embeddings of two dimensions at least")
    if projection == "umap":
        return _umap(rows, len(X), seed)
    from sklearn.decomposition import PCA

    model = PCA(n_components=2, svd_solver="full")
    points = model.fit_transform(rows)
    return Picture(points[: len(X)], points[len(X) :], np.asarray(model.explained_variance_ratio_))


def _umap(rows: npt.NDArray[np.float64], n: int, seed: int) -> Picture:
    if not umap_is_there():
        raise ValueError("projection umap needs the package umap-learn, which is not installed")
    import umap

    neighbours = min(15, len(rows) - 1)
    points = umap.UMAP(n_neighbors=neighbours, metric="cosine", random_state=seed, n_jobs=1).fit_transform(rows)
    return Picture(np.asarray(points[:n], np.float64), np.asarray(points[n:], np.float64), None)
