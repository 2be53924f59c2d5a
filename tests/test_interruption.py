"""Killed at any moment and started again, `embed` ends with the same table."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atmda.core.archives import read_embeddings

SCRIPT = """
import sys, time
sys.path.insert(0, {tests!r})
import spectral
from atmda.cli import app, embed
from atmda.core.encoders import ENCODERS
ENCODERS["spectral"] = ("spectral", "for tests")
embed.SHARD_CLIPS = 8
whole = spectral.SpectralEncoder.encode
def slow(self, features):
    time.sleep({pause})
    return whole(self, features)
spectral.SpectralEncoder.encode = slow
app(["embed", "--model", "spectral", "--audio-folder", {folder!r}, "--output", {output!r}, "--num-workers", "2"])
"""


def start(folder: Path, output: str, pause: float) -> subprocess.Popen:
    script = SCRIPT.format(tests=str(Path(__file__).parent), folder=str(folder), output=output, pause=pause)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_resumed_the_table_is_that_of_an_uninterrupted_run(tmp_path, write_tone, kills):
    for index in range(80):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    (tmp_path / "in" / "33.wav").write_bytes(b"")
    assert start(tmp_path / "in", "whole", 0).wait(60) == 3
    moments = random.Random(kills)
    killed = 0
    for _ in range(kills):
        process = start(tmp_path / "in", "killed", 0.04 * kills)
        before = len(list(Path("killed").glob("part-*")))
        while process.poll() is None and len(list(Path("killed").glob("part-*"))) == before:
            time.sleep(0.005)  # past the start, so that the kill comes at work
        time.sleep(moments.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        killed += process.wait(60) == -signal.SIGKILL
    assert killed >= min(kills, 3)
    assert start(tmp_path / "in", "killed", 0).wait(60) == 3
    whole, resumed = read_embeddings(Path("whole")), read_embeddings(Path("killed"))
    assert resumed.clips == whole.clips
    assert resumed.embeddings.tobytes() == whole.embeddings.tobytes()


def test_an_interruption_keeps_what_was_finished_and_exits_with_130(tmp_path, write_tone):
    for index in range(40):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    process = start(tmp_path / "in", "out", 0.1)
    while process.poll() is None and not list(Path("out").glob("part-*")):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert 8 <= len(read_embeddings(Path("out"))) < 40
