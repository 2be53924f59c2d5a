"""The command, in this process or in one of its own with the small encoder of the tests, as slow as a test needs it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import reduction
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from atmda.cli import app
from atmda.tasks import embed

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["atmda.cli.infer", "atmda.cli.embed", "atmda.cli.augment", "atmda.tasks.infer", "atmda.tasks.detect"]
)

SCRIPT = """
import sys, time
sys.path.insert(0, {tests!r})
import spectral
from atmda.core.encoders import ENCODERS, EncoderSpec
from atmda.tasks import embed
ENCODERS.add(EncoderSpec("spectral", "for tests", spectral.load))
embed.SHARD_CLIPS = {shard}
whole = spectral.SpectralEncoder.encode
def slow(self, features):
    time.sleep({pause})
    return whole(self, features)
spectral.SpectralEncoder.encode = slow
{more}
from atmda.__main__ import main
sys.argv = ["atmda", *{words!r}]
main()
"""


class Started:
    """A process that runs the command, with as much of subprocess.Popen as tests use.

    It is forked off a server that has imported everything, which takes a tenth of the time of a fresh interpreter.
    """

    def __init__(self, words: tuple[str, ...], code: str, new_session: bool) -> None:
        pipes = [os.pipe() for _ in range(2)]
        targets = [reduction.DupFd(writing) for _, writing in pipes]
        arguments = (words, code, str(Path.cwd()), new_session, dict(os.environ))
        self._process = CONTEXT.Process(target=_child, args=(targets, *arguments))
        self._process.start()
        for _, writing in pipes:
            os.close(writing)
        self._said: list[list[str]] = [[], []]
        self._readers = [
            threading.Thread(target=_read_to_end, args=(reading, said), daemon=True)
            for (reading, _), said in zip(pipes, self._said, strict=True)
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        assert self._process.exitcode is not None, "it still runs"
        return self._process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        out, errors = ("".join(said) for said in self._said)
        return out, errors

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()


def _read_to_end(number: int, said: list[str]) -> None:
    with open(number, encoding="utf-8", errors="replace") as pipe:
        said.append(pipe.read())


def _child(targets: list[Any], words: tuple[str, ...], code: str, folder: str, new_session: bool, environ: Any) -> None:
    """In the new process: its streams, its folder, and what SCRIPT says."""
    for number, target in zip((1, 2), targets, strict=True):
        os.dup2(target.detach(), number)
        setattr(sys, {1: "stdout", 2: "stderr"}[number], open(number, "w", closefd=False, encoding="utf-8"))  # noqa: SIM115
    if new_session:
        os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests themselves run under nohup
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    exec(compile(code, "atmda", "exec"), {"__name__": "atmda-test"})


def start(*words: str, pause: float = 0.0, shard: int = 8, more: str = "", new_session: bool = False) -> Started:
    """`atmda WORDS` in a process of its own; `more` runs before it."""
    code = SCRIPT.format(tests=str(Path(__file__).parent), pause=pause, shard=shard, more=more, words=words)
    return Started(words, code, new_session)


def run(*words: str, shard: int = 8) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `atmda WORDS`, in this process, which is faster."""
    before, embed.SHARD_CLIPS = embed.SHARD_CLIPS, shard
    try:
        result = CliRunner().invoke(app, words)
    finally:
        embed.SHARD_CLIPS = before
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def wait_for(there: Callable[[], object], process: Started | None = None, seconds: float = 60) -> None:
    """Wait until `there()` is true; fails where `process` ends, or time is up, before that."""
    until = time.monotonic() + seconds
    while not there():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)
