"""Known faults: JAMS with 1e300 ended a set, --ref-db 1000 gave soundscapes of NaN, --ref-db -1e9 silent ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from atmda.cli import app
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.augment import AugmentSettings
from atmda.soundscapes.jams_reading import Finder, read_jams
from atmda.soundscapes.manifest import read_manifest
from atmda.soundscapes.parameters import parse_parameters

RATE = 8_000


def augment(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["augment", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output and "Unexpected" not in result.output
    return result


@pytest.fixture
def folders(tmp_path: Path) -> list[object]:
    """Two events and a background, as flags."""
    for name, level in (("fg/siren/1.wav", 0.3), ("fg/dog/2.wav", 0.3), ("bg/park/p.wav", 0.05)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        samples = np.random.default_rng(len(name)).standard_normal(RATE) * level
        sf.write(tmp_path / name, samples.clip(-1, 1), RATE)
    return ["--fg-dataset", tmp_path / "fg", "--bg-dataset", tmp_path / "bg", "--duration", 2, "--num-workers", 1]


@pytest.fixture
def jams(folders: list[object], tmp_path: Path) -> Path:
    """A set of four soundscapes; the first one's JAMS."""
    augment(*folders, "--n-soundscapes", 2, "--output", tmp_path / "set")
    return sorted((tmp_path / "set").rglob("*.jams"))[0]


def again(tmp_path: Path, *more: object, code: int = 0) -> Any:
    flags = ("--from-jams", tmp_path / "set", "--fg-path", tmp_path / "fg", "--bg-path", tmp_path / "bg")
    return augment(*flags, "--output", tmp_path / "again", *more, code=code)


def change(path: Path, where: str, value: object) -> None:
    """Put `value` into a JAMS file: of its settings, of its event, of an observation or of our own record."""
    whole = json.loads(path.read_text())
    place, key = where.split(".")
    annotation = whole["annotations"][0]
    event = annotation["data"][1]
    places = {"set": annotation["sandbox"]["scaper"], "event": event["value"], "observation": event}
    places["record"] = whole["sandbox"]["atmda"]
    places[place][key] = value
    path.write_text(json.dumps(whole))


ABSURD = [
    ("set.ref_db", 1e300),
    ("set.ref_db", 10**400),
    ("set.duration", 1e300),
    ("set.sr", 1e300),
    ("set.fade_in_len", 1e308),
    ("set.reverb", 1e300),
    ("event.snr", 1e9),
    ("event.snr", -(10**400)),
    ("event.event_time", 1e300),
    ("event.event_duration", 1e300),
    ("event.event_duration", 0),
    ("event.source_time", 1e300),
    ("observation.time", 1e300),
    ("observation.duration", float("nan")),
    ("record.notes", None),
    ("record.notes", 5),
    ("record.snr", float("inf")),
    ("record.draw", {"deep": float("nan")}),
    ("record.label", ["siren"]),
]


@pytest.mark.parametrize(("where", "value"), ABSURD, ids=lambda value: f"{value!r:.20}")
def test_one_jams_file_with_an_absurd_value_is_skipped_and_named_and_the_others_are_rendered(
    jams: Path, tmp_path: Path, where: str, value: object
) -> None:
    if where.startswith("set.duration"):
        change(jams, "set.original_duration", value)
    change(jams, where, value)
    result = again(tmp_path, "--num-workers", 1, code=3)
    assert result.stderr.count("skipped") == 1 and jams.name in result.stderr
    assert len(read_manifest(tmp_path / "again")) == 3


def test_worker_processes_go_on_after_an_absurd_jams_file_too(jams: Path, tmp_path: Path) -> None:
    for copy in range(16):  # enough for two processes
        jams.with_name(f"more-{copy}.jams").write_bytes(jams.read_bytes())
    change(jams, "event.snr", 1e300)
    assert jams.name in again(tmp_path, "--num-workers", 2, code=3).stderr
    assert len(read_manifest(tmp_path / "again")) == 19


def test_a_jams_file_nested_without_end_in_our_record_is_skipped_and_named(jams: Path, tmp_path: Path) -> None:
    text = jams.read_text()
    jams.write_text(text.replace('"draw": {', '"draw": {"x": ' + "[" * 300 + "]" * 300 + ", ", 1))
    assert "levels deep" in again(tmp_path, "--num-workers", 1, code=3).stderr


def test_a_jams_file_that_is_a_named_pipe_is_skipped_and_named(jams: Path, tmp_path: Path) -> None:
    os.mkfifo(jams.with_name("pipe.jams"))
    assert "pipe.jams cannot be read (it is a named pipe" in again(tmp_path, "--num-workers", 1, code=3).stderr


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--snr", "1e9"], "between -150 and 150 LU"),
        (["--snr", "uniform,0,1e300"], "between -150 and 150 LU"),
        (["--snr", "normal,0,1e300"], "between -150 and 150 LU"),
        (["--snr", "1" + "0" * 400], "is not a finite number"),
        (["--ref-db", "1e9"], "between -120 and 5 LUFS"),
        (["--ref-db", "1000"], "between -120 and 5 LUFS"),
        (["--ref-db", "-1e9"], "between -120 and 5 LUFS"),
        (["--ref-db", "1" + "0" * 400], "is not a number"),
        (["--duration", "1e9"], "between 0.01 and 3,600 s"),
        (["--event-time", "1e300"], "between 0 and 3,600 s"),
        (["--event-duration", "choose,[1,1e300]"], "between 0 and 3,600 s"),
        (["--source-time", "normal,3,1e300"], "between 0 and 604,800 s"),
        (["--n-soundscapes", "1" + "0" * 400], "between 1 and 1,000,000"),
        (["--parameters", "ref_db=1000 snr_dist=(const,6)"], "between -120 and 5 LUFS"),
    ],
)
def test_what_no_sound_has_is_refused_before_anything_is_written(
    folders: list[object], tmp_path: Path, flags: list[str], words: str
) -> None:
    assert words in augment(*folders, *flags, "--output", tmp_path / "set", code=2).stderr
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("words", ["ref_db=-120 snr=-150", "ref_db=5 snr=150", "ref_db=5 snr=(normal,0,20)"])
def test_what_lies_just_within_the_bounds_gives_whole_files_of_numbers(
    folders: list[object], tmp_path: Path, words: str
) -> None:
    augment(*folders, "--parameters", words, "--output", tmp_path / "set")
    for record in read_manifest(tmp_path / "set"):
        samples, _ = sf.read(tmp_path / "set" / record["file"])
        assert len(samples) == 2 * 44_100 and np.isfinite(samples).all() and np.isfinite(record["peak"])


def test_a_soundscape_too_quiet_for_16_bits_is_noted(folders: list[object], tmp_path: Path) -> None:
    augment(*folders, "--ref-db", -119, "--snr", 0, "--output", tmp_path / "set")
    for record in read_manifest(tmp_path / "set"):
        assert any(note.startswith("silent: ") for note in record["notes"])


def test_parameters_in_python_have_the_same_bounds() -> None:
    with pytest.raises(SettingsError, match="ref_db: 1000 is out of bounds"):
        AugmentSettings(ref_db="1000").drawn()
    with pytest.raises(SettingsError, match="snr_dist"):
        parse_parameters("snr=(truncnorm,0,1e300,-1e299,1e299)")


def test_a_jams_file_of_more_samples_than_memory_holds_is_refused(jams: Path, tmp_path: Path) -> None:
    change(jams, "set.original_duration", 3600)
    change(jams, "set.sr", 768_000)
    with pytest.raises(AtmdaError, match="too many samples"):
        read_jams(jams, Finder(tmp_path / "fg", ""), Finder(tmp_path / "bg", ""))


def test_a_damaged_jams_file_of_an_earlier_run_is_made_again(jams: Path, folders: list[object], tmp_path: Path) -> None:
    first = jams.read_bytes()
    damages: list[Callable[[], object]] = [
        lambda: jams.write_text("[" * 100_000),
        lambda: jams.write_text('{"sandbox": []}'),
        lambda: change(jams, "record.notes", 5),
    ]
    for damage in damages:
        damage()
        augment(*folders, "--n-soundscapes", 2, "--output", tmp_path / "set")
        assert jams.read_bytes() == first
