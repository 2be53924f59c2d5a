"""Workers: processes that turn jobs into records, chunk by chunk, and leave when their parent does."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any, Protocol, TypeAlias

from atmda.errors import AtmdaError, AudioError
from atmda.soundscapes.rendering import Renderer

Outcome: TypeAlias = "dict[str, Any] | str"  # a record, or why there is none
Pending: TypeAlias = Callable[[], list[Outcome]]  # waits for a chunk's outcomes


ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
QUIET = "ignore:resource_tracker"


class Generator(Protocol):
    """Makes one soundscape and returns its record. Sent to each worker once, so it is small and pickles."""

    def make(self, job: Any, renderer: Renderer) -> dict[str, Any]: ...


Submit: TypeAlias = Callable[[Sequence[Any]], Pending]


@contextmanager
def worker_pool(generator: Generator, workers: int) -> Iterator[Submit]:
    """A function that takes a chunk of jobs and returns a function that waits for their outcomes.

    With one worker the chunk is made when it is waited for, in this process. Leaving early, after an error or Ctrl-C,
    drops the chunks that wait and waits for the few that are under way.
    """
    if workers <= 1:
        renderer = Renderer()
        yield lambda chunk: lambda: _outcomes(generator, chunk, renderer)
        return
    _keep_trackers_quiet()
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (generator,))
    with _signals_blocked():
        for _ in range(workers):
            pool.submit(_run_chunk, [])  # so that workers start while the first window is planned
    try:
        yield lambda chunk: _pending(pool.submit(_run_chunk, chunk))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Processes that start in this block are not ended by a signal to the whole group, as Ctrl-C and schedulers send.

    They would leave the parent without workers, or print a traceback, before `_start_worker` has run.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _keep_trackers_quiet() -> None:
    """Python's tracker of semaphores cleans up after a parent that was killed; it need not tell what it found."""
    if QUIET not in sys.warnoptions:
        sys.warnoptions.append(QUIET)  # which it passes on to processes that it starts


def _pending(future: Future[list[Outcome]]) -> Pending:
    def result() -> list[Outcome]:
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise AtmdaError(
                "A worker was ended by something else, perhaps for want of memory.",
                "Run the same command with this `output` again; fewer `num_workers` take less memory.",
            ) from error

    return result


_generator: Generator
_renderer: Renderer


def _start_worker(generator: Generator) -> None:
    """In a worker: leave signals to the parent, and end as soon as the parent is gone."""
    global _generator, _renderer
    _generator, _renderer = generator, Renderer()
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run_chunk(chunk: Sequence[Any]) -> list[Outcome]:
    return _outcomes(_generator, chunk, _renderer)


def _outcomes(generator: Generator, chunk: Sequence[Any], renderer: Renderer) -> list[Outcome]:
    found: list[Outcome] = []
    for job in chunk:
        try:
            found.append(generator.make(job, renderer))
        except AudioError as error:
            found.append(f"{job.name}: {error}")
        except (ArithmeticError, ValueError) as error:  # a source or a JAMS file that says something absurd
            found.append(f"{job.name}: it cannot be mixed ({error})")
        except MemoryError:
            found.append(f"{job.name}: there is not enough memory to mix it")
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise AtmdaError(
                    f"{error.filename or job.name} cannot be written ({error.strerror}).",
                    "What is there stays; run the same command with this `output` to go on.",
                ) from error
            found.append(f"{job.name}: its file name is too long")
    return found
