"""Recordings of one's own: directories, globs and files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile

from atmda.datasets import audio_endings, load_folder
from atmda.errors import AtmdaError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def names(*inputs: str | Path, recursive: bool = False) -> list[str]:
    return [clip.name for clip in load_folder(inputs, recursive).clips]


def test_a_directory_gives_its_recordings_sorted_and_no_hidden_ones(tmp_path: Path) -> None:
    touch(tmp_path, "b.WAV", "a.flac", "c.ogg", ".hidden.wav", "._a.wav", "notes.txt", "deep/d.mp3", ".git/e.wav")
    assert names(tmp_path) == ["a.flac", "b.WAV", "c.ogg"]
    assert names(tmp_path, recursive=True) == ["a.flac", "b.WAV", "c.ogg", "deep/d.mp3"]


def test_every_format_of_libsndfile_is_looked_for() -> None:
    formats = set(soundfile.available_formats()) - {"RAW"}
    assert {f".{name.lower()}" for name in formats} <= audio_endings()
    assert {".aif", ".wave", ".opus", ".mp3"} <= audio_endings() and ".raw" not in audio_endings()


def test_globs_and_files_mix_and_each_recording_comes_once(tmp_path: Path) -> None:
    touch(tmp_path, "x/1.wav", "x/2.wav", "y/1.wav", "y/n.txt")
    assert names(f"{tmp_path}/*/1.wav") == ["x/1.wav", "y/1.wav"]
    assert names(f"{tmp_path}/x/*", tmp_path / "x/2.wav") == ["1.wav", "2.wav"]
    assert names(tmp_path / "y/n.txt") == ["n.txt"]  # named by hand: whether it is audio shows when it is opened
    assert names(f"{tmp_path}/**/*.wav") == ["x/1.wav", "x/2.wav", "y/1.wav"]
    assert names(f"{tmp_path}/*", recursive=True) == ["x/1.wav", "x/2.wav", "y/1.wav"]


def test_two_folders_with_the_same_names_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "x/1.wav", "y/1.wav", "y/2.wav")
    assert names(tmp_path / "x", tmp_path / "y") == sorted([f"{tmp_path}/x/1.wav", f"{tmp_path}/y/1.wav", "2.wav"])


def test_a_folder_whose_name_looks_like_a_glob_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "set[1]/a.wav")
    assert names(tmp_path / "set[1]") == ["a.wav"]


def test_links_that_go_in_circles_end(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.wav")
    (tmp_path / "in/again").symlink_to(tmp_path / "in", target_is_directory=True)
    assert names(tmp_path / "in", recursive=True) == ["a.wav"]


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_name_that_is_not_utf8_can_still_be_written(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system refuses such names")
    assert names(tmp_path) == ["caf\\xe9.wav"]


def test_nothing_to_read_says_what_was_looked_for(tmp_path: Path) -> None:
    touch(tmp_path, "deep/a.wav")
    with pytest.raises(AtmdaError, match=r"no recording in .*`recursive`"):
        load_folder(tmp_path)
    with pytest.raises(AtmdaError, match="is not there"):
        load_folder(tmp_path / "gone")
    with pytest.raises(AtmdaError, match="no recording"):
        load_folder(f"{tmp_path}/*.wav")
