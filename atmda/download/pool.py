"""Several downloads at once, in threads that die with the program."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def run_all(
    jobs: Sequence[Callable[[], Result]], workers: int, cancel: threading.Event
) -> Generator[Result, None, None]:
    """Results of `jobs` as they come, `workers` at once; the first exception cancels the rest and is raised.

    Threads are daemons, unlike those of concurrent.futures: Ctrl-C must not wait for a server that is silent.
    """
    todo: queue.SimpleQueue[Callable[[], Result]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()
    for job in jobs:
        todo.put(job)

    def work() -> None:
        while not cancel.is_set():
            try:
                job = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((job(), None))
            except BaseException as error:
                done.put((None, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(jobs)))]
    for thread in threads:
        thread.start()
    try:
        for _ in jobs:
            result, error = _next(done)
            if error is not None:
                raise error
            yield result  # type: ignore[misc]
    finally:
        cancel.set()
        for thread in threads:
            thread.join(0.5)


def _next(
    done: queue.SimpleQueue[tuple[Result | None, BaseException | None]],
) -> tuple[Result | None, BaseException | None]:
    while True:  # in short waits, for a long one cannot be interrupted everywhere
        try:
            return done.get(timeout=0.5)
        except queue.Empty:
            continue
