"""The profile as published, by scene, of all recordings, and without the mean over classes."""

from __future__ import annotations

import numpy as np

from atmda.core.profiles.base import ProfileKind, Scored, group_means
from atmda.core.types import FloatArray

SOURCE, OWN = "Acevedo et al., arXiv 2506.04376", "this project"


def _unchanged(profile: FloatArray) -> FloatArray:
    return profile


def _by_scene(found: Scored) -> FloatArray:
    if found.scenes is None:
        raise ValueError("the scene of each clip's background is not known")
    return group_means(found.own, found.scenes, found.recordings)


def _of_all(found: Scored) -> FloatArray:
    return group_means(found.own, np.zeros(len(found.own), np.int64), found.recordings)


def _mean_removed(profile: FloatArray) -> FloatArray:
    """Less the mean over classes: it moves no clip's scores up or down as a whole."""
    less: FloatArray = profile - profile.mean(axis=-1, keepdims=True)
    return less


PLUGINS = (
    ProfileKind(
        "published",
        "each clip's own background where known, else one for all",
        SOURCE,
        lambda found: found.own,
        _unchanged,
    ),
    ProfileKind("scene", "the mean over the recordings of the clip's scene", OWN, _by_scene, _unchanged),
    ProfileKind("mean", "the mean over all recordings, one for all clips", SOURCE, _of_all, _unchanged),
    ProfileKind(
        "mean-removed",
        "published, less its mean over classes",
        OWN,
        lambda found: _mean_removed(found.own),
        _mean_removed,
    ),
)
