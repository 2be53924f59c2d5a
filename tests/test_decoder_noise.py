"""Known faults: libmpg123 wrote to stderr, and numpy warned with file and line, where a recording should be named."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from spectral import SpectralEncoder

from atmda.core.audio import open_audio
from atmda.core.audio.c_streams import caught
from atmda.core.audio.complaints import meanings
from atmda.core.embeddings.engine import embed_clips
from atmda.errors import AudioError

ROOT = Path(__file__).parents[1]
RATE = 22_050
NOISE = np.random.default_rng(1).uniform(-0.3, 0.3, 5 * RATE).astype(np.float32)
OURS = re.compile(r"^(warning: |note: |error: |Encoder: |\d+ recordings? labelled|\d+ clips embedded)")


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("mp3") / "a.mp3"
    sf.write(path, NOISE, RATE)
    return path.read_bytes()


def spoilt(mp3: bytes) -> dict[str, bytes]:
    """An MP3 with what happens to MP3s: cut, behind rubbish, with rubbish inside or behind it, bits changed."""
    rubbish, middle = random.Random(0).randbytes(6000), len(mp3) // 2
    flipped = bytearray(mp3)
    for place in range(2000, len(mp3), 997):
        flipped[place] ^= 0xFF
    files = {
        "good": mp3,
        "cut": mp3[:middle],
        "behind": rubbish + mp3,
        "zeros": bytes(3000) + mp3,
        "inside": mp3[:middle] + rubbish + mp3[middle:],
        "overwritten": mp3[:middle] + rubbish[:600] + mp3[middle + 600 :],
        "after": mp3 + rubbish,
        "twice": mp3 + mp3,
        "flipped": bytes(flipped),
        "rubbish": rubbish * 9,
        "nothing": mp3[:100],
    }
    for seed in range(20):
        chance, changed = random.Random(seed), bytearray(mp3)
        for _ in range(chance.choice((1, 5, 50))):
            changed[chance.randrange(len(mp3))] = chance.randrange(256)
        files[f"random{seed:02}"] = bytes(changed)
    return files


@pytest.fixture
def folder(tmp_path: Path, mp3: bytes) -> Path:
    (tmp_path / "in").mkdir()
    for name, content in spoilt(mp3).items():
        (tmp_path / f"in/{name}.mp3").write_bytes(content)
    return tmp_path / "in"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "default", "-m", "atmda", *arguments, "--model", "compact"]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_only_our_own_lines_reach_stderr_and_they_name_the_recording(folder: Path) -> None:
    more = ("--labels", "dog,rain", "-o", "out.csv", "--num-workers", "4", "--batch-size", "2")
    shown = run("infer", "--audio-folder", str(folder), *more)
    assert shown.returncode == 3, shown.stderr
    assert [line for line in shown.stderr.splitlines() if not OURS.match(line)] == []
    assert "mpg123" not in shown.stderr and "resync" not in shown.stderr
    assert re.search(r"note: .*flipped\.mp3: parts of its MP3 data are damaged\.", shown.stderr)
    assert re.search(r"skipped .*cut\.mp3: it ends after \d+ of \d+ frames \(truncated\)", shown.stderr)
    assert re.search(r"skipped .*overwritten\.mp3: .*bytes in it that are no MP3 were left out", shown.stderr)
    assert re.search(r"skipped .*rubbish\.mp3: it is not audio", shown.stderr)
    with Path("out.csv").open(newline="") as file:
        notes = {row["filename"]: row["note"] for row in csv.DictReader(file)}
    assert notes["good.mp3"] == "" and "damaged" in notes["flipped.mp3"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere C's stderr cannot be set")
def test_the_python_interface_is_as_quiet(folder: Path) -> None:
    script = (
        "from atmda.core.audio import open_audio\nimport sys, pathlib\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: open_audio(path).read(16000)\n"
        "    except Exception as error: print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", script, str(folder)]
    shown = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert shown.stderr == ""


def test_what_is_said_of_a_recording_is_its_own_on_any_number_of_workers(folder: Path) -> None:
    files = sorted(folder.iterdir())
    said = []
    for workers in (1, 6, 6):
        units = embed_clips(SpectralEncoder(), files, batch_size=1, num_workers=workers)
        said.append([(result.notes, str(result.error)) for unit in units for result in unit])
    assert said[0] == said[1] == said[2]
    by_name = dict(zip((path.stem for path in files), said[0], strict=True))
    assert by_name["good"] == ((), "None") and by_name["flipped"][0] != ()


def test_the_samples_of_a_good_mp3_are_those_of_libsndfile(tmp_path: Path, mp3: bytes) -> None:
    (tmp_path / "a.mp3").write_bytes(mp3)
    audio = open_audio(tmp_path / "a.mp3")
    with sf.SoundFile(tmp_path / "a.mp3") as file:
        np.testing.assert_array_equal(audio.read(RATE), file.read(10 * RATE, dtype="float32"))
    assert audio.notes == []


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100])
def test_a_good_mp3_of_minutes_is_not_called_damaged(tmp_path: Path, rate: int) -> None:
    sf.write(tmp_path / "a.mp3", np.tile(NOISE, -(-100 * rate // len(NOISE))), rate)
    for start in (None, 33.3):
        audio = open_audio(tmp_path / "a.mp3", start=start)
        audio.read(16_000)
        assert audio.notes == []


C_PRINTS = """
import ctypes, os, threading
from atmda.core.audio.c_streams import caught
libc = ctypes.CDLL(None)
def say(text):
    libc.fprintf(ctypes.c_void_p.in_dll(libc, "stderr"), b"%s", text)
lines = []
with caught(lines):
    say(b"one\\n"); say(b"two")
    thread = threading.Thread(target=say, args=(b"other thread\\n",)); thread.start(); thread.join()
    inner = []
    with caught(inner):
        say(b"inner")
    os.write(2, b"python\\n")
say(b"after\\n")
assert lines == ["one", "two"] and inner == ["inner"], (lines, inner)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere C's stderr cannot be set")
def test_only_what_c_code_prints_on_the_listening_thread_is_kept() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", C_PRINTS]
    shown = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert shown.stderr == "other thread\npython\nafter\n"


def test_many_threads_listen_at_once(tmp_path: Path, mp3: bytes) -> None:
    (tmp_path / "flipped.mp3").write_bytes(spoilt(mp3)["flipped"])
    heard: list[list[str]] = [[] for _ in range(8)]

    def listen(lines: list[str]) -> None:
        for _ in range(10):
            with caught(lines):
                sf.read(tmp_path / "flipped.mp3")

    threads = [threading.Thread(target=listen, args=(lines,)) for lines in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(lines) for lines in heard} == {len(heard[0])} != {0}


def test_a_complaint_that_is_not_known_stands_for_itself() -> None:
    assert meanings(["Note: Trying to resync...", "Note: Skipped 6 bytes in input.", "", "Warning: new"]) == [
        "bytes in it that are no MP3 were left out",
        "its decoder says: Warning: new",
    ]


@pytest.mark.parametrize(("channels", "value"), [(1, -1e30), (2, 3.4e38)])
def test_samples_beyond_all_sound_are_named_without_a_warning(tmp_path: Path, channels: int, value: float) -> None:
    sf.write(tmp_path / "a.wav", np.full((RATE, channels), value), RATE, "FLOAT")
    (tmp_path / "in").mkdir()
    (tmp_path / "a.wav").rename(tmp_path / "in/a.wav")
    shown = run("infer", "--audio-folder", "in", "--labels", "dog,rain", "-o", "out.csv")
    assert shown.returncode == 1
    assert [line for line in shown.stderr.splitlines() if not OURS.match(line)] == []
    assert "skipped in/a.wav: " in shown.stderr


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-44, 1e-30, 32_768.0, 1e14])
def test_samples_of_an_odd_scale_are_read_without_a_warning(tmp_path: Path, scale: float) -> None:
    sf.write(tmp_path / "a.wav", np.stack([NOISE, -NOISE], axis=1) * scale, RATE, "DOUBLE")
    audio = open_audio(tmp_path / "a.wav")
    audio.read(16_000)
    ((result,),) = embed_clips(SpectralEncoder(), [tmp_path / "a.wav"], num_workers=1)
    assert result.error is None


@pytest.mark.filterwarnings("error")
def test_an_embedding_that_overflows_is_named_without_a_warning(tmp_path: Path) -> None:
    class Overflowing(SpectralEncoder):
        def pool(self, states):
            return super().pool(states) * np.float32(1e38) * np.float32(1e38)

    sf.write(tmp_path / "a.wav", NOISE, RATE)
    ((result,),) = embed_clips(Overflowing(), [tmp_path / "a.wav"], num_workers=1)
    assert isinstance(result.error, AudioError) and "no finite embedding" in str(result.error)


def test_what_libsndfile_prints_to_stdout_stands_not_among_our_results(tmp_path: Path) -> None:
    """Its reader of SDS prints a line for every block that does not begin as it should."""
    (tmp_path / "in").mkdir()
    sf.write(tmp_path / "in/a.sds", NOISE, RATE, format="SDS")
    content = bytearray((tmp_path / "in/a.sds").read_bytes())
    content[148] ^= 1
    (tmp_path / "in/a.sds").write_bytes(bytes(content))
    shown = run("infer", "--audio-folder", "in", "--labels", "dog,rain", "--json")
    (row,) = json.loads(shown.stdout)["results"]
    assert "blocks of it are damaged" in row["note"]
