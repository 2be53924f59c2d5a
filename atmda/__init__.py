"""Classify sounds by name, without training, in noisy places."""

__version__ = "0.1.0"
