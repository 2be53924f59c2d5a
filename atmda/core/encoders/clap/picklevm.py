"""Reads what a pickle says without doing what it asks for.

A pickle is a program; Python's reader imports and calls whatever it names. Here it is data: the opcodes build lists,
dictionaries, strings and numbers, and where the program would import, call or build an object, a record of that wish
is made instead (`Global`, `Call`, `Persistent`). No import, call, attribute or `__setstate__` ever happens. Names that
no checkpoint needs are refused outright, so that a tampered file is noticed rather than half read.

The opcodes are those of protocols 0 to 5, told apart by the standard library's `pickletools`.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

_LITERALS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"}
_LITERALS |= {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_LITERALS |= {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}

#: What checkpoints name: tensors and their parts, and the numpy scalars that training loops leave behind.
_MODULES = ("torch", "torch._utils", "torch.storage", "torch.nn.parameter", "torch._tensor", "numpy")
_NAMES = frozenset(
    {
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("_codecs", "encode"),
        ("argparse", "Namespace"),
        ("builtins", "set"),
        ("builtins", "dict"),
        ("__builtin__", "set"),
        ("pathlib", "PosixPath"),
    }
)


class RefusedGlobalError(ValueError):
    """The pickle names something that no checkpoint needs."""


@dataclass(frozen=True)
class Global:
    """A name the pickle would import."""

    module: str
    name: str


@dataclass(eq=False)
class Call:
    """A call the pickle would make; `function` is a Global or what another wish would have given."""

    function: Any
    arguments: Any


@dataclass(eq=False)
class Persistent:
    """A reference to something kept outside the pickle: torch's storages."""

    key: Any


class _Mark:
    pass


def read_pickle(stream: BinaryIO) -> Any:
    """The value of the pickle that `stream` stands at; the stream is left behind its end.

    Raises RefusedGlobalError for a name off the list, ValueError for anything that is no pickle.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "STOP":
                return machine.stack.pop()
            machine.step(opcode.name, argument)
    except RefusedGlobalError:
        raise
    except Exception as error:
        raise ValueError("not a pickle, or a damaged one") from error
    raise ValueError("the pickle has no end")


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _EMPTY:
            self.stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            self.stack[-_TUPLES[name] :] = [tuple(self.stack[-_TUPLES[name] :])]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[int(argument)])
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[int(argument)] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name not in ("PROTO", "FRAME"):
            getattr(self, "_" + name.lower())(argument)

    def _items(self) -> list[Any]:
        """What stands above the last mark, taken off the stack with it."""
        place = max(index for index, item in enumerate(self.stack) if isinstance(item, _Mark))
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def _mark(self, _: Any) -> None:
        self.stack.append(_Mark())

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._items()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _tuple(self, _: Any) -> None:
        self.stack.append(tuple(self._items()))

    def _list(self, _: Any) -> None:
        self.stack.append(self._items())

    def _frozenset(self, _: Any) -> None:
        self.stack.append(tuple(self._items()))

    def _dict(self, _: Any) -> None:
        items = self._items()
        self.stack.append(dict(zip(items[::2], items[1::2], strict=True)))

    def _setitem(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        if isinstance(self.stack[-1], dict):
            self.stack[-1][key] = value

    def _setitems(self, _: Any) -> None:
        items = self._items()
        if isinstance(self.stack[-1], dict):
            self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def _append(self, _: Any) -> None:
        item = self.stack.pop()
        if isinstance(self.stack[-1], list):
            self.stack[-1].append(item)

    def _appends(self, _: Any) -> None:
        items = self._items()
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    _additems = _appends

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(_allowed(module, name))

    def _stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_allowed(str(module), str(name)))

    def _call(self, function: Any, arguments: Any) -> None:
        if function == Global("collections", "OrderedDict"):
            self.stack.append(dict(arguments[0]) if arguments else {})
        else:
            self.stack.append(Call(function, arguments))

    def _reduce(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self._call(function, arguments)

    _newobj = _reduce

    def _newobj_ex(self, _: Any) -> None:
        self.stack.pop()
        self._reduce(None)

    def _obj(self, _: Any) -> None:
        function, *arguments = self._items()
        self._call(function, tuple(arguments))

    def _inst(self, argument: str) -> None:
        arguments = tuple(self._items())
        module, _, name = argument.partition(" ")
        self._call(_allowed(module, name), arguments)

    def _build(self, _: Any) -> None:
        self.stack.pop()  # an object's inner state: nothing that weights need

    def _persid(self, argument: str) -> None:
        self.stack.append(Persistent(argument))

    def _binpersid(self, _: Any) -> None:
        self.stack.append(Persistent(self.stack.pop()))


def _allowed(module: str, name: str) -> Global:
    plain = name.isidentifier()
    if (module, name) in _NAMES or (plain and module in _MODULES and _is_data(module, name)):
        return Global(module, name)
    raise RefusedGlobalError(f"{module}.{name}")


def _is_data(module: str, name: str) -> bool:
    """Whether a name of torch or numpy is a type of number, a storage, or what puts a tensor together."""
    if module == "numpy":
        return name in {"dtype", "ndarray"} or name.rstrip("0123456789_") in {"float", "int", "uint", "bool", "str"}
    rebuilds = name.startswith("_rebuild_") and module in {"torch._utils", "torch._tensor"}
    types = {"Size", "device", "Parameter", "Tensor", "uint8", "int8", "int16", "int32", "int64", "bool"}
    types |= {"float16", "bfloat16", "float32", "float64"}
    return rebuilds or name.endswith("Storage") or name in types
