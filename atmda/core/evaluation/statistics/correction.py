"""Many tests at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def holm(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """p values (m,) adjusted so that among all that are below a level, one false one is as likely as the level.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian J. of Statistics 6, 1979. Here
    because scipy has `false_discovery_control` alone.
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    stepped = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return adjusted
