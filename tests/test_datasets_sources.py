"""Which recording a clip was cut from, from each data set's own names, so that it never stands on both sides."""

from __future__ import annotations

import json
from pathlib import Path

from atmda.datasets import load_dataset


def test_urbansound8k_tells_it_by_the_freesound_id(test_data: Path, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "urbansound8k").symlink_to(test_data / "data" / "urbansound8k-mini")
    clips = load_dataset("urbansound8k", tmp_path).clips
    assert all(clip.source == clip.name.split("-")[0] for clip in clips)
    folds: dict[str | None, set[int | None]] = {}
    for clip in clips:
        folds.setdefault(clip.source, set()).add(clip.fold)
    assert all(len(own) == 1 for own in folds.values())  # the official folds keep sources together


def test_esc10_tells_it_in_its_file_names(test_data: Path, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "esc10").symlink_to(test_data / "data" / "esc10")
    assert all(clip.source == clip.name.split("-")[1] for clip in load_dataset("esc10", tmp_path).clips)


def test_tau_tells_city_and_location(test_data: Path, tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "tau2019uas").symlink_to(test_data / "data" / "tau2019uas-mini")
    sources = {clip.name: clip.source for clip in load_dataset("tau2019uas", tmp_path).clips}
    assert sources["park-barcelona-91-2504-a.wav"] == "barcelona-91"


def test_soundscapes_tell_that_of_their_event(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "fold1"
    folder.mkdir(parents=True)
    for name in ("7061-6-0-0-park-0.wav", "7061-6-0-1-park-0.wav"):
        (folder / name).touch()
    record = {"file": "fold1/7061-6-0-1-park-0.wav", "class_id": 6, "fold": 1, "foreground": "audio/fold1/9-6-0-1.wav"}
    (tmp_path / "set" / "manifest.jsonl").write_text(json.dumps(record) + "\n")
    clips = load_dataset("urbansound8k", tmp_path, str(tmp_path / "set")).clips
    assert [clip.source for clip in clips] == ["7061", "9"]
