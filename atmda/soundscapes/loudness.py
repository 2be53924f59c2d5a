"""Integrated loudness: ITU-R BS.1770-4, gated, mono, in LUFS.

The conventions are those of pyloudnorm, because scaper measures with it and levels must agree: K-weighting by a
+4 dB shelf at 1500 Hz (Q 1/sqrt 2) and a high pass at 38 Hz (Q 1/2), both after Bristow-Johnson's audio EQ cookbook;
blocks of 0.4 s every 0.1 s; gates at -70 LUFS and at 10 LU below the mean of what passes.

The filter runs block by block as matrix products. A recursive filter in plain numpy would be a Python loop over
samples, and scipy costs more to import than rendering dozens of soundscapes. Products are kept small (64 blocks of 48
samples), below the size from which BLAS libraries start threads, which would burn more time than they save.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, cos, pi, sin, sqrt

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FLOOR = -70.0
BLOCK_SECONDS = 0.4
STEP = 0.25
SHORTEST_SECONDS = 0.5
FILTER_BLOCK = 48
GROUP = 64
ORDER = 4
DECIMALS = 6


def integrated_loudness(samples: npt.ArrayLike, sample_rate: int) -> float:
    """Gated loudness in LUFS of `samples` (n,), n > 0, mono in [-1, 1], at `sample_rate` Hz.

    Clips under 0.5 s are repeated until they reach it; silence and all that is quieter give -70. Rounded to 1e-6 LU,
    so that the last bits, which depend on the machine's matrix routines, do not reach the soundscape.
    """
    signal = np.asarray(samples)
    seconds = len(signal) / sample_rate
    if seconds < SHORTEST_SECONDS:
        signal = np.tile(signal, ceil(SHORTEST_SECONDS / seconds))
    power = block_power(k_weighted(signal, sample_rate), sample_rate)
    power = power[power > 0]
    passing = power[_lufs(power) >= FLOOR]
    if not len(passing):
        return FLOOR
    passing = passing[_lufs(passing) > _lufs(passing.mean()) - 10.0]
    return max(FLOOR, round(float(_lufs(passing.mean())), DECIMALS))


def block_power(weighted: Array, sample_rate: int) -> Array:
    """Mean square of each 0.4 s block of `weighted` (n,), blocks every 0.1 s: (blocks,).

    The number of blocks is rounded, so the last one may reach past the end; what is missing counts as silence.
    """
    count = int(np.round((len(weighted) / sample_rate - BLOCK_SECONDS) / (BLOCK_SECONDS * STEP))) + 1
    index = np.arange(count)
    first = (BLOCK_SECONDS * (index * STEP) * sample_rate).astype(np.int64)
    last = np.minimum((BLOCK_SECONDS * (index * STEP + 1) * sample_rate).astype(np.int64), len(weighted))
    edges = np.unique(np.concatenate([first, last]))
    energy = np.square(weighted)
    pieces = np.add.reduceat(energy[: edges[-1]], edges[:-1])
    total = np.concatenate([[0.0], np.cumsum(pieces)])
    within = total[np.searchsorted(edges, last)] - total[np.searchsorted(edges, first)]
    return np.asarray(within / (BLOCK_SECONDS * sample_rate))


def k_weighted(samples: npt.ArrayLike, sample_rate: int) -> Array:
    """`samples` (n,) through the K-weighting filter, starting from rest: (n,)."""
    given = np.asarray(samples)
    to_output, to_state, carry = _filter_matrices(sample_rate)
    groups = -(-len(given) // (GROUP * FILTER_BLOCK))
    blocks = np.zeros((groups, GROUP, FILTER_BLOCK + ORDER))
    whole = len(given) // FILTER_BLOCK
    rows = blocks.reshape(-1, FILTER_BLOCK + ORDER)
    rows[:whole, :FILTER_BLOCK] = given[: whole * FILTER_BLOCK].reshape(whole, FILTER_BLOCK)
    rest = given[whole * FILTER_BLOCK :]
    if len(rest):
        rows[whole, : len(rest)] = rest
    blocks[..., FILTER_BLOCK:] = _states(blocks[..., :FILTER_BLOCK] @ to_state, carry)
    return np.asarray(blocks @ to_output).reshape(-1)[: len(given)]


def _lufs(power: npt.ArrayLike) -> Array:
    return np.asarray(-0.691 + 10.0 * np.log10(power))


def _states(kicks: Array, carry: Array) -> Array:
    """Filter state at the start of each block: s[0] = 0, s[k+1] = s[k] @ carry + kicks[k].

    `kicks` and the result are (groups, GROUP, 4): first all groups at once, each from rest, then one after the other.
    """
    groups, size, order = kicks.shape
    local = np.zeros((size + 1, groups, order))
    powers = [np.eye(order)]
    for k in range(size):
        np.matmul(local[k], carry, out=local[k + 1])
        local[k + 1] += kicks[:, k]
        powers.append(powers[-1] @ carry)
    start = np.zeros((groups, order))
    for g in range(groups - 1):
        start[g + 1] = start[g] @ powers[size] + local[size, g]
    spread = np.concatenate(powers[:size], axis=1)
    states = local[:size].transpose(1, 0, 2)
    return np.asarray(states + (start @ spread).reshape(groups, size, order))


def k_weighting_sections(sample_rate: int) -> list[tuple[float, float, float, float, float]]:
    """The two biquads as (b0, b1, b2, a1, a2), a0 = 1."""
    amplitude = 10.0 ** (4.0 / 40.0)
    w = 2.0 * pi * 1500.0 / sample_rate
    alpha = sin(w) / (2.0 / sqrt(2.0))
    rise, fall, lift = amplitude + 1, amplitude - 1, 2.0 * sqrt(amplitude) * alpha
    a0 = rise - fall * cos(w) + lift
    shelf = (
        amplitude * (rise + fall * cos(w) + lift) / a0,
        -2.0 * amplitude * (fall + rise * cos(w)) / a0,
        amplitude * (rise + fall * cos(w) - lift) / a0,
        2.0 * (fall - rise * cos(w)) / a0,
        (rise - fall * cos(w) - lift) / a0,
    )
    w = 2.0 * pi * 38.0 / sample_rate
    alpha = sin(w) / (2.0 * 0.5)
    a0 = 1.0 + alpha
    half = (1.0 + cos(w)) / 2.0 / a0
    return [shelf, (half, -2.0 * half, half, -2.0 * cos(w) / a0, (1.0 - alpha) / a0)]


@lru_cache(maxsize=4)
def _filter_matrices(sample_rate: int) -> tuple[Array, Array, Array]:
    """One block of the filter as matrices, found by running it on unit inputs and unit states.

    Returns `to_output` (block + 4, block): samples and the state before them to output; `to_state` (block, 4): samples
    to the state they leave behind; `carry` (4, 4): state to the state left behind after a block of silence.
    """
    size = FILTER_BLOCK
    response, impulse_states = _run(np.eye(1, size)[0], [0.0] * ORDER, sample_rate)
    to_output, carry = np.zeros((size + ORDER, size)), np.zeros((ORDER, ORDER))
    for k in range(size):
        to_output[k, k:] = response[: size - k]
    for k in range(ORDER):
        output, states = _run(np.zeros(size), list(np.eye(ORDER)[k]), sample_rate)
        to_output[size + k], carry[k] = output, states[-1]
    return to_output, impulse_states[::-1].copy(), carry


def _run(samples: Array, state: list[float], sample_rate: int) -> tuple[Array, Array]:
    """The filter as a plain loop (transposed direct form II): output (n,), state after each sample (n, 4)."""
    sections = k_weighting_sections(sample_rate)
    output, states = np.zeros(len(samples)), np.zeros((len(samples), ORDER))
    for n, sample in enumerate(samples):
        value = float(sample)
        for k, (b0, b1, b2, a1, a2) in enumerate(sections):
            entering, value = value, b0 * value + state[2 * k]
            state[2 * k] = b1 * entering - a1 * value + state[2 * k + 1]
            state[2 * k + 1] = b2 * entering - a2 * value
        output[n], states[n] = value, state
    return output, states
