"""How classes are scored: prompts, prototypes, background profiles, and every method by its name."""

from atmda.core.methods.base import Method
from atmda.core.registry import Registry

#: `zs`, `tgap`, `sv` as published, scikit-learn's baselines, and whatever other packages add
METHODS: Registry[Method] = Registry(
    "method", "atmda.core.methods", ("zs", "tgap", "sv", "knn", "logreg", "svm", "rf", "mlp")
)
