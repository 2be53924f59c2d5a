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


def test_esc50_tells_it_in_its_file_names_else_in_its_table(tmp_path: Path) -> None:
    folder = tmp_path / "input" / "esc50"
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    rows = ("1-100032-A-0.wav,1,0,dog,True,100032,A", "renamed.wav,2,0,dog,True,77,B")
    header = "filename,fold,target,category,esc10,src_file,take"
    (folder / "meta/esc50.csv").write_text("\n".join((header, *rows)) + "\n")
    for row in rows:
        (folder / "audio" / row.split(",")[0]).touch()
    for name in ("esc50", "esc10"):
        assert [clip.source for clip in load_dataset(name, tmp_path).clips] == ["100032", "77"]


def test_fsd50k_tells_none_for_its_files_say_none(tmp_path: Path) -> None:
    truth = tmp_path / "input/fsd50k/FSD50K.ground_truth"
    truth.mkdir(parents=True)
    (truth / "vocabulary.csv").write_text("0,Bark,/m/1\n1,Dog,/m/2\n")
    (truth / "dev.csv").write_text('fname,labels,mids,split\n64760,"Bark,Dog","/m/1,/m/2",train\n')
    audio = tmp_path / "input/fsd50k/FSD50K.dev_audio"
    audio.mkdir()
    (audio / "64760.wav").touch()
    (clip,) = load_dataset("fsd50k", tmp_path).clips
    assert (clip.source, clip.label, clip.labels, clip.split) == (None, None, ("Bark", "Dog"), "train")


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


def test_soundscapes_without_a_manifest_tell_that_of_the_event_in_their_jams(tmp_path: Path) -> None:
    folder = tmp_path / "set" / "fold1"
    (folder / "jams").mkdir(parents=True)

    def soundscape(name: str, source_file: str) -> None:
        (folder / f"{name}.wav").touch()
        value = {"role": "foreground", "label": "fold1", "source_file": source_file}
        event = {"time": 1.0, "duration": 2.0, "value": value}
        jams = {"annotations": [{"namespace": "scaper", "data": [event]}]}
        (folder / "jams" / f"{name}.jams").write_text(json.dumps(jams))

    soundscape("mix-1", "audio/fold1/7061-6-0-0.wav")
    soundscape("mix-2", "audio\\fold1\\owl.wav")
    clips = load_dataset("urbansound8k", tmp_path, str(tmp_path / "set")).clips
    assert {clip.name: clip.source for clip in clips} == {"mix-1.wav": "7061", "mix-2.wav": "owl"}
