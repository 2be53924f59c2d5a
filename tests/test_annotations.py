"""Labels of one's own: tables, Raven selection tables, sub-folders, and files of class labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from atmda.datasets.labelled_folder import labels_from_folders, load_annotated
from atmda.datasets.labels import merge_labels, read_labels
from atmda.errors import AtmdaError, SettingsError


def recordings(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(text: str, name: str = "labels.csv", encoding: str = "utf-8") -> Path:
    Path(name).write_text(text, encoding)
    return Path(name)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    return recordings(tmp_path / "audio", "a.wav", "b.wav", "c.wav")


def test_each_recording_gets_what_its_row_says(audio: Path) -> None:
    data = load_annotated(
        audio,
        table("filename,label,fold,split,source\na.wav,dog_bark,1,train,s1\nb.wav,siren,2,test,s1\nc.wav,siren,2,,\n"),
    )
    assert [(c.name, c.label, c.fold, c.split, c.source) for c in data.clips] == [
        ("a.wav", "dog bark", 1, "train", "s1"),
        ("b.wav", "siren", 2, "test", "s1"),
        ("c.wav", "siren", 2, None, "c.wav"),
    ]
    assert data.labels == ("dog bark", "siren")
    assert data.folds == (1, 2)
    assert [c.class_id for c in data.clips] == [0, 1, 1]
    assert data.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_write_them(audio: Path, encoding: str, separator: str) -> None:
    text = "Filename,Label,Fold\r\na.wav,Hund,1.0\r\nb.wav,Möwe,fold2\r\nc.wav,Hund,1\r\n".replace(",", separator)
    data = load_annotated(audio, table(text, encoding=encoding))
    assert [(c.label, c.fold) for c in data.clips] == [("Hund", 1), ("Möwe", 2), ("Hund", 1)]


def test_several_labels_are_separated_by_semicolons(audio: Path) -> None:
    data = load_annotated(audio, table("filename,label\na.wav,dog;siren\nb.wav,dog\nc.wav,siren\n"))
    assert data.clips[0].labels == ("dog", "siren")
    assert data.clips[0].label is None


def test_rows_with_times_become_parts_of_a_recording(audio: Path) -> None:
    data = load_annotated(
        audio, table("filename,label,start,end\na.wav,dog,0,1.5\na.wav,siren,1.5,4\nb.wav,dog,,\nc.wav,dog,2,\n")
    )
    assert [(c.name, c.start, c.end, c.source) for c in data.clips] == [
        ("a.wav#t=0,1.5", 0.0, 1.5, "a.wav"),
        ("a.wav#t=1.5,4", 1.5, 4.0, "a.wav"),
        ("b.wav", None, None, "b.wav"),
        ("c.wav#t=2", 2.0, None, "c.wav"),
    ]


def test_what_does_not_fit_together_is_named_and_counted_and_nothing_is_dropped(audio: Path) -> None:
    text = "filename,label,observer\na.wav,dog,me\na.wav,cat,me\ngone.wav,dog,me\n,dog,me\nb.wav,,me\n"
    data = load_annotated(audio, table(text))
    told = "\n".join(data.problems)
    assert "columns that are not used: observer" in told
    assert "1 rows of labels.csv name recordings that are not there: gone.wav (line 4)" in told
    assert "1 recordings have no row in labels.csv and stay without a label: c.wav" in told
    assert "1 clips have rows with different labels and count with all of them: a.wav (dog; cat)" in told
    assert "1 clips have a row without a label in labels.csv: b.wav" in told
    assert "line 5: filename is empty" in told
    assert [(c.name, c.labels) for c in data.clips] == [("a.wav", ("dog", "cat")), ("b.wav", ()), ("c.wav", ())]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("a.wav,dog,1,x,", "start 'x' is not a number"),
        ("a.wav,dog,1,2,1", "end 1 is not after start 2"),
        ("a.wav,dog,1,-1,", "start '-1' is not a number"),
        ("a.wav,dog,1,nan,", "start 'nan' is not a number"),
        ("a.wav,dog,1.5,,", "fold '1.5' is not a whole number"),
    ],
)
def test_a_row_with_a_bad_number_is_told_by_its_line(audio: Path, cells: str, reason: str) -> None:
    data = load_annotated(audio, table(f"filename,label,fold,start,end\n{cells}\nb.wav,dog,1,,\n"))
    assert any(f"labels.csv line 2: {reason}" in problem for problem in data.problems)


def test_folds_for_some_rows_only_are_refused(audio: Path) -> None:
    with pytest.raises(SettingsError, match="1 rows have no fold, line 3 the first"):
        load_annotated(audio, table("filename,label,fold\na.wav,dog,1\nb.wav,dog,\n"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [("file,what\na.wav,dog\n", "no column 'filename'"), ("", "there is nothing in it")],
)
def test_a_table_that_is_none_is_refused_by_name(audio: Path, text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"labels.csv: .*{reason}"):
        load_annotated(audio, table(text))


def test_rows_name_recordings_by_path_by_file_name_or_without_its_ending(tmp_path: Path) -> None:
    root = recordings(tmp_path / "audio", "site/a.wav", "site/b.wav", "other/b.wav")
    data = load_annotated(root, table("filename,label\nsite/a.wav,dog\n", "one.csv"))
    assert [c.label for c in data.clips if c.name == "site/a.wav"] == ["dog"]
    data = load_annotated(root, table("filename,label\na,dog\nb.wav,cat\n", "two.csv"), recursive=True)
    assert [c.label for c in data.clips if c.name == "site/a.wav"] == ["dog"]
    assert any("b.wav (line 3)" in problem for problem in data.problems)  # it could be either


def test_a_raven_table_names_its_recording_and_lists_a_selection_once_a_view(tmp_path: Path) -> None:
    root = recordings(tmp_path / "audio", "dawn.wav")
    header = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
    text = header + "1\tWaveform 1\t1\t1.5\t4\t0\t9\tWOTH\n1\tSpectrogram 1\t1\t1.5\t4\t0\t9\tWOTH\n"
    data = load_annotated(root, table(text, "dawn.Table.1.selections.txt"))
    assert [(c.name, c.label, c.start, c.end) for c in data.clips] == [("dawn.wav#t=1.5,4", "WOTH", 1.5, 4.0)]


def test_a_raven_table_of_several_files_has_times_within_each(tmp_path: Path) -> None:
    root = recordings(tmp_path / "audio", "a.wav", "b.wav")
    header = "Selection\tBegin Time (s)\tEnd Time (s)\tBegin Path\tFile Offset (s)\tAnnotation\n"
    text = header + "1\t70\t72\tD:\\field\\b.wav\t10\towl\n"
    data = load_annotated(root, table(text, "all.txt"))
    assert ("b.wav#t=10,12", "owl") in [(c.name, c.label) for c in data.clips]


def test_real_raven_tables_are_read(test_data: Path, tmp_path: Path) -> None:
    field = test_data / "data" / "field"
    root = recordings(tmp_path / "audio", "MSD-0003_20180427_2minstart00.wav")
    data = load_annotated(root, field / "MSD-0003_20180427_2minstart00.Table.1.selections.txt")
    assert len(data.clips) >= 5
    assert {"WOTH", "EATO"} <= set(data.labels)
    empty = load_annotated(root, field / "EmptyExample.Table.1.selections.txt")
    assert [c.labels for c in empty.clips] == [()]


def test_sub_folders_are_labels_and_fold_folders_are_folds(tmp_path: Path) -> None:
    root = recordings(tmp_path / "mine", "fold1/dog_bark/a.wav", "siren/fold2/b.wav")
    data = labels_from_folders(root)
    assert [(c.label, c.fold) for c in data.clips] == [("dog bark", 1), ("siren", 2)]
    root = recordings(tmp_path / "bare", "dog/a.wav", "b.wav")
    assert any("no sub-folder" in problem for problem in labels_from_folders(root).problems)
    with pytest.raises(AtmdaError, match="no sub-folder whose name could be a label"):
        labels_from_folders(recordings(tmp_path / "none", "a.wav"))


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ('index,mid,display_name\n0,/m/09x0r,"Speech"\n1,/m/05,"Child speech, kid speaking"\n', "audioset.csv",
         ("Speech", "Child speech, kid speaking")),
        ("filename,fold,category\na.wav,1,dog\nb.wav,1,dog\nc.wav,2,cat\n", "esc50.csv", ("dog", "cat")),
        ("label\ndog\ncat\n", "labels.csv", ("dog", "cat")),
        ("class;colour\ndog;1\n", "labels.csv", ("dog",)),
        ("dog\nChild speech, kid speaking\n", "labels.txt", ("dog", "Child speech, kid speaking")),
        ("class\ndog\n", "labels.txt", ("class", "dog")),
        ("dog, big\ncat\n", "labels.txt", ("dog, big", "cat")),
    ],
)  # fmt: skip
def test_labels_come_one_a_line_or_from_a_column(text: str, name: str, expected: tuple[str, ...]) -> None:
    assert read_labels(table(text, name)) == expected


def test_labels_that_mean_the_same_prompt_are_merged_and_told() -> None:
    assert merge_labels(["dog_bark", "siren", "Dog Bark", "dog  bark", "siren"]) == (
        ("dog_bark", "siren"),
        {"dog_bark": ["Dog Bark", "dog  bark"]},
    )


def test_two_parts_of_a_long_recording_never_share_a_name(audio: Path) -> None:
    text = "filename,label,start,end\na.wav,dog,12345.61,12346\na.wav,cat,12345.64,12346\nb.wav,dog,0.0000004,1e4\n"
    data = load_annotated(audio, table(text))
    assert [(c.name, c.label) for c in data.clips if c.label] == [
        ("a.wav#t=12345.61,12346", "dog"),
        ("a.wav#t=12345.64,12346", "cat"),
        ("b.wav#t=0,10000", "dog"),
    ]


def test_rows_of_one_clip_that_contradict_each_other_are_named_and_the_first_counts(audio: Path) -> None:
    data = load_annotated(audio, table("filename,label,fold\na.wav,dog,1\na.wav,dog,2\nb.wav,cat,1\nc.wav,cat,2\n"))
    told = "1 clips have rows with different folds, splits or sources; the first row counts: a.wav."
    assert told in data.problems
    assert data.clips[0].fold == 1


def test_one_file_name_in_two_folders_is_told_apart_by_the_end_of_its_path(tmp_path: Path) -> None:
    root = recordings(tmp_path / "audio", "x/site/a.wav", "y/other/a.wav")
    data = load_annotated(root, table("filename,label\nsite/a.wav,dog\n./y/other/a.wav,cat\na.wav,owl\n"))
    assert [(c.name, c.label) for c in data.clips] == [("x/site/a.wav", "dog"), ("y/other/a.wav", "cat")]
    assert any("1 rows of labels.csv name a file of which there are several" in problem for problem in data.problems)
    data = load_annotated(root, table(f"filename,label\n{root}/x/site/a.wav,dog\n"))
    assert data.clips[0].label == "dog"


def test_a_row_with_more_cells_than_columns_is_told_and_left_out(audio: Path) -> None:
    data = load_annotated(audio, table("filename,label\na.wav,Child speech, kid speaking\nb.wav,dog,,\nc.wav,dog\n"))
    assert any("1 rows of labels.csv have more cells than there are columns, line 2" in p for p in data.problems)
    assert [c.label for c in data.clips] == [None, "dog", "dog"]


def test_labels_that_mean_the_same_prompt_are_one_class_and_told(audio: Path, tmp_path: Path) -> None:
    data = load_annotated(audio, table("filename,label\na.wav,dog_bark\nb.wav,Dog Bark\nc.wav,siren;dog bark\n"))
    assert data.labels == ("dog bark", "siren")
    assert [c.label for c in data.clips] == ["dog bark", "dog bark", None]
    assert "1 labels mean the same as another and count with it: Dog Bark (dog bark)." in data.problems
    folders = labels_from_folders(recordings(tmp_path / "mine", "Dog Bark/a.wav", "dog_bark/b.wav"))
    assert [c.label for c in folders.clips] == ["Dog Bark", "Dog Bark"]
    assert any("dog bark (Dog Bark)" in problem for problem in folders.problems)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("label,Label\ndog,cat\n", "two columns are called 'label'"),
        ("label,mid\ndog,1\nChild speech, kid speaking,2\n", "line 3 has more cells than there are columns"),
    ],
)
def test_a_table_of_labels_that_cannot_be_told_apart_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"classes.csv: {reason}"):
        read_labels(table(text, "classes.csv"))


def test_blank_lines_before_a_header_are_passed_over() -> None:
    assert read_labels(table("   \n\nlabel,mid\ndog,1\n", "classes.csv")) == ("dog",)
