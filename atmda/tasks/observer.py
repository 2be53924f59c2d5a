"""What a task says while it works, and to whom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

Advance = Callable[[int], None]
_LOGGER = logging.getLogger("atmda")


class Observer:
    """Told of what a task does; this one passes it to the logger "atmda" and shows no progress.

    The command line has one that writes to stderr and draws a bar.
    """

    def notice(self, message: str) -> None:
        """Something worth knowing, as which encoder runs."""
        _LOGGER.info(message)

    def detail(self, message: str) -> None:
        """Something for whom wants to follow the work."""
        _LOGGER.debug(message)

    def warning(self, message: str) -> None:
        """Something that is left out or may not be what was meant."""
        _LOGGER.warning(message)

    def writes_to(self, output: Path) -> None:
        """Where finished work is kept: what `output` must be to go on, should the task be stopped."""

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Advance]:
        """While the block runs, `what` is under way; call what it yields with how many more of `total` are done."""
        yield lambda count: None


def warn_of_one_class(labels: Sequence[str], observer: Observer) -> None:
    """With one label every recording has it, and a softmax over one class is 1 whatever is heard."""
    if len(labels) == 1:
        observer.warning(
            f"{labels[0]!r} is the only class: nothing can be told apart, and every recording gets it for certain."
        )
