"""`embed --files`: recordings listed by a table, CSV or Parquet."""

import gc
import json
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import run

from atmda.core.embeddings.store import read_store
from atmda.datasets.listed import load_listed
from atmda.errors import SettingsError

EMBED = ("embed", "--model", "spectral", "--output", "store", "--files")


@pytest.fixture
def site(tmp_path: Path, write_tone) -> Path:
    for index in range(4):
        write_tone(tmp_path / "lists" / "site" / f"{index}.wav", 200.0 + 300 * index, 0.5)
    return tmp_path / "lists"


def test_recordings_lie_where_the_table_says_from_its_own_folder(site: Path, write_tone) -> None:
    elsewhere = write_tone(site.parent / "elsewhere.wav", 900.0)
    rows = ["site/1.wav,dog bark;rain,1", "site/0.wav,siren,2", f"{elsewhere},dog_bark,1"]
    (site / "mine.csv").write_text("path,label,fold\n" + "\n".join(rows) + "\n")
    code, _, errors = run(*EMBED, str(site / "mine.csv"))
    assert code == 0, errors
    found = read_store(Path("store"))
    assert found.clips == sorted([str(elsewhere), "site/0.wav", "site/1.wav"])
    assert found.classes == ("dog bark", "rain", "siren")
    assert found.label_sets == [("dog bark",), ("siren",), ("dog bark", "rain")]
    assert found.folds is not None and found.folds.tolist() == [1, 2, 1]


def test_what_is_not_there_is_skipped_and_named(site: Path) -> None:
    (site / "mine.csv").write_text("path\nsite/0.wav\nsite/gone.wav\n")
    code, out, errors = run(*EMBED, str(site / "mine.csv"), "--json")
    assert code == 3 and "gone.wav: it cannot be opened (No such file or directory)" in errors
    assert list(json.loads(out)["skipped"]) == ["site/gone.wav"]
    assert read_store(Path("store")).clips == ["site/0.wav"]


def test_parquet_semicolons_and_utf_16_hold_the_same_list(site: Path) -> None:
    labels = ["a", "b;c", None]
    pq.write_table(
        pa.table({"Path": [f"site/{i}.wav" for i in range(3)], "label": labels, "fold": [3, 1, 2]}), site / "t.parquet"
    )
    text = "fold\tpath\tlabel\n3\tsite/0.wav\ta\n1\tsite/1.wav\tb;c\n2\tsite/2.wav\t\n"
    (site / "t.tsv").write_text(text)
    (site / "u.csv").write_text(text, encoding="utf-16")
    (site / "s.csv").write_text('path;fold;label\nsite/0.wav;3;a\nsite/1.wav;1;"b;c"\nsite/2.wav;2;\n')
    read = [load_listed(site / name) for name in ("t.parquet", "t.tsv", "u.csv", "s.csv")]
    assert all(list(data.clips) == list(read[0].clips) and data.labels == ("a", "b", "c") for data in read)
    assert [clip.fold for clip in read[0].clips[1:]] == [1, 2]


def test_rows_that_cannot_be_used_are_told_and_cost_no_others(site: Path) -> None:
    (site / "mine.csv").write_text(
        "path,start,end,site\nsite/0.wav,0,0.2,x\nsite/0.wav,0.2,0.4,x\nsite/1.wav,soon,1,x\n"
        "site/0.wav,0,0.2,y\n,1,2,x\nsite/2.wav,,,x,too,many\n"
    )
    data = load_listed(site / "mine.csv")
    assert [clip.name for clip in data.clips] == ["site/0.wav#t=0,0.2", "site/0.wav#t=0.2,0.4"]
    assert {clip.source for clip in data.clips} == {"site/0.wav"}
    told = " ".join(data.problems)
    for words in ("'soon' is not a number", "list a clip again", "not used: site", "more or fewer cells", "2 rows"):
        assert words in told, words


@pytest.mark.parametrize(
    "content", [b"", b"name\na.wav\n", b"path\n", b"PAR1 no", b"\xff\x00\xff", b"path,Path\na,b\n"]
)
def test_a_table_that_lists_nothing_is_refused_by_its_name(site: Path, content: bytes) -> None:
    (site / "mine.csv").write_bytes(content)
    with pytest.raises(SettingsError, match=r"`files` .*mine\.csv") as raised:
        load_listed(site / "mine.csv")
    assert raised.value.setting == "files"


def test_a_table_takes_the_memory_of_its_paths(tmp_path: Path) -> None:
    """A million recordings were once a million objects; here a hundred thousand, counted."""
    count = 100_000
    paths = [f"site-{index % 40}/2026/{index:07}.flac" for index in range(count)]
    pq.write_table(pa.table({"path": paths, "label": ["rain"] * count}), tmp_path / "t.parquet")
    del paths
    gc.collect()
    tracemalloc.start()
    data = load_listed(tmp_path / "t.parquet")
    assert tracemalloc.get_traced_memory()[0] < 30 * count
    tracemalloc.stop()
    assert len(data.clips) == count and data.clips[-1].label == "rain"
    assert [clip.name for clip in data.clips[5:50_000:20_000]] == [
        data.clips[place].name for place in (5, 20_005, 40_005)
    ]


def test_files_goes_alone_and_with_no_annotations(site: Path) -> None:
    (site / "mine.csv").write_text("path\nsite/0.wav\n")
    assert run(*EMBED, str(site / "mine.csv"), "--audio-folder", "in")[0] == 2
    assert run(*EMBED, str(site / "mine.csv"), "--annotations", "a.csv")[0] == 2
