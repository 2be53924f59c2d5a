"""Methods that score the clips of a test set together, after whatever adaptation: they look at no label of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from atmda.core.methods.base import Method, Scorer, Split, Training
from atmda.core.methods.cleared import CLEARED_MIXED
from atmda.core.methods.mixture import corrected_for_priors, mixture_posteriors
from atmda.core.methods.published import ZeroShot
from atmda.core.methods.unit import UNIT_SUPERVISED, UNIT_TEXT_GUIDED, Mixed
from atmda.core.methods.wrapping import Wrapping
from atmda.core.types import FloatArray

MIXTURE_SOURCE = "after Zhou and Wang, arXiv 2606.17160, and TransCLIP, Zanella et al., arXiv 2406.01837"
PRIOR_SOURCE = "Saerens et al., Neural Computation 14 (2002)"
#: with fewer test clips a class the mixture has little to learn from (arXiv 2606.17160)
FEWEST_A_CLASS = 2.5


@dataclass(frozen=True)
class Transductive(Wrapping):
    """`base`, whose scores the test set refines; they become log probabilities."""

    transductive = True
    logit_scale = 1.0

    def fit(self, training: Training) -> Scorer:
        """The scorer of `base`: what a background's profile is taken from, too."""
        return self.base.fit(training)

    def cross_fit(self, training: Training, splits: Sequence[Split]) -> Iterator[tuple[Scorer, FloatArray]]:
        return self.base.cross_fit(training, splits)

    def seen(self, training: Training) -> Training:
        return self.base.seen(training)


@dataclass(frozen=True)
class GaussianMixture(Transductive):
    """A Gaussian a class over the unlabelled clips, with the scores of `base` as each clip's prior.

    `tempering`, `agreement`, `neighbours`, `rounds`: see `mixture.mixture_posteriors`.
    """

    tempering: float = 50.0
    agreement: float = 1.0
    neighbours: int = 3
    rounds: int = 10

    def refine(self, scores: FloatArray, test: Training) -> FloatArray:
        X = self.seen(test).X
        assert X is not None
        return mixture_posteriors(
            X,
            scores * np.float32(test.scale),
            tempering=self.tempering,
            agreement=self.agreement,
            neighbours=self.neighbours,
            rounds=self.rounds,
        )


class ClearedMixture(GaussianMixture):
    """The same over clips cleared of their backgrounds, of which nothing is left to be subtracted."""

    adapts = False


@dataclass(frozen=True)
class PriorCorrected(Transductive):
    """How often each class occurs in the test set, found by EM and counted in."""

    def refine(self, scores: FloatArray, test: Training) -> FloatArray:
        return corrected_for_priors(scores * np.float32(test.scale))


ABOUT = "as the prior of a mixture of Gaussians over the clips of the test set"


def _mixture(name: str, base: Method) -> GaussianMixture:
    return GaussianMixture(name, f"{base.name} {ABOUT}", MIXTURE_SOURCE, base.needs, base)


def _priors(name: str, base: Method) -> PriorCorrected:
    about = f"{base.name} with the classes' frequencies in the test set estimated"
    return PriorCorrected(name, about, PRIOR_SOURCE, base.needs, base)


PLUGINS = (
    _mixture("zs-em", ZeroShot()),
    _mixture("tgap-em", UNIT_TEXT_GUIDED),
    _mixture("sv-em", UNIT_SUPERVISED),
    _mixture("mixed-em", Mixed()),
    ClearedMixture(
        "mixed-cleared-em",
        f"mixed-cleared {ABOUT}",
        f"this project; the mixture {MIXTURE_SOURCE}",
        CLEARED_MIXED.needs,
        CLEARED_MIXED,
    ),
    _priors("zs-prior", ZeroShot()),
    _priors("sv-prior", UNIT_SUPERVISED),
)
