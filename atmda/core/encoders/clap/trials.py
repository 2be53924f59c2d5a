"""What is found out by trying is found out once a machine: a later run that found otherwise would give other bytes.

Answers are kept by processor, instruction sets that the libraries were limited to and version of torch, in a file of
the user's cache. Of processes that ask at the same time the first one's answer holds for all. Where nothing can be
kept, nothing is tried, for the next process could find otherwise: a fixed answer holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

from atmda.core.device import cpu_facts
from atmda.core.files import check_writable, publish
from atmda.core.locks import FolderInUseError, gate
from atmda.errors import AtmdaError

#: what limits the libraries' instructions
LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY")
_found: dict[str, bool] = {}


def remembered(
    question: str, find_out: Callable[[], bool], *, otherwise: bool = False, any_threads: bool = False
) -> bool:
    """The answer to `question` on this machine, found out where nobody has asked yet.

    `otherwise`: the answer where none can be kept. `any_threads`: one answer for any number of threads, for what
    decides bits, which must not depend on that number; other answers are kept by it.
    """
    threads = "any" if any_threads else torch.get_num_threads()
    key = f"{question} | {threads} threads | {_machine()}"
    if key not in _found:
        _found.update(_read() | _found)  # all at once: a tower asks some sixty
    if key not in _found:
        _found[key] = _tried(key, find_out, otherwise)
    return _found[key]


def _tried(key: str, find_out: Callable[[], bool], otherwise: bool) -> bool:
    try:
        check_writable(where())
    except AtmdaError:
        return otherwise  # a read-only home
    answer = find_out()  # with no gate held: what is tried may ask a question of its own
    try:
        with gate(where().parent):
            known = _read()
            answer = known.setdefault(key, answer)
            with publish(where()) as path:
                path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")
    except (OSError, FolderInUseError):
        return otherwise
    return answer


def where() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "atmda" / "trials.json"


@cache
def _machine() -> str:
    limits = [f"{name}={os.environ[name]}" for name in LIMITS if name in os.environ]
    return " ".join([_processor(), f"torch {torch.__version__}", *limits])


def _processor() -> str:
    told = cpu_facts()
    names = ("vendor_id", "cpu family", "model", "stepping", "CPU implementer", "CPU part")
    return " ".join(value for name, value in told.items() if name in names) or torch.backends.cpu.get_cpu_capability()


def _read() -> dict[str, bool]:
    try:
        kept = json.loads(where().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in kept.items() if value in (True, False)} if isinstance(kept, dict) else {}
