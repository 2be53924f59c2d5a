"""What the shell completes: names of encoders, data sets and scenes. Cheap, for it runs at every press of Tab."""

from __future__ import annotations


def _starting(names: list[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def encoder_names(incomplete: str) -> list[str]:
    from atmda.core.encoders import ENCODERS

    return _starting(["auto", *ENCODERS], incomplete)


def dataset_names(incomplete: str) -> list[str]:
    from atmda.datasets import dataset_names as names

    return _starting(names(), incomplete)


def scene_names(incomplete: str) -> list[str]:
    from atmda.core.methods.prompts import SCENES

    return _starting(list(SCENES), incomplete)


def fetch_names(incomplete: str) -> list[str]:
    from atmda.download.catalogue import target_names

    return _starting(target_names(), incomplete)
