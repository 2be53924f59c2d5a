"""Job arrays: `configs/slurm.sbatch` as Slurm would run it, with jobs killed and queued again, in any number."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from processes import run, wait_for

from atmda.core.embeddings.manifest import Manifest, Part
from atmda.core.embeddings.store import read_manifest, read_store

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "configs" / "slurm.sbatch"
EMBED = ("embed", "--model", "spectral", "--audio-folder", "in", "--output")
pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    draws = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for index in range(24):
        sf.write(tmp_path / "in" / f"{index:02}.wav", draws.normal(0, 0.1, 3200), 16000)
    (tmp_path / "in" / "07.wav").write_bytes(b"")
    return tmp_path / "in"


def rows_of(store: str) -> dict[str, bytes]:
    table = read_store(Path(store))
    assert not table.problems and len(set(table.clips)) == len(table.clips)
    return {clip: row.tobytes() for clip, row in zip(table.clips, table.embeddings, strict=True)}


def test_parts_of_any_number_fill_one_store(recordings: Path) -> None:
    assert run(*EMBED, "whole")[0] == 3
    for part in ("1/8", "3/8", "2/3", "1/3"):
        assert run(*EMBED, "store", "--shard", part)[0] in (0, 3)
    assert "it was not finished" in str(read_store(Path("store"), partial=True).problems)
    code, _, errors = run(*EMBED, "store", "--shard", "3/3")
    assert code in (0, 3), errors
    assert rows_of("store") == rows_of("whole")
    assert run(*EMBED, "store", "--shard", "8/8")[0] in (0, 3)  # a straggler finds that all is done
    assert rows_of("store") == rows_of("whole")


def test_a_shard_that_a_killed_job_of_another_array_left_is_taken_in(recordings: Path) -> None:
    assert run(*EMBED, "store", "--shard", "2/5")[0] in (0, 3)
    manifest = read_manifest(Path("store"))
    assert manifest is not None
    Manifest(manifest.identity, manifest.dim, "folder", logit_scale=manifest.logit_scale).publish(Path("store"))
    for part in ("1/2", "2/2"):
        assert run(*EMBED, "store", "--shard", part)[0] in (0, 3)
    assert len(rows_of("store")) == 23
    assert Path("store/part-2-of-5-00000.parquet").exists()


def test_a_set_of_jobs_is_whole_when_all_of_one_number_are() -> None:
    manifest = Manifest({"encoder": "x"}, 4)
    manifest = manifest.with_part("part-1-of-3", Part(5, True)).with_part("part-2-of-2", Part(7, True))
    assert not manifest.complete
    manifest = manifest.with_part("part-1-of-2", Part(7, True))
    assert manifest.complete and manifest.wanted == 14
    assert not manifest.with_part("part-2-of-3", Part(5)).complete  # it is to say now whether all is done


COMMAND = """#!{python}
import sys
sys.path[:0] = [{tests!r}, {root!r}]
import time, spectral
from atmda.core.encoders import ENCODERS, EncoderSpec
from atmda.tasks import embed
ENCODERS.add(EncoderSpec("spectral", "for tests", spectral.load))
embed.SHARD_CLIPS = 2
whole = spectral.SpectralEncoder.features
def slow(self, audio):
    time.sleep(0.15)
    return whole(self, audio)
spectral.SpectralEncoder.features = slow
from atmda.__main__ import main
main()
"""
#: what Slurm's own do, without Slurm: the first notes how the array was asked for, the second who is to be queued again
SBATCH = """#!/usr/bin/env bash
printf '%s\\n' "$@" > submitted
"""
SCONTROL = """#!/usr/bin/env bash
echo "$@" >> requeued
"""


class Array:
    """The script's jobs as plain processes."""

    def __init__(self, folder: Path, **variables: str) -> None:
        (folder / "bin").mkdir()
        command = COMMAND.format(python=sys.executable, tests=str(ROOT / "tests"), root=str(ROOT))
        for name, text in (("atmda", command), ("sbatch", SBATCH), ("scontrol", SCONTROL)):
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        self.environ = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", **variables}

    def submit(self, *words: str) -> list[str]:
        subprocess.run(["bash", str(SCRIPT), *words], env=self.environ, check=True, timeout=60)
        return Path("submitted").read_text().splitlines()

    def job(self, number: int, *words: str) -> subprocess.Popen[bytes]:
        own = {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_JOB_ID": "77", "SLURM_JOB_ID": f"7{number}"}
        return subprocess.Popen(["bash", str(SCRIPT), *words], env=self.environ | own, stderr=subprocess.DEVNULL)


def test_the_script_asks_for_an_array_of_the_size_and_time_that_its_variables_say(recordings: Path) -> None:
    array = Array(recordings.parent, AUDIO="in", SHARDS="5", TIME_LIMIT="00:10:00", PARTITION="long")
    asked = array.submit("--window", "1")
    assert {"--array=1-5", "--time=00:10:00", "--requeue", "--signal=B:TERM@120", "--partition=long"} <= set(asked)
    assert asked[-3:] == [str(SCRIPT), "--window", "1"]
    nothing = subprocess.run(["bash", str(SCRIPT)], capture_output=True, text=True)
    assert nothing.returncode == 2 and "Set DATASET, AUDIO or FILES" in nothing.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for a script's children in /proc")
def test_an_array_whose_jobs_are_killed_and_preempted_ends_in_the_rows_of_one_process(recordings: Path) -> None:
    assert run(*EMBED, "whole")[0] == 3
    array = Array(recordings.parent, AUDIO="in", SHARDS="2", CORES="1", OUTPUT="store")
    words = ("--model", "spectral", "--batch-size", "1")
    jobs = [array.job(number, *words) for number in (1, 2)]
    for number in (1, 2):
        wait_for(lambda number=number: list(Path("store").glob(f"part-{number}-of-2-*")), seconds=60)
    jobs[0].send_signal(signal.SIGTERM)  # as a time limit or a preemption does
    held = Path(f"/proc/{jobs[1].pid}/task/{jobs[1].pid}/children").read_text().split()[0]
    os.kill(int(held), signal.SIGKILL)  # as on a node that is lost
    assert [job.wait(60) for job in jobs] == [143, 137]
    assert Path("requeued").read_text() == "requeue 77_1\n"
    again = [array.job(number, *words) for number in (1, 2)]
    assert [job.wait(60) for job in again] == [0, 0]
    assert rows_of("store") == rows_of("whole")
