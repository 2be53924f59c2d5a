"""What the shell completes: names of encoders, data sets and scenes. Cheap, for it runs at every press of Tab."""

from __future__ import annotations


def _starting(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def encoder_names(incomplete: str) -> list[str]:
    from atmda.core.encoders import ENCODERS

    return _starting(["auto", *ENCODERS.names()], incomplete)


def dataset_names(incomplete: str) -> list[str]:
    from atmda.datasets import dataset_names as names

    return _starting(names(), incomplete)


def scene_names(incomplete: str) -> list[str]:
    from atmda.datasets import labels_of

    return _starting([scene.replace(" ", "_") for scene in labels_of("tau2019uas")], incomplete)


def fetch_names(incomplete: str) -> list[str]:
    from atmda.download.catalogue import target_names

    return _starting(target_names(), incomplete)


def method_names(incomplete: str) -> list[str]:
    from atmda.core.methods import METHODS

    return _starting(METHODS.names(), incomplete)


def profile_names(incomplete: str) -> list[str]:
    from atmda.core.profiles import PROFILES

    return _starting(PROFILES.names(), incomplete)


def metric_names(incomplete: str) -> list[str]:
    from atmda.core.evaluation.metrics import METRICS

    return _starting(METRICS.names(), incomplete)


def format_names(incomplete: str) -> list[str]:
    from atmda.report.formats import FORMATS

    return _starting(FORMATS.names(), incomplete)


def study_names(incomplete: str) -> list[str]:
    from atmda.settings.study_files import study_names as names

    return _starting(names(), incomplete)
