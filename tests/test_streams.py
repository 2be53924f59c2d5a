"""Known faults: a named pipe was waited for for ever; closed or full streams ended in a traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from processes import start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="named pipes and closed descriptors are POSIX's")
ATMDA = f"{shlex.quote(sys.executable)} -m atmda"
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def shell(line: str, code: int, given: str = "") -> subprocess.CompletedProcess[str]:
    """What a shell makes of `line`, in which ATMDA is the command; it may take a minute, not for ever."""
    script = line.replace("ATMDA ", f"{ATMDA} ")
    ran = subprocess.run(["bash", "-c", script], input=given, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == code, ran.stdout[-500:] + ran.stderr
    assert "Traceback" not in ran.stderr and "Exception ignored" not in ran.stderr and "Error:" not in ran.stderr
    return ran


@pytest.fixture
def stored() -> None:
    """e.npz with two embeddings, named pipes called pipe, pipe.npz, pipe.pt and pipe.parquet, and an empty folder."""
    rows = np.eye(2, 640, dtype=np.float32)
    np.savez("e.npz", embeddings=rows, clips=["a.wav", "b.wav"], labels=["siren", "rain"], folds=[1, 2])
    for ending in ("", ".npz", ".pt", ".parquet"):
        os.mkfifo(f"pipe{ending}")
    Path("none").mkdir()


@pytest.mark.parametrize(
    ("line", "code", "named"),
    [
        ("infer --labels a,b --embeddings pipe.npz", 1, "pipe.npz"),
        ("infer --labels a,b --embeddings pipe.pt", 1, "pipe.pt"),
        ("infer --labels a,b --embeddings pipe.parquet", 1, "pipe.parquet"),
        ("infer --embeddings e.npz --class-labels pipe", 2, "--class-labels pipe"),
        ("infer --embeddings e.npz --labels a,b --config pipe", 2, "--config pipe"),
        ("embed --audio-folder none --annotations pipe", 2, "--annotations pipe"),
        ("classify --embeddings e.npz --text-embeddings pipe.npz", 1, "pipe.npz"),
        ("classify --embeddings e.npz --mode sv --modality audio --bg-embeddings pipe.npz", 1, "pipe.npz"),
        ("infer --embeddings e.npz --prototypes pipe.npz", 1, "pipe.npz"),
    ],
)
def test_a_named_pipe_given_as_a_file_is_refused_and_not_waited_for(
    stored: None, line: str, code: int, named: str
) -> None:
    process = start(*line.split())
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert f"{named}: it cannot be read (it is a named pipe, not a file)." in errors


def test_a_device_that_never_ends_is_refused(stored: None) -> None:
    ran = shell("ATMDA infer --embeddings e.npz --class-labels /dev/zero", 2)
    assert "it is a device, not a file" in ran.stderr


@pytest.mark.parametrize(
    "line",
    [
        "printf 'siren\\nrain\\n' | ATMDA infer --embeddings e.npz --class-labels /dev/stdin --json",
        "ATMDA infer --embeddings e.npz --class-labels <(printf 'siren\\nrain\\n') --config /dev/null --json",
    ],
)
def test_what_the_shell_itself_opened_is_read(stored: None, line: str) -> None:
    assert '"labels": ["siren", "rain"]' in shell(line, 0).stdout


@pytest.mark.parametrize("flags", ["--help", "classify --list-methods --json"])
@pytest.mark.parametrize("where", [">&-", pytest.param("> /dev/full", marks=FULL)])
def test_a_stdout_that_takes_nothing_is_one_sentence_and_exit_code_1(flags: str, where: str) -> None:
    ran = shell(f"ATMDA {flags} {where}", 1)
    assert ran.stderr.startswith("error: standard output") and ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ATMDA --version 2>&- <&-", 0),
        ("ATMDA nothing-such 2>&-", 2),
        ("ATMDA infer --embeddings gone.npz --labels a,b 2>&- <&-", 1),
        ("ATMDA infer --temperature warm >&- 2>&- <&-", 2),
        ("ATMDA --version >&- 2>&- <&-", 1),
    ],
)
def test_without_a_stderr_or_stdin_a_command_ends_with_its_own_exit_code(line: str, code: int) -> None:
    shell(line, code)


def test_results_never_land_in_a_file_that_took_the_place_of_a_closed_stream(stored: None) -> None:
    shell("ATMDA infer --embeddings e.npz --labels siren,rain --output o.csv --json >&- 2>&- <&-", 1)
    lines = Path("o.csv").read_text().splitlines()
    assert lines[0].startswith("filename,label,confidence") and len(lines) == 3
