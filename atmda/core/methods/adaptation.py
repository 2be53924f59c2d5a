"""Background profiles and the adapted scores (Acevedo et al., arXiv 2506.04376).

scores  = X @ P.T
profile = (B @ P.T).mean(axis=0)      one scene for all clips: (c,)
        =  B @ P.T                    row by row, each clip's own background: (n, c)
adapted = scores - temperature * profile
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from atmda.core import bounds
from atmda.core.methods.base import Scorer
from atmda.core.methods.prototypes import scores
from atmda.core.types import FloatArray

TEMPERATURE = 0.5


def background_profile(B: npt.ArrayLike, P: npt.ArrayLike) -> FloatArray:
    """How a scene scores against the classes, float32 (c,): B (m, d) its embeddings, of sentences or recordings."""
    if not len(np.asarray(B)):
        raise ValueError("a background profile needs at least one background embedding")
    profile: FloatArray = clip_profiles(B, P).mean(axis=0)
    return profile


def clip_profiles(B: npt.ArrayLike, P: npt.ArrayLike) -> FloatArray:
    """How each clip's own background scores, float32 (n, c): row i of B (n, d) belongs to clip i."""
    return _possible(scores(B, P))


def profiles(scorer: Scorer, B: FloatArray) -> FloatArray:
    """How background embeddings B (m, d) score by any method, float32 (m, c)."""
    return _possible(scorer.scores(B))


def _possible(found: FloatArray) -> FloatArray:
    """`found`, 0 for a class that cannot win: one without a prototype has no profile either."""
    found[np.isneginf(found)] = 0.0
    return found


def adapt(clip_scores: npt.ArrayLike, profile: npt.ArrayLike, temperature: float = TEMPERATURE) -> FloatArray:
    """scores - temperature * profile, float32 (n, c); `profile` is (c,) or (n, c).

    Raises ValueError where the shapes do not fit or the temperature is not a number of its bounds.
    """
    S, profile = np.asarray(clip_scores, np.float32), np.asarray(profile, np.float32)
    if profile.shape not in (S.shape, S.shape[1:]):
        raise ValueError(f"a profile of shape {profile.shape} does not fit scores of shape {S.shape}")
    if float(temperature) not in bounds.TEMPERATURE:
        raise ValueError(f"the temperature is a finite number {bounds.TEMPERATURE}")
    adapted: FloatArray = S - np.float32(temperature) * profile
    return adapted


def probabilities(clip_scores: npt.ArrayLike, logit_scale: float = 1.0) -> FloatArray:
    """Softmax over classes of scores times the encoder's logit scale, float32 (n, c)."""
    logits = np.asarray(clip_scores, np.float64) * logit_scale
    logits -= logits.max(axis=1, keepdims=True)
    exponentials: npt.NDArray[np.float64] = np.exp(logits)
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials.astype(np.float32)
