"""Which patches overlapping windows share, and that the network hears every place of a stretch once."""

from __future__ import annotations

import numpy as np
import pytest

from atmda.core.encoders.compact.overlapping import MARGIN, PLACE, PLACE_FRAMES, TOGETHER, Shared, can_share


def test_windows_share_patches_that_begin_where_their_own_would_and_the_last_ends_with_them() -> None:
    shared = Shared.of(20 * 16_000, np.arange(0, 10 * 16_000 + 1, 16_000), 10 * 16_000)
    begins = shared.patches[shared.of_window] * PLACE / 16_000
    assert begins.shape == (11, 11) and len(shared.patches) < 60
    own = np.array([*np.arange(10) * 0.96, 9.025]) + np.arange(11)[:, None]
    assert np.abs(begins - own).max() <= 0.161


@pytest.mark.parametrize("samples", [15_759, 16_000, 32_000, 60 * 16_000 + 7])
def test_no_patch_reaches_beyond_the_stretch(samples: int) -> None:
    size = min(samples, 32_000)
    shared = Shared.of(samples, np.array([0, samples - size]), size)
    heard = []

    def network(frames: np.ndarray) -> np.ndarray:
        heard.append(len(frames) // PLACE_FRAMES)
        return np.arange(heard[-1], dtype=np.float32)[:, None]

    trunks = shared.trunks(np.zeros(samples, np.float32), network)
    assert trunks.shape == (len(shared.patches), 1)
    assert max(heard) <= TOGETHER


def test_places_are_heard_in_order_and_once_whatever_they_are_heard_with() -> None:
    """The network here says which 32 frames a place is: levels that rise show where in the stretch they lie."""
    samples = np.random.default_rng(0).normal(0, np.repeat(np.linspace(0.1, 1, 300), PLACE)).astype(np.float32)
    shared = Shared.of(len(samples), np.arange(0, len(samples) - 16_000, PLACE), 15_600)
    lengths, frames_heard = [], []

    def network(frames: np.ndarray) -> np.ndarray:
        lengths.append(len(frames) // PLACE_FRAMES)
        frames_heard.append(frames)
        return frames.reshape(-1, PLACE_FRAMES * 64)

    trunks = shared.trunks(samples, network)
    kept = TOGETHER - 2 * MARGIN
    assert sum(lengths) == sum(min(300 - 1, a + kept + MARGIN) - max(0, a - MARGIN) for a in range(0, 299, kept))
    whole = np.concatenate([frames_heard[0][: (kept) * PLACE_FRAMES], frames_heard[1][MARGIN * PLACE_FRAMES :]])
    places = whole.reshape(-1, PLACE_FRAMES * 64)
    for patch in (0, 1, kept - 2, kept - 1, kept, kept + 5):
        np.testing.assert_allclose(trunks[patch], places[patch : patch + 3].mean(axis=0), rtol=1e-5)


def test_only_windows_that_overlap_and_hold_a_patch_share() -> None:
    assert can_share(2.0, 0.5) and can_share(0.985, 0.5)
    assert not can_share(2.0, 2.0) and not can_share(0.975, 0.5)
