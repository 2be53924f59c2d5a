"""What numbers from outside may be: settings and files are held to the same bounds, so that no sum overflows later."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TypeGuard


def is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a finite number that a float can hold; true, false and text are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -sys.float_info.max <= value <= sys.float_info.max  # false for NaN; exact for integers of any length


@dataclass(frozen=True)
class Bounds:
    """The numbers from `low` to `high`, both included, of `unit`."""

    low: float
    high: float
    unit: str = ""

    def __contains__(self, value: object) -> bool:
        return is_number(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"between {self.low:,.10g} and {self.high:,.10g} {self.unit}".rstrip()


#: How much of a background's profile is subtracted. Scores are kept as float32, to 7 digits: with more than this the
#: clip's own share of an adapted score is lost, and every clip would get the label that its background lacks most.
TEMPERATURE = Bounds(-1000.0, 1000.0)

#: What makes scores logits. CLAP was trained with 100 at most; at the upper end a softmax is the winner alone.
LOGIT_SCALE = Bounds(1e-6, 1e6)

#: Length of an embedding. Encoders give 1, prototypes are means of such; between numbers within these bounds no product
#: overflows float32, whatever temperature is asked for.
LENGTH = Bounds(0.0, 1e15)
