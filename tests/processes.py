"""The command, in this process or in one of its own with the small encoder of the tests, as slow as a test needs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from atmda.cli import app
from atmda.tasks import embed

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


def start(*words: str, pause: float = 0.0, shard: int = 8, more: str = "", **options: object) -> subprocess.Popen[str]:
    """`atmda WORDS`; `more` runs before it; `options` are Popen's."""
    script = SCRIPT.format(tests=str(Path(__file__).parent), pause=pause, shard=shard, more=more, words=words)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen([sys.executable, "-c", script], **pipes)  # type: ignore[call-overload,no-any-return]


def run(*words: str, shard: int = 8) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `atmda WORDS`, in this process, which is faster."""
    before, embed.SHARD_CLIPS = embed.SHARD_CLIPS, shard
    try:
        result = CliRunner().invoke(app, words)
    finally:
        embed.SHARD_CLIPS = before
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def wait_for(there: Callable[[], object], process: subprocess.Popen[str] | None = None, seconds: float = 60) -> None:
    """Wait until `there()` is true; fails where `process` ends, or time is up, before that."""
    until = time.monotonic() + seconds
    while not there():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)
