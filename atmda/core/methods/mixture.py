"""What unlabelled clips say of each other: a mixture of Gaussians with a prior for each clip; class priors by EM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from atmda.core.methods.prototypes import unit_rows
from atmda.core.types import FloatArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Doubles = npt.NDArray[np.float64]
BLOCK = 1024  # rows whose neighbours are looked for at once


def log_softmax(logits: npt.ArrayLike) -> Doubles:
    """Row by row, float64 (n, c); -inf for a class that cannot win."""
    L = np.asarray(logits, np.float64)
    L = L - L.max(axis=1, keepdims=True)
    found: Doubles = L - np.log(np.exp(L).sum(axis=1, keepdims=True))
    return found


def mixture_posteriors(
    X: npt.ArrayLike,
    log_prior: npt.ArrayLike,
    *,
    tempering: float = 50.0,
    agreement: float = 1.0,
    neighbours: int = 3,
    rounds: int = 10,
    steps: int = 5,
) -> FloatArray:
    """Log probabilities of the classes of all clips together, float32 (n, c).

    One spherical Gaussian a class with one variance for all, on unit vectors x_i:

        m_c = unit(sum_i q_ic x_i)          v = sum_ic q_ic |x_i - m_c|^2 / (n d)
        log q_ic = log prior_ic - |x_i - m_c|^2 / (2 v tempering) + agreement sum_j w_ij q_jc + const

    with w_ij the mean of a_ij and a_ji, a_ij = x_i . x_j / k for the k nearest j of i, else 0. q starts as the prior;
    each of `rounds` makes the means and the variance, then `steps` times q.

    Args:
        X: clips, (n, d). log_prior: log probabilities of each clip by itself, (n, c).
    """
    rows, prior = unit_rows(X).astype(np.float64), log_softmax(log_prior)
    weights = _affinities(rows, min(neighbours, len(rows) - 1)) if agreement else None
    L, q = prior, np.exp(prior)
    for _ in range(rounds):
        means = unit_rows(q.T @ rows).astype(np.float64)
        distances = 1 + (means**2).sum(axis=1) - 2 * rows @ means.T
        variance = max(float((q * distances).sum()) / rows.size, 1e-12)
        fixed = prior - distances / (2 * variance * tempering)
        for _ in range(steps if weights is not None else 1):
            L = log_softmax(fixed if weights is None else fixed + agreement * (weights @ q))
            q = np.exp(L)
    return L.astype(np.float32)


def _affinities(rows: Doubles, k: int) -> csr_array | None:
    """w (n, n), symmetric and sparse, from the k nearest of each row; None without any."""
    from scipy.sparse import csr_array

    n = len(rows)
    if k < 1:
        return None
    nearest, near = np.empty((n, k), np.int64), np.empty((n, k))
    for start in range(0, n, BLOCK):
        similarity = rows[start : start + BLOCK] @ rows.T
        own = np.arange(len(similarity))
        similarity[own, start + own] = -np.inf
        found = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        nearest[start : start + BLOCK], near[start : start + BLOCK] = found, similarity[own[:, None], found]
    directed = csr_array((near.ravel() / k, (np.repeat(np.arange(n), k), nearest.ravel())), shape=(n, n))
    return (directed + directed.T) / 2


def corrected_for_priors(log_posteriors: npt.ArrayLike, *, rounds: int = 100, tolerance: float = 1e-6) -> FloatArray:
    """Log probabilities under the class priors that the clips themselves make likeliest, float32 (n, c).

    Saerens, Latinne and Decaestecker (Neural Computation 14, 2002), from equal priors:

        q_ic ~ prior_c p_ic        prior_c = mean over i of q_ic
    """
    given = log_softmax(log_posteriors)
    L, prior = given, np.full(given.shape[1], 1 / given.shape[1])
    for _ in range(rounds):
        found = np.exp(L).mean(axis=0)
        with np.errstate(divide="ignore"):
            L = log_softmax(given + np.log(found))
        moved, prior = float(np.abs(found - prior).max()), found
        if moved < tolerance:
            break
    return L.astype(np.float32)
