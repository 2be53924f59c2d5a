"""Job schedulers, lost terminals and impatient people: what was finished is kept, and how to go on is said."""

import csv
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from processes import SCRIPT, run, start, wait_for

from atmda.core.clip import Clip
from atmda.core.embeddings.engine import Embedded
from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.store import EmbeddingStore, Manifest
from atmda.core.interruption import Stopped, stop, uninterrupted
from atmda.tasks.filling import Filling

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
SLOW = {"pause": 0.15, "shard": 256}
EMBED = ("embed", "--model", "spectral", "--num-workers", "1", "--audio-folder")
INFER = ("infer", "--model", "spectral", "--num-workers", "1", "--labels", "100,900", "--audio-folder")
STOPS = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


@pytest.fixture
def folder(tmp_path, write_tone) -> str:
    for index in range(60):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    return str(tmp_path / "in")


def go_on(errors: str) -> list[str]:
    """The words of the command that `errors` name."""
    words = shlex.split(errors.split("To go on: ")[1])
    assert words[0] == "atmda"
    return words[1:]


def stopped_at_work(process, number: int, there) -> str:
    """Stop a process once `there()`, and a moment later; gives what it said."""
    wait_for(there, process)
    time.sleep(0.4)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert "Traceback" not in errors
    assert "leaked" not in errors
    return errors


@pytest.mark.parametrize("number", STOPS)
def test_embed_keeps_the_clips_of_the_batch_at_hand_and_names_the_command_that_goes_on(folder, number):
    """It once lost up to 255 clips, and said nothing."""
    process = start(*EMBED, folder, **SLOW)
    errors = stopped_at_work(process, number, lambda: list(Path().rglob("_manifest.json")))
    words = go_on(errors)
    store = Path(words[words.index("--output") + 1])
    assert 0 < len(read_embeddings(store)) < 60
    code, _, errors = run(*words)
    assert code == 0
    assert "Resuming" in errors
    assert len(read_embeddings(store)) == 60


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_infer_goes_on_where_it_was_stopped_to_the_same_bytes(folder, number):
    """SIGTERM once lost up to a minute of rows: 1,136 in one try."""
    assert run(*INFER, folder, "--output", "whole.csv")[0] == 0
    process = start(*INFER, folder, **SLOW)
    errors = stopped_at_work(process, number, lambda: list(Path().rglob(".unfinished_*")))
    assert "recordings were labelled before the interruption" in errors
    words = go_on(errors)
    output = Path(words[words.index("--output") + 1])
    assert not output.exists()
    code, _, errors = run(*words)
    assert code == 0
    assert "were embedded by an earlier run" in errors
    assert output.read_bytes() == Path("whole.csv").read_bytes()
    assert not list(output.parent.glob(".unfinished_*"))


def test_infer_that_goes_on_embeds_a_replaced_recording_again_and_may_ask_for_other_labels(folder, write_tone):
    process = start(*INFER, folder, "--output", "out.csv", **SLOW)
    stopped_at_work(process, signal.SIGTERM, lambda: list(Path().glob(".unfinished_*")))
    write_tone(Path(folder) / "00.wav", 1500.0, 0.3)
    words = [word.replace("100,900", "100,1500") for word in (*INFER, folder)]
    assert run(*words, "--output", "out.csv")[0] == 0
    assert run(*words, "--output", "fresh.csv")[0] == 0
    assert Path("out.csv").read_bytes() == Path("fresh.csv").read_bytes()
    with Path("out.csv").open() as file:
        assert next(csv.DictReader(file))["label"] == "1500"


def test_a_signal_while_a_shard_is_written_does_not_write_it_twice(monkeypatch):
    """Job arrays once had clips twice: the rows were published again on the way out."""
    store = EmbeddingStore.open(Path("store"), Manifest({"encoder": "x"}, 4))
    filling, append = Filling(store, {}, None), store.append

    def interrupted(*given):
        with uninterrupted():
            append(*given)
            stop(signal.SIGTERM)

    monkeypatch.setattr(store, "append", interrupted)
    filling.add(Clip(Path("a.wav"), "a.wav"), Embedded(np.ones(4, np.float32)))
    with pytest.raises(Stopped):
        try:
            filling.publish()
        finally:
            filling.publish()
    assert filling.rows == 1
    assert read_embeddings(Path("store"), partial=True).clips == ["a.wav"]


def test_infer_of_windows_goes_on_inside_a_recording(tmp_path, write_tone):
    write_tone(tmp_path / "long.wav", 300.0, 90.0)
    words = (*INFER, str(tmp_path / "long.wav"), "--window", "2")
    assert run(*words, "--output", "whole.csv")[0] == 0
    process = start(*words, more="from atmda.core.audio import long; long.STRETCH_SECONDS = 4", **SLOW)
    time.sleep(1)
    errors = stopped_at_work(process, signal.SIGTERM, lambda: list(Path().rglob(".unfinished_*/_manifest.json")))
    again = go_on(errors)
    code, _, errors = run(*again)
    assert code == 0, errors
    assert "windows are done" in errors
    output = Path(again[again.index("--output") + 1])
    assert output.read_bytes() == Path("whole.csv").read_bytes()


def test_infer_killed_without_warning_goes_on_from_the_last_minute(folder):
    process = start(
        *INFER, folder, "--output", "out.csv", more="from atmda.report import journal; journal.SECONDS = 0", **SLOW
    )
    wait_for(lambda: len(list(Path(".unfinished_out.csv").glob("part-*"))) > 2, process)
    process.kill()
    process.wait()
    code, _, errors = run(*INFER, folder, "--output", "out.csv")
    assert code == 0
    assert "Resuming" in errors
    assert run(*INFER, folder, "--output", "whole.csv")[0] == 0
    assert Path("out.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_two_infers_with_one_output_do_not_write_over_each_other(folder):
    first = start(*INFER, folder, "--output", "out.csv", **SLOW)
    wait_for(lambda: list(Path().glob(".unfinished_out.csv/.lock-all")), first)
    code, _, errors = run(*INFER, folder, "--output", "out.csv")
    assert code == 1
    assert "another atmda is writing into it" in errors
    first.terminate()
    first.wait(60)


@pytest.mark.parametrize(("number", "group"), [(signal.SIGTERM, True)], ids=["with its workers"])
def test_augment_stops_in_order_and_goes_on_to_the_same_bytes(tmp_path, write_tone, number, group):
    """It once printed warnings of leaked semaphores, and said nothing of how to go on."""
    for index in range(6):
        write_tone(tmp_path / "data/input/fg/dog" / f"{index}.wav", 300.0 + index, 1.0)
        write_tone(tmp_path / "data/input/bg/park" / f"{index}.wav", 90.0 + index, 10.0)
    words = ("augment", "--fg-dataset", "fg", "--bg-dataset", "bg", "--n-soundscapes", "30", "--duration", "2")
    words = (*words, "--num-workers", "2")
    assert run(*words, "--output", "whole")[0] == 0
    process = start(*words, new_session=True)
    wait_for(lambda: len(list(Path("data/input").rglob("*.jams"))) > 20, process)
    os.killpg(process.pid, number) if group else process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert "Traceback" not in errors
    assert "leaked" not in errors
    again = go_on(errors)
    output = Path(again[again.index("--output") + 1])
    assert run(*again)[0] == 0
    files = sorted(path.relative_to("whole") for path in Path("whole").rglob("*.*") if path.is_file())
    assert len(files) > 500
    for file in files:
        if not file.name.startswith("."):
            assert (output / file).read_bytes() == Path("whole", file).read_bytes(), file


def test_a_second_signal_ends_the_program_at_once(folder):
    process = start(
        *EMBED,
        folder,
        "--batch-size",
        "1",
        more="import atmda.tasks.embed as e\ndef hang(*a, **k):\n    time.sleep(60)\ne.Filling.publish = hang",
        **SLOW,
    )
    wait_for(lambda: list(Path().rglob("_manifest.json")), process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize("after", [0, 0.15, 0.4])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_signal_during_imports_ends_the_program_without_a_traceback(tmp_path, write_tone, after):
    write_tone(tmp_path / "long" / "tone.wav", 440.0, 1200)  # so that it has not ended before the signal comes
    command = [sys.executable, "-m", "atmda", "infer", "--audio-folder", str(tmp_path / "long"), "--labels", "dog,rain"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: _handles(process.pid, signal.SIGTERM))  # until our first line it is the interpreter's
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


def _handles(pid: int, number: int) -> bool:
    """Whether the process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1]
    return bool(int(caught, 16) >> (number - 1) & 1)


def test_under_nohup_a_lost_terminal_ends_nothing(folder):
    as_nohup_does = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    process = start(*EMBED, folder, "--output", "store", more=as_nohup_does)
    wait_for(lambda: list(Path().rglob("_manifest.json")), process)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    assert len(read_embeddings(Path("store"))) == 60


def test_as_process_1_of_a_container_it_is_stopped_as_well(folder, tmp_path):
    """There SIGTERM does nothing unless the program handles it."""
    alone = ["unshare", "--pid", "--fork", "--kill-child"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("needs unshare and the right to make a namespace of processes")
    words = [*EMBED, folder, "--output", "store"]
    more = "import os; open('pid', 'w').write(str(os.getpid()))"
    script = SCRIPT.format(tests=str(Path(__file__).parent), pause=0.3, shard=256, more=more, words=words)
    process = subprocess.Popen([*alone, sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: list(Path().rglob("_manifest.json")), process)
    assert Path("pid").read_text() == "1"
    time.sleep(0.5)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "To go on: " in errors
    assert len(read_embeddings(Path("store"))) > 0
