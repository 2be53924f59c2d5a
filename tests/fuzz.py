"""A fuzzer of everything that atmda reads: python -m tests.fuzz --n 10000

Valid files are mutated by numbered, seeded draws, and the real commands run on them. What must hold each time: an exit
code of the contract; no traceback and no line on stderr that is not ours; ten seconds at most; nothing written outside
the output, and the inputs as they were; every input in the results or named. A failure is told with its number:
python -m tests.fuzz --only NUMBER does it again, and --keep leaves its files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

SECONDS = 10.0


def main(arguments: list[str] | None = None) -> int:
    """Run the trials; exit 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=1, help="of all draws")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", type=int, help="one trial, by its number")
    parser.add_argument("--kind", help="inputs of this kind alone")
    parser.add_argument("--keep", type=Path, help="a folder for the files of trials that failed")
    given = parser.parse_args(arguments)
    numbers = [given.only] if given.only is not None else list(range(given.n))
    began = time.monotonic()
    kinds: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    failures = []
    slowest = 0.0
    for outcome in run(numbers, given.seed, min(given.workers, len(numbers)), given.kind, given.keep):
        number, kind, code, seconds, problem = outcome
        kinds[kind] += 1
        codes[code] += 1
        slowest = max(slowest, seconds)
        if problem:
            failures.append(outcome)
            print(f"FAILED {number} ({kind}, seed {given.seed}): {problem}", flush=True)  # noqa: T201
    print(f"{sum(kinds.values())} inputs, seed {given.seed}, {time.monotonic() - began:.0f} s")  # noqa: T201
    print("kinds:", ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))  # noqa: T201
    print("exit codes:", ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())))  # noqa: T201
    print(f"slowest {slowest:.1f} s; {len(failures)} failures")  # noqa: T201
    return 1 if failures else 0


Outcome = tuple[int, str, str, float, str]  # number, kind, exit code, seconds, what is wrong


def run(
    numbers: list[int], seed: int, workers: int, kind: str | None = None, keep: Path | None = None
) -> Iterator[Outcome]:
    """Outcomes of the trials `numbers`, as they come; a worker that hangs is ended, and its trial a failure."""
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(numbers))
    with tempfile.TemporaryDirectory(prefix="atmda-fuzz-") as folder:

        def begin(slot: int) -> tuple[multiprocessing.process.BaseProcess, Connection]:
            ours, theirs = context.Pipe()
            place = Path(folder, str(slot))
            shutil.rmtree(place, ignore_errors=True)
            process = context.Process(target=_work, args=(theirs, place, seed, kind, keep), daemon=True)
            process.start()
            theirs.close()
            return process, ours

        teams = {slot: begin(slot) for slot in range(workers)}
        busy: dict[int, tuple[int, float]] = {}
        ready: set[int] = set()
        while waiting or busy:
            for slot in list(ready):
                if waiting:
                    number = waiting.pop()
                    teams[slot][1].send(number)
                    busy[slot] = number, time.monotonic()
                    ready.discard(slot)
            talking = wait([pipe for _, pipe in teams.values()], timeout=0.5)
            for slot, (process, pipe) in list(teams.items()):
                number, since = busy.get(slot, (-1, 0.0))
                hangs = slot in busy and time.monotonic() - since > 3 * SECONDS
                try:
                    message = pipe.recv() if pipe in talking else None
                except EOFError:
                    message, hangs = None, True
                if message == "ready":
                    ready.add(slot)
                elif message is not None:
                    busy.pop(slot)
                    ready.add(slot)
                    yield message
                elif hangs:
                    process.kill()
                    process.join()
                    if slot in busy:
                        busy.pop(slot)
                        yield number, "?", "none", time.monotonic() - since, f"hung, or died ({process.exitcode})"
                    teams[slot] = begin(slot)
        for process, _ in teams.values():
            process.kill()


def _work(pipe: Connection, place: Path, seed: int, kind: str | None, keep: Path | None) -> None:
    """In a worker: a trial for each number that comes."""
    from fuzz_trials import Trials

    trials = Trials(place, seed, kind)
    pipe.send("ready")
    while True:
        number = pipe.recv()
        began = time.monotonic()
        name, code, problem = trials.run(number)
        seconds = time.monotonic() - began
        if seconds > SECONDS and not problem:
            problem = f"took {seconds:.1f} s"
        if problem and keep is not None:
            shutil.copytree(trials.here, keep / str(number), dirs_exist_ok=True, ignore_dangling_symlinks=True)
        pipe.send((number, name, code, seconds, problem))


if __name__ == "__main__":
    raise SystemExit(main())
