"""Killed at random moments and run again: the same bytes as an undisturbed run, in every command that writes."""

import hashlib
import io
import os
import random
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from http_server import serving
from processes import run, start

from atmda.core.embeddings.store import read_store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
MANY_KILLS = pytest.mark.parametrize("kills", [pytest.param(20, marks=pytest.mark.slow)])
KILLS = pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])


def files_of(place: Path) -> dict[str, bytes]:
    """What is in a file or folder, without locks and notes of the program's own."""
    if place.is_file():
        return {"": place.read_bytes()}
    found = (path for path in place.rglob("*") if path.is_file())
    names = {path.relative_to(place).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in names.items() if not any(p[0] == "." for p in name.split("/"))}


def killed_and_run_again(
    words: Callable[[str], tuple[str, ...]],
    place: Callable[[str], Path],
    kills: int,
    more: str = "",
    pause: float = 0.0,
) -> None:
    """Run `words("whole")` undisturbed, `words("killed")` with `kills` kills; what `place` names must be the same."""
    began = time.monotonic()
    undisturbed = start(*words("whole"), more=more, pause=pause, shard=4)
    _, errors = undisturbed.communicate(timeout=120)
    assert undisturbed.returncode in (0, 3), errors
    took = time.monotonic() - began
    moments, killed = random.Random(kills), 0
    while killed < kills:
        process = start(*words("killed"), more=more, pause=pause, shard=4)
        time.sleep(moments.uniform(0.05, 0.9) * took)
        process.kill()
        killed += process.wait(60) < 0
        if process.returncode in (0, 3):  # done in spite of all
            assert_same(place("whole"), place("killed"))
            delete(place("killed"))
    process = start(*words("killed"), more=more, shard=4)
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, 3), errors
    assert_same(place("whole"), place("killed"))


def assert_same(one: Path, other: Path) -> None:
    whole, resumed = files_of(one), files_of(other)
    assert whole.keys() == resumed.keys()
    assert [name for name in whole if whole[name] != resumed[name]] == []
    assert not list(other.parent.rglob(".unfinished_*"))


def delete(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()


@pytest.fixture
def folder(tmp_path, write_tone) -> str:
    for index in range(60):
        write_tone(tmp_path / "in" / f"{index:02}.wav", 100.0 + 30 * index, 0.2)
    (tmp_path / "in" / "33.wav").write_bytes(b"")
    return str(tmp_path / "in")


@MANY_KILLS  # some kills of it are in test_interruption.py
def test_embed(folder, kills):
    killed_and_run_again(
        lambda name: ("embed", "--model", "spectral", "--audio-folder", folder, "--output", name, "--num-workers", "1"),
        Path,
        kills,
        pause=0.05,
    )


@MANY_KILLS  # one of it is in test_nothing_lost_signals.py
def test_infer(folder, kills):
    words = ("infer", "--model", "spectral", "--labels", "100,900", "--num-workers", "1", "--audio-folder", folder)
    killed_and_run_again(
        lambda name: (*words, "--output", f"{name}.csv"),
        lambda name: Path(f"{name}.csv"),
        kills,
        more="from atmda.report import journal; journal.SECONDS = 0.1",
        pause=0.05,
    )


SHORT_STRETCHES = """
from atmda.core.audio import long
from atmda.tasks import embed_windows
long.STRETCH_SECONDS, embed_windows.SHARD_WINDOWS = 4, 4
"""
WINDOWS = ("--model", "spectral", "--num-workers", "1", "--window", "2", "--hop", "1", "--audio-folder", "long")


@pytest.fixture
def hours(tmp_path, write_tone) -> None:
    """Long recordings, for those who have little time."""
    for index in range(2):
        write_tone(tmp_path / "long" / f"{index}.wav", 300.0 + 700 * index, 60.0)


@MANY_KILLS
def test_embed_inside_a_long_recording(hours, kills):
    """Which shards there are differs, as what was not yet published is done again; their rows do not."""
    whole, killed = Path("whole"), Path("killed")
    process = start("embed", *WINDOWS, "--output", "whole", more=SHORT_STRETCHES)
    assert process.wait(60) == 0
    moments = random.Random(kills)
    for _ in range(kills):
        process = start("embed", *WINDOWS, "--output", "killed", more=SHORT_STRETCHES, pause=0.02)
        time.sleep(moments.uniform(0.1, 1.0))
        process.kill()
        process.wait(60)
    process = start("embed", *WINDOWS, "--output", "killed", more=SHORT_STRETCHES)
    assert process.wait(60) == 0
    one, other = read_store(whole), read_store(killed)
    assert not other.problems and sorted(one.clips) == sorted(other.clips)
    order = [other.clips.index(clip) for clip in one.clips]
    assert np.array_equal(one.embeddings, other.embeddings[order])


@KILLS
def test_infer_inside_a_long_recording(hours, kills):
    words = ("infer", *WINDOWS, "--labels", "300,1000", "--modality", "audio", "--bg", "self", "--merge", "0")
    killed_and_run_again(
        lambda name: (*words, "--output", f"{name}.csv"),
        lambda name: Path(f"{name}.csv"),
        kills,
        more=SHORT_STRETCHES,
        pause=0.02,
    )


@MANY_KILLS  # a kill of it is in test_augment.py
def test_augment(tmp_path, write_tone, kills):
    for index in range(4):
        write_tone(tmp_path / "data/input/fg/dog" / f"{index}.wav", 300.0 + index, 1.0)
        write_tone(tmp_path / "data/input/bg/park" / f"{index}.wav", 90.0 + index, 10.0)
    words = ("augment", "--fg-dataset", "fg", "--bg-dataset", "bg", "--n-soundscapes", "40", "--num-workers", "1")
    killed_and_run_again(lambda name: (*words, "--output", name), Path, kills)


@MANY_KILLS
def test_classify(kills):
    draws = np.random.default_rng(0)
    np.savez(
        "e.npz",
        embeddings=draws.standard_normal((3000, 64)).astype(np.float32),
        clips=[f"{i}.wav" for i in range(3000)],
        labels=[f"class {i % 10}" for i in range(3000)],
        folds=[1 + i % 5 for i in range(3000)],
    )
    words = ("classify", "--embeddings", "e.npz", "--mode", "sv", "--save-results")
    killed_and_run_again(lambda name: (*words, name), Path, kills)


FETCH = """
from atmda.datasets.remotes import Part, Remote, Target
from atmda.download import catalogue
catalogue.OWN["demo"] = Target("demo", "input/demo", (
    Part("archive", (Remote("a.zip", {url!r} + "/a.zip", {archive!r}),)),
    Part("plain", (Remote("b.bin", {url!r} + "/b.bin", {plain!r}),)),
))
"""


@KILLS
def test_fetch(kills):
    draws = random.Random(1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for index in range(300):
            archive.writestr(f"audio/{index}.wav", draws.randbytes(20_000))
    with serving() as server:
        server.files = {"/a.zip": packed.getvalue(), "/b.bin": draws.randbytes(5_000_000)}
        sums = {name: f"md5:{hashlib.md5(content).hexdigest()}" for name, content in server.files.items()}
        more = FETCH.format(url=server.url, archive=sums["/a.zip"], plain=sums["/b.bin"])
        killed_and_run_again(
            lambda name: ("fetch", "demo", "--data-dir", name),
            lambda name: Path(name, "input/demo"),
            kills,
            more=more,
        )
        assert run("doctor", "--data-dir", "killed")[0] == 0
