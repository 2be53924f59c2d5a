"""Flags that the original scripts gave several words: `--parameters a=1 b=2`, `--partial one two`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any


def rewriting(command: Any, rewrite: Callable[[list[str]], list[str]]) -> Any:
    """`command` with its words passed through `rewrite` before they are parsed."""
    parse = command.parse_args
    command.parse_args = lambda context, words: parse(context, rewrite(list(words)))
    return command


def gather_parameters(words: Sequence[str]) -> list[str]:
    """The command line with all that follows --parameters, in however many words, joined into one.

    The original scripts took `--parameters ref_db=-36 seed=123 bg=all`: words until the next flag.
    """
    kept: list[str] = []
    gathered: list[str] = []
    taking = False
    for word in words:
        if re.fullmatch(r"--parameters(=.*)?", word, re.DOTALL):
            taking = True
            gathered += [word.partition("=")[2]] if "=" in word else []
        elif taking and not re.match(r"-(?!\d)", word):
            gathered.append(word)
        else:
            taking = False
            kept.append(word)
    return [*kept, "--parameters", " ".join(gathered)] if gathered or taking else kept


def gather_parts(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """The command line with the words after --partial joined by commas; a NAME among them, where none came first."""
    kept: list[str] = []
    parts: list[str] = []
    taking = False
    for word in words:
        if re.fullmatch(r"--partial(=.*)?", word):
            taking = "=" not in word
            parts += [word.partition("=")[2]] if "=" in word else []
        elif taking and not word.startswith("-"):
            parts.append(word)
        else:
            taking = False
            kept.append(word)
    if not parts:
        return list(words)
    if not any(word in names for word in kept) and len(parts) > 1 and parts[-1] in names:
        kept.append(parts.pop())
    return [*kept, "--partial", ",".join(parts)]
