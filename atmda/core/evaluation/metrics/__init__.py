"""Metrics by name. A module here, or another package's entry point in `atmda.metrics`, adds more."""

from atmda.core.evaluation.metrics.base import Metric, Scored
from atmda.core.registry import Registry

METRICS: Registry[Metric] = Registry("metric", "atmda.core.evaluation.metrics", ("accuracy",))

__all__ = ["METRICS", "Metric", "Scored"]
