"""How classes are scored: prompts, prototypes, background profiles, and every method by its name."""

from atmda.core.methods.base import Method
from atmda.core.registry import Registry

ORDER = (
    *("zs", "tgap", "sv", "tgap-unit", "sv-unit", "mixed", "zs-centred", "tgap-centred", "sv-centred", "das", "cache"),
    *("zs-cleared", "tgap-cleared", "sv-cleared", "mixed-cleared"),
    *("zs-subtracted", "tgap-subtracted", "sv-subtracted", "mixed-subtracted"),
    *("zs-em", "tgap-em", "sv-em", "mixed-em", "mixed-cleared-em", "zs-prior", "sv-prior"),
    *("knn", "logreg", "svm", "rf", "mlp"),
)
#: `zs`, `tgap`, `sv` as published, their rivals, scikit-learn's baselines, and whatever other packages add
METHODS: Registry[Method] = Registry("method", "atmda.core.methods", ORDER)
