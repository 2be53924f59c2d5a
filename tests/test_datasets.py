"""The readers, each on a tree in its data set's official layout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from atmda.datasets import dataset_names, labels_of, load_dataset
from atmda.errors import AtmdaError

SHARED = os.environ.get("ATMDA_TEST_DATA", "")
needs_data = pytest.mark.skipif(not SHARED, reason="set ATMDA_TEST_DATA to the folder that holds data/")
US8K_HEADER = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
DEV = "TAU-urban-acoustic-scenes-2019-development"


def write(path: Path, text: str | bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def us8k(data: Path, rows: str, files: list[str]) -> Path:
    root = data / "input/urbansound8k"
    write(root / "metadata/UrbanSound8K.csv", US8K_HEADER + rows)
    for file in files:
        write(root / "audio" / file)
    return root


def tau(data: Path, lists: dict[str, list[str]], audio: str = "audio") -> Path:
    root = data / "input/tau2019uas" / DEV
    names = [f"park-oslo-1-{i}-a.wav" for i in range(4)]
    write(
        root / "meta.csv",
        "filename\tscene_label\tidentifier\tsource_label\n"
        + "".join(f"audio/{name}\tpark\toslo-1\ta\n" for name in names),
    )
    for split in ("train", "test", "evaluate"):
        header = "filename\n" if split == "test" else "filename\tscene_label\n"
        tail = "" if split == "test" else "\tpark"
        rows = "".join(f"audio/{name}{tail}\n" for name in lists[split])
        write(root / "evaluation_setup" / f"fold1_{split}.csv", header + rows)
    for name in names:
        write(root / audio / name)
    return root


def fsd50k(data: Path, dev: str = '1,"Bark,Dog","/m/1,/m/2",train\n2,Dog,/m/2,val\n') -> Path:
    root = data / "input/fsd50k"
    write(
        root / "FSD50K.ground_truth/vocabulary.csv", "0,Bark,/m/1\n1,Dog,/m/2\n2,Domestic_sounds_and_home_sounds,/m/3\n"
    )
    write(root / "FSD50K.ground_truth/dev.csv", "fname,labels,mids,split\n" + dev)
    write(root / "FSD50K.ground_truth/eval.csv", "fname,labels,mids\n3,Domestic_sounds_and_home_sounds,/m/3\n")
    for file in ("FSD50K.dev_audio/1.wav", "FSD50K.dev_audio/2.wav", "FSD50K.eval_audio/3.wav"):
        write(root / file)
    return root


def test_urbansound8k_gives_label_fold_and_class_id_of_every_clip(tmp_path: Path) -> None:
    us8k(
        tmp_path,
        "7-3-0-1.wav,7,0,4,1,10,3,dog_bark\n5-0-0-0.wav,5,0,4,1,2,0,air_conditioner\n",
        ["fold10/7-3-0-1.wav", "fold2/5-0-0-0.wav"],
    )
    found = load_dataset("urbansound8k", tmp_path)
    assert [(c.name, c.label, c.fold, c.class_id) for c in found.clips] == [
        ("5-0-0-0.wav", "air conditioner", 2, 0),
        ("7-3-0-1.wav", "dog bark", 10, 3),
    ]
    assert found.folds == (2, 10) and found.problems == ()
    assert all(c.path.is_file() and found.labels[c.class_id] == c.label for c in found.clips)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("7-3-0-1.wav,7,0,4,1,ten,3,dog_bark", "line 2: fold 'ten' is not a whole number"),
        ("7-3-0-1.wav,7,0,4,1,1,12,dog_bark", "class id 12 is none of 0 to 9"),
        ("7-3-0-1.wav,7,0,4", "has 4 of 8 columns"),
        ("../../secret.wav,7,0,4,1,1,3,dog_bark", "is not a plain file name"),
        ("5-0-0-0.wav,5,0,4,1,2,0,air_conditioner", "is listed twice"),
    ],
)
def test_a_bad_row_is_named_and_does_not_lose_the_rest(tmp_path: Path, row: str, reason: str) -> None:
    us8k(tmp_path, f"{row}\n5-0-0-0.wav,5,0,4,1,2,0,air_conditioner\n", ["fold2/5-0-0-0.wav", "fold1/7-3-0-1.wav"])
    found = load_dataset("urbansound8k", tmp_path)
    assert [c.name for c in found.clips] == ["5-0-0-0.wav"]
    assert len(found.problems) == 1 and reason in found.problems[0]


def test_a_list_saved_by_a_spreadsheet_reads_the_same(tmp_path: Path) -> None:
    root = us8k(tmp_path, "", ["fold2/5-0-0-0.wav"])
    text = (US8K_HEADER + "5-0-0-0.wav,5,0,4,1,2.0,0.0,air_conditioner\n\n").replace("\n", "\r\n")
    write(root / "metadata/UrbanSound8K.csv", b"\xef\xbb\xbf" + text.encode())
    found = load_dataset("urbansound8k", tmp_path)
    assert [(c.fold, c.class_id) for c in found.clips] == [(2, 0)] and found.problems == ()


def test_a_list_full_of_noise_ends_in_one_sentence(tmp_path: Path) -> None:
    root = us8k(tmp_path, "", [])
    write(root / "metadata/UrbanSound8K.csv", bytes(range(256)) * 50)
    with pytest.raises(AtmdaError, match="has no column 'slice_file_name'"):
        load_dataset("urbansound8k", tmp_path)


def test_what_is_missing_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    for name in ("urbansound8k", "esc50", "fsd50k", "tau2019uas"):
        with pytest.raises(AtmdaError, match=f"{name}.* is missing.*atmda fetch {name}"):
            load_dataset(name, tmp_path)
    us8k(tmp_path, "7-3-0-1.wav,7,0,4,1,1,3,dog_bark\n", [])
    with pytest.raises(AtmdaError, match=r"audio/fold1 is missing.*atmda fetch urbansound8k"):
        load_dataset("urbansound8k", tmp_path)
    root = tau(tmp_path, {"train": [], "test": [], "evaluate": []})
    (root / "evaluation_setup/fold1_test.csv").unlink()
    with pytest.raises(AtmdaError, match=r"fold1_test.csv is missing.*`partial` development.meta"):
        load_dataset("tau2019uas", tmp_path)
    shutil.rmtree(fsd50k(tmp_path) / "FSD50K.ground_truth")
    with pytest.raises(AtmdaError, match=r"vocabulary.csv is missing.*atmda fetch fsd50k `partial` ground_truth"):
        load_dataset("fsd50k", tmp_path)


def test_recordings_that_are_listed_but_not_there_are_counted(tmp_path: Path) -> None:
    us8k(tmp_path, "7-3-0-1.wav,7,0,4,1,1,3,dog_bark\n8-3-0-1.wav,7,0,4,1,1,3,dog_bark\n", ["fold1/7-3-0-1.wav"])
    found = load_dataset("urbansound8k", tmp_path)
    assert [c.name for c in found.clips] == ["7-3-0-1.wav"]
    assert "1 of 2 recordings" in found.problems[0] and "8-3-0-1.wav" in found.problems[0]


def test_an_archive_unpacked_by_hand_is_found_one_folder_down(tmp_path: Path) -> None:
    root = us8k(tmp_path, "7-3-0-1.wav,7,0,4,1,1,3,dog_bark\n", ["fold1/7-3-0-1.wav"])
    root.rename(tmp_path / "moved")
    (tmp_path / "input/urbansound8k").mkdir()
    (tmp_path / "moved").rename(tmp_path / "input/urbansound8k/UrbanSound8K")
    assert len(load_dataset("urbansound8k", tmp_path).clips) == 1


def esc50(data: Path) -> Path:
    root = data / "input/esc50"
    write(
        root / "meta/esc50.csv",
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-5-A-0.wav,1,0,dog,True,5,A\n5-9-A-49.wav,5,49,hand_saw,False,9,A\n2-9-A-12.wav,2,12,crackling_fire,True,9,A\n",
    )
    for name in ("1-5-A-0.wav", "5-9-A-49.wav", "2-9-A-12.wav"):
        write(root / "audio" / name)
    return root


def test_esc50_gives_folds_and_names_with_spaces(tmp_path: Path) -> None:
    esc50(tmp_path)
    found = load_dataset("esc50", tmp_path)
    assert [(c.name, c.label, c.fold, c.class_id) for c in found.clips] == [
        ("1-5-A-0.wav", "dog", 1, 0),
        ("2-9-A-12.wav", "crackling fire", 2, 12),
        ("5-9-A-49.wav", "hand saw", 5, 49),
    ]
    assert len(set(found.labels)) == 50


def test_esc10_is_the_flagged_part_of_esc50_or_its_own_release(tmp_path: Path) -> None:
    esc50(tmp_path)
    part = load_dataset("esc10", tmp_path)
    assert [(c.name, c.label, c.class_id) for c in part.clips] == [
        ("1-5-A-0.wav", "dog bark", 0),
        ("2-9-A-12.wav", "fire crackling", 9),
    ]
    write(tmp_path / "input/esc10/010 - Fire crackling/3-7-A.ogg")
    own = load_dataset("esc10", tmp_path)
    assert [(c.name, c.label, c.class_id, c.fold) for c in own.clips] == [("3-7-A.ogg", "fire crackling", 9, 3)]


def test_fsd50k_keeps_every_label_and_the_official_splits(tmp_path: Path) -> None:
    fsd50k(tmp_path)
    found = load_dataset("fsd50k", tmp_path)
    assert found.labels == ("Bark", "Dog", "Domestic sounds and home sounds")
    assert [(c.name, c.label, c.labels, c.split, c.fold) for c in found.clips] == [
        ("1.wav", None, ("Bark", "Dog"), "train", None),
        ("2.wav", None, ("Dog",), "val", None),
        ("3.wav", None, ("Domestic sounds and home sounds",), "test", None),
    ]


def test_half_of_fsd50k_is_read_and_the_other_half_named(tmp_path: Path) -> None:
    shutil.rmtree(fsd50k(tmp_path) / "FSD50K.dev_audio")
    found = load_dataset("fsd50k", tmp_path)
    assert [c.name for c in found.clips] == ["3.wav"]
    assert "atmda fetch fsd50k `partial` FSD50K.dev_audio" in found.problems[0]


def test_a_label_outside_fsd50ks_vocabulary_is_named(tmp_path: Path) -> None:
    fsd50k(tmp_path, '1,"Bark,Unicorn",x,train\n2,Dog,/m/2,val\n')
    found = load_dataset("fsd50k", tmp_path)
    assert [c.name for c in found.clips] == ["2.wav", "3.wav"] and "Unicorn" in found.problems[0]


@pytest.mark.parametrize("audio", ["audio", "audio/park"])
def test_tau_follows_the_official_lists_and_names_what_is_on_none(tmp_path: Path, audio: str) -> None:
    names = [f"park-oslo-1-{i}-a.wav" for i in range(4)]
    # Official: test and evaluate hold the same files. The last: only on the evaluation list, as in no official release.
    tau(tmp_path, {"train": [names[0]], "test": [names[1]], "evaluate": [names[1], names[2]]}, audio)
    found = load_dataset("tau2019uas", tmp_path)
    assert [(c.split, c.fold) for c in found.clips] == [("train", 1), ("test", 3), ("evaluate", 2), ("unlisted", 4)]
    assert all(c.path.is_file() and found.labels[c.class_id] == "park" for c in found.clips)


def test_labels_of_fixed_sets_are_known_without_data() -> None:
    assert dataset_names() == ["esc10", "esc50", "fsd50k", "tau2019uas", "tut2016se", "tut2017se", "urbansound8k"]
    assert labels_of("urbansound8k")[3] == "dog bark" and len(labels_of("tau2019uas")) == 10
    assert labels_of("fsd50k") == () and labels_of("no such set") == ()


def test_a_set_without_a_reader_is_read_as_the_folder_it_is(tmp_path: Path) -> None:
    write(tmp_path / "input/urbansed/audio/test/a001.wav")
    found = load_dataset("urbansed", tmp_path)
    assert [(c.name, c.label) for c in found.clips] == [("audio/test/a001.wav", None)] and found.name == "urbansed"
    with pytest.raises(AtmdaError, match="atmda fetch marco"):
        load_dataset("marco", tmp_path)


def test_the_readers_import_nothing_heavy() -> None:
    code = (
        "import sys, atmda.datasets as d; [spec.target for spec in d.DATASETS];"
        "import atmda.datasets.annotations, atmda.datasets.labelled_folder;"
        "print({'numpy', 'torch', 'pandas', 'requests', 'soundfile'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == "set()"


@needs_data
@pytest.mark.parametrize(
    ("name", "folder", "clips", "folds"),
    [
        ("urbansound8k", "urbansound8k-mini", 297, (1, 2, 3)),
        ("tau2019uas", "tau2019uas-mini", 23, (1, 2, 3)),
        ("esc10", "esc10", 200, (1, 2, 3, 4, 5)),
    ],
)
def test_the_real_mini_sets_are_read_whole(
    tmp_path: Path, name: str, folder: str, clips: int, folds: tuple[int, ...]
) -> None:
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / name).symlink_to(Path(SHARED) / "data" / folder)
    found = load_dataset(name, tmp_path)
    assert (len(found.clips), found.folds, found.problems) == (clips, folds, ())


@needs_data
def test_esc50s_own_list_agrees_with_the_built_in_names() -> None:
    lines = (Path(SHARED) / "data/esc50-clap/esc50_meta.csv").read_text().splitlines()[1:]
    named = {int(line.split(",")[2]): line.split(",")[3].replace("_", " ") for line in lines}
    assert tuple(named[i] for i in range(50)) == labels_of("esc50")


@needs_data
def test_soundscapes_that_scaper_wrote_tell_their_background_and_fold(tmp_path: Path) -> None:
    found = load_dataset("urbansound8k", tmp_path, str(Path(SHARED) / "golden/scaper"))
    assert len(found.clips) == 8 and found.folds == (1, 2, 3)
    clip = found.clips[0]
    assert (clip.background, clip.label, clip.fold) == ("airport-standin-3-3-a.wav", "drilling", 3)
    jams = json.loads((Path(SHARED) / "golden/scaper" / f"{Path(clip.name).stem}.jams").read_text())
    assert clip.onset == jams["annotations"][0]["data"][1]["time"] and clip.offset == clip.onset + 4.0
