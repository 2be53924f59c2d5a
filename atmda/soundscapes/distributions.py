"""What a parameter of a soundscape may be: a constant, or a distribution, in scaper's notation.

    (const, value)              (choose, [a, b, c])          (uniform, min, max)
    (normal, mean, std)         (choose_weighted, [a, b], [p, q])
    (truncnorm, mean, std, min, max)

A draw takes one number u, uniform in [0, 1), through the inverse of the distribution function. So a draw depends on
u alone, and numbers drawn for one parameter never shift those of another. Real draws are rounded to 1e-9, so that
the last bits of a machine's mathematics library do not reach the soundscape.

Checked here and not by a pydantic union: the notation is positional and its messages name what people wrote, so that
the union was 40 lines longer, and each worker would import pydantic for it (0.17 s).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist
from typing import Any, TypeAlias

from atmda.core.bounds import is_number
from atmda.errors import SettingsError

Value: TypeAlias = int | float | str

DECIMALS = 9
FORMS = {
    "const": "(const, value)",
    "choose": "(choose, [a, b, ...])",
    "choose_weighted": "(choose_weighted, [a, b, ...], [p, q, ...])",
    "uniform": "(uniform, min, max)",
    "normal": "(normal, mean, std)",
    "truncnorm": "(truncnorm, mean, std, min, max)",
}
COUNTS = {"const": 1, "choose": 1, "choose_weighted": 2, "uniform": 2, "normal": 2, "truncnorm": 4}
SMALLEST_TAIL = 1e-300


@dataclass(frozen=True)
class Distribution:
    """One distribution, checked: `kind` is a key of FORMS, `arguments` what follows it (lists as tuples)."""

    kind: str
    arguments: tuple[Value | tuple[Value, ...], ...]

    def draw(self, u: float) -> Value:
        """The value at `u` in [0, 1): the inverse of the distribution function."""
        if self.kind == "const":
            return self._values(self.arguments)[0]
        if self.kind == "choose":
            options = self._values(self.arguments[0])
            return options[int(u * len(options))]
        if self.kind == "choose_weighted":
            options, weights = self._values(self.arguments[0]), self._numbers(self.arguments[1])
            reached = [k for k, total in enumerate(accumulate(weights)) if total > u]
            return options[reached[0] if reached else len(options) - 1]
        numbers = self._numbers(self.arguments)
        if self.kind == "uniform":
            return _rounded(numbers[0] + (numbers[1] - numbers[0]) * u, numbers[0], numbers[1])
        if self.kind == "normal":
            return _rounded(numbers[0] + numbers[1] * NormalDist().inv_cdf(min(max(u, 2.0**-54), 1 - 2.0**-53)))
        mean, std, low, high = numbers
        return _rounded(mean + std * truncated_normal(u, (low - mean) / std, (high - mean) / std), low, high)

    def as_list(self) -> list[object]:
        """As scaper writes it into JAMS: ["truncnorm", 3.0, 1.5, 0.0, 6.0]."""
        return [self.kind, *(list(a) if isinstance(a, tuple) else a for a in self.arguments)]

    def __str__(self) -> str:
        shown = (f"[{','.join(map(str, a))}]" if isinstance(a, tuple) else str(a) for a in self.arguments)
        return f"({','.join([self.kind, *shown])})"

    def likely_range(self) -> tuple[float, float]:
        """The least and the greatest number it gives; of a normal distribution six standard deviations each way."""
        if self.kind == "normal":
            mean, std = self._numbers(self.arguments)
            return mean - 6.0 * std, mean + 6.0 * std
        if self.kind in ("uniform", "truncnorm"):
            low, high = self._numbers(self.arguments)[-2:]
            return low, high
        first = self.arguments[0]
        numbers = self._numbers(first if isinstance(first, tuple) else (first,))
        return min(numbers), max(numbers)

    @staticmethod
    def _values(values: object) -> tuple[Value, ...]:
        assert isinstance(values, tuple)
        return values

    @staticmethod
    def _numbers(values: object) -> tuple[float, ...]:
        assert isinstance(values, tuple)
        return tuple(float(v) for v in values)


def const(value: Value) -> Distribution:
    return Distribution("const", (value,))


def truncated_normal(u: float, low: float, high: float) -> float:
    """The standard normal, cut to [low, high], at `u`: between the two, exact in either tail."""
    if low > 0:
        return -truncated_normal(1.0 - u, -high, -low)
    below, above = _tail(low), _tail(high)
    if above < SMALLEST_TAIL:
        raise ValueError("the interval lies more than 37 standard deviations from the mean")
    target = below + (above - below) * u
    if target <= 0.0 or target >= 1.0:
        return low if target <= 0.0 else high
    return min(max(NormalDist().inv_cdf(target), low), high)


def _tail(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _rounded(value: float, low: float = -math.inf, high: float = math.inf) -> float:
    return min(max(round(value, DECIMALS), low), high)


def checked(name: str, items: list[object], numeric: bool = True) -> Distribution:
    """`items` ["uniform", 6, 10] as a Distribution; `name` is the parameter, for the message.

    With `numeric` every value must be a number. Raises SettingsError with the reason.
    """
    kind = str(items[0]) if items else ""
    if kind not in FORMS:
        raise SettingsError(f"{name}: {kind or 'nothing'!r} is not a distribution.", f"Known: {', '.join(FORMS)}.")
    reason = _shape_fault(kind, items[1:])
    if not reason:
        lists = [tuple(a) if isinstance(a, list) else (a,) for a in items[1:]]
        reason = _number_fault(kind, lists, numeric) or _VALUE_FAULTS[kind](lists)
    if reason:
        raise SettingsError(f"{name}: {reason}.", f"It is written {FORMS[kind]}.")
    if kind == "choose":
        options = sorted(set(lists[0]), key=lambda v: (isinstance(v, str), v))
        return Distribution(kind, (tuple(options),))
    if kind == "choose_weighted":
        return Distribution(kind, tuple(lists))
    return Distribution(kind, tuple(values[0] for values in lists))


def _shape_fault(kind: str, arguments: list[object]) -> str:
    if len(arguments) != COUNTS[kind]:
        return f"{kind} takes {COUNTS[kind]} values, not {len(arguments)}"
    listed = kind.startswith("choose")
    if any(isinstance(a, list) != listed for a in arguments):
        return f"{kind} takes {'lists in square brackets' if listed else 'single values'}"
    return ""


def _number_fault(kind: str, lists: list[tuple[Any, ...]], numeric: bool) -> str:
    """Values must be numbers where a number is asked for; probabilities and bounds always."""
    if not numeric:
        lists = {"const": [], "choose": [], "choose_weighted": lists[1:]}.get(kind, lists)
    for value in (v for values in lists for v in values):
        if not is_number(value):
            return f"{value!r} is not a finite number"
    return ""


def _choose_fault(lists: list[tuple[Any, ...]]) -> str:
    return "" if lists[0] else "there is nothing to choose from"


def _choose_weighted_fault(lists: list[tuple[Any, ...]]) -> str:
    options, weights = lists
    if len(options) != len(weights) or not options:
        return f"{len(options)} values and {len(weights)} probabilities do not pair"
    if min(weights) < 0 or abs(sum(weights) - 1.0) > 1e-6:
        return "probabilities must be at least 0 and sum to 1"
    return ""


def _uniform_fault(lists: list[tuple[Any, ...]]) -> str:
    low, high = (values[0] for values in lists)
    return f"the minimum {low} is above the maximum {high}" if low > high else ""


def _normal_fault(lists: list[tuple[Any, ...]]) -> str:
    std = lists[1][0]
    return f"the standard deviation {std} is below 0" if std < 0 else ""


def _truncnorm_fault(lists: list[tuple[Any, ...]]) -> str:
    mean, std, low, high = (values[0] for values in lists)
    if std <= 0:
        return f"the standard deviation {std} is not above 0"
    if low > high:
        return f"the minimum {low} is above the maximum {high}"
    try:
        truncated_normal(0.5, (low - mean) / std, (high - mean) / std)
    except ValueError as error:
        return str(error)
    return ""


_VALUE_FAULTS: dict[str, Callable[[list[tuple[Any, ...]]], str]] = {
    "const": lambda lists: "",
    "choose": _choose_fault,
    "choose_weighted": _choose_weighted_fault,
    "uniform": _uniform_fault,
    "normal": _normal_fault,
    "truncnorm": _truncnorm_fault,
}
