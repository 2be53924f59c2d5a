"""A small run of the fuzzer; python -m tests.fuzz --n 10000 is the whole of it."""

import subprocess
import sys
from pathlib import Path


def test_no_spoiled_input_ends_in_anything_but_a_result_or_a_sentence():
    command = [sys.executable, "-m", "tests.fuzz", "--n", "140", "--seed", "3", "--workers", "1"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "140 inputs, seed 3" in done.stdout
    assert "0 failures" in done.stdout
