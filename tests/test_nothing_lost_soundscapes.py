"""Sets of soundscapes that two jobs want, or whose recordings change under them."""

import json
from pathlib import Path

import pytest
from processes import run, start, wait_for

from atmda.soundscapes.manifest import read_manifest

ALONE = ("--num-workers", "1")  # processes take a second to start
AUGMENT = ("augment", "--fg-dataset", "fg", "--bg-dataset", "bg", "--duration", "2", "--output", "set", *ALONE)


@pytest.fixture(autouse=True)
def sources(tmp_path, write_tone):
    for index in range(4):
        write_tone(tmp_path / "data/input/fg/dog" / f"{index}.wav", 300.0 + 50 * index, 1.0)
        write_tone(tmp_path / "data/input/bg/park" / f"{index}.wav", 90.0 + 20 * index, 3.0)


def test_of_two_augments_into_one_folder_the_second_is_refused_and_the_first_goes_on():
    """The first once died, for the second removed the file that it was writing."""
    first = start(*AUGMENT, "--n-soundscapes", "150")
    wait_for(lambda: list(Path("set").rglob("*.jams")), first)
    code, _, errors = run(*AUGMENT, "--n-soundscapes", "150")
    assert code == 1
    assert "set: another atmda is writing into it" in errors
    _, errors = first.communicate(timeout=60)
    assert first.returncode == 0, errors
    assert len(read_manifest(Path("set"))) == 600


@pytest.mark.parametrize("role", ["fg/dog", "bg/park"])
def test_soundscapes_of_a_replaced_recording_are_made_again_said_and_counted(tmp_path, write_tone, role):
    """A resumed set once kept the old mix."""
    assert run(*AUGMENT, "--n-soundscapes", "6")[0] == 0
    key = "foreground" if role == "fg/dog" else "background"
    before = {record["file"]: record for record in read_manifest(Path("set"))}
    old = {name: Path("set", name).read_bytes() for name in before}
    write_tone(tmp_path / "data/input" / role / "2.wav", 777.0, 1.0 if key == "foreground" else 3.0)
    code, out, errors = run(*AUGMENT, "--n-soundscapes", "6", "--json")
    assert code == 0
    touched = {name for name, record in before.items() if record[key].endswith("2.wav")}
    told = json.loads(out)
    assert (told["changed"], told["made"], told["kept"]) == (len(touched), len(touched), 24 - len(touched))
    assert f"{len(touched)} made again since their recordings have changed" in errors
    assert {name for name in before if Path("set", name).read_bytes() != old[name]} == touched
    assert json.loads(run(*AUGMENT, "--n-soundscapes", "6", "--json")[1])["made"] == 0


def test_a_folder_that_holds_something_else_is_not_made_a_set(tmp_path):
    Path("set").mkdir()
    Path("set/.tmp-thesis").write_text("precious")
    code, _, errors = run(*AUGMENT)
    assert code == 1
    assert "set: it exists and is not a set of soundscapes" in errors
    assert Path("set/.tmp-thesis").read_text() == "precious"
