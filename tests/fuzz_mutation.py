"""Draws that spoil a file: its bytes, or the values in it where it is JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

EXTREMES = [
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\x7f",
    b"\n",
    b'"',
]
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    3,
    1e300,
    -1e300,
    10**30,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../../x",
    "/etc/passwd",
]
ODD += [
    "/etc/passwd",
    "é\x1b]0;",
    "\ud800",
    "a" * 5000,
    [],
    {},
    [[]],
    {"a": 1},
    [None],
    ["x"],
    [1e300],
    "1e309",
    "2",
    -0.0,
    2**63,
]


def spoiled(content: bytes, draws: np.random.Generator) -> bytes:
    """`content` with one to four mutations of its bytes, at times none that matters."""
    data = bytearray(content)
    for _ in range(int(draws.integers(1, 5))):
        if not data:
            return bytes(data)
        # headers decide what a reader does, so half of all mutations go there
        end = min(len(data), 200) if draws.random() < 0.5 else len(data)
        at = int(draws.integers(end))
        length = int(min(draws.geometric(0.05), len(data) - at))
        way = int(draws.integers(9))
        if way == 0:
            data[at] ^= 1 << int(draws.integers(8))
        elif way == 1:
            data[at] = int(draws.integers(256))
        elif way == 2:
            extreme = EXTREMES[int(draws.integers(len(EXTREMES)))]
            data[at : at + len(extreme)] = extreme
        elif way == 3:
            del data[at:]
        elif way == 4:
            del data[at : at + length]
        elif way == 5:
            data[at:at] = draws.bytes(length)
        elif way == 6:
            data[at:at] = data[at : at + length]
        elif way == 7:
            data[at : at + length] = bytes(length)
        else:
            other = int(draws.integers(len(data)))
            data[at : at + length] = data[other : other + length]
    return bytes(data)


def spoiled_json(text: str, draws: np.random.Generator) -> bytes:
    """JSON with one to three of its values put in place of others, or its bytes spoiled."""
    if draws.random() < 0.3:
        return spoiled(text.encode(), draws)
    content = json.loads(text)
    for _ in range(int(draws.integers(1, 4))):
        content = _replaced(content, draws)
    return json.dumps(content).encode("utf-8", "surrogatepass")


def _replaced(value: Any, draws: np.random.Generator) -> Any:
    """`value` with something in it odd: on the way down one child is chosen each time."""
    if isinstance(value, dict) and value and draws.random() < 0.85:
        key = sorted(value, key=str)[int(draws.integers(len(value)))]
        if draws.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: _replaced(value[key], draws)}
    if isinstance(value, list) and value and draws.random() < 0.85:
        at = int(draws.integers(len(value)))
        return [*value[:at], _replaced(value[at], draws), *value[at + 1 :]]
    return ODD[int(draws.integers(len(ODD)))]
