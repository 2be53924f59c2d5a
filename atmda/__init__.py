"""Classify sounds by name, without training, in noisy places."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atmda.api import classify, embed, infer, search, study
    from atmda.core.encoders import load_encoder
    from atmda.core.methods.classifier import PrototypeClassifier

__version__ = "0.1.0"
__all__ = ["PrototypeClassifier", "__version__", "classify", "embed", "infer", "load_encoder", "search", "study"]

_PUBLIC = {
    "PrototypeClassifier": "atmda.core.methods.classifier",
    "classify": "atmda.api",
    "embed": "atmda.api",
    "infer": "atmda.api",
    "load_encoder": "atmda.core.encoders",
    "search": "atmda.api",
    "study": "atmda.api",
}


def __getattr__(name: str) -> object:
    """The public API, imported when first used: `atmda --help` must not wait for NumPy."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'atmda' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
