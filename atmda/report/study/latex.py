"""Tables for a paper, for the package booktabs and, of long ones, longtable."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atmda.report.study.numbers import MINUS, UNKNOWN

#: more rows may run over a page
LONG = 40
_SPECIAL = re.compile("[\\\\{}$&#^_~%<>\u2212\u2013]")
_AS = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", MINUS: "$-$", UNKNOWN: "--",
}  # fmt: skip


def escaped(text: str) -> str:
    """`text` as LaTeX prints it and does not obey it; line breaks become spaces."""
    return _SPECIAL.sub(lambda found: _AS.get(found[0], f"\\{found[0]}"), " ".join(text.split()))


def latex_table(caption: str, heads: Sequence[str], lines: Sequence[Sequence[str]], words: Sequence[bool]) -> str:
    """A table for `\\input`; `words`: which columns stand to the left."""
    long = len(lines) > LONG
    kind = "longtable" if long else "tabular"
    packages = "booktabs and longtable" if long else "booktabs"
    body = [_line(line) for line in lines]
    head = [r"\toprule", _line(heads), r"\midrule", *([r"\endhead"] if long else [])]
    columns = "".join("l" if left else "r" for left in words)
    return "\n".join(
        [
            f"% {escaped(caption)}. Needs {packages}.",
            f"\\begin{{{kind}}}{{{columns}}}",
            *head,
            *body,
            r"\bottomrule",
            f"\\end{{{kind}}}",
            "",
        ]
    )


def _line(cells: Sequence[str]) -> str:
    """In a group of its own where it begins with what `\\\\` would take for its option."""
    text = " & ".join(escaped(cell) for cell in cells)
    return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"
