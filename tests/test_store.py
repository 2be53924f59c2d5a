import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atmda.core.clip import Clip
from atmda.core.embeddings.formats import read_embeddings, read_text_anchors, write_npz, write_original
from atmda.core.embeddings.manifest import FORMAT
from atmda.core.embeddings.store import MANIFEST, EmbeddingStore, Manifest, read_manifest, read_store
from atmda.errors import StoreError

MADE_BY = {"encoder": "compact", "weights_sha256": "ab", "preprocessing": "1"}
STORE = Path("store")


def manifest(**changes):
    return Manifest(MADE_BY | changes, 3, "urbansound8k", ("dog bark", "siren"))


def row(index, **known):
    return Clip(Path(f"clip{index}.wav"), f"clip{index}.wav", **known), np.full(3, index, np.float32)


def filled(count=5):
    store = EmbeddingStore.open(STORE, manifest())
    for index in range(count):
        store.append([row(index, label=("dog bark", "siren")[index % 2], fold=1 + index % 2)], {f"bad{index}": "empty"})
    return store


def test_a_store_gives_back_what_was_put_in():
    table = filled().read()
    assert table.clips == [f"clip{i}.wav" for i in range(5)]
    np.testing.assert_array_equal(table.embeddings, np.repeat(np.arange(5, dtype=np.float32), 3).reshape(5, 3))
    assert table.labels == ["dog bark", "siren", "dog bark", "siren", "dog bark"]
    assert table.folds.tolist() == [1, 2, 1, 2, 1]
    assert table.backgrounds is None
    assert table.identity == MADE_BY
    assert table.classes == ("dog bark", "siren")


def test_pandas_reads_the_folder_as_one_table():
    filled()
    frame = pd.read_parquet(STORE)
    assert list(frame["clip"]) == [f"clip{i}.wav" for i in range(5)]
    assert {"embedding", "label", "fold", "background", "onset", "offset"} <= set(frame.columns)
    assert frame["embedding"].iloc[2].dtype == np.float32


def test_opening_a_store_again_goes_on_behind_its_last_shard():
    filled(2)
    again = EmbeddingStore.open(STORE, manifest())
    assert again.done() == ({"clip0.wav", "clip1.wav"}, {"bad0": "empty", "bad1": "empty"})
    again.append([row(7)], {})
    assert again.read().clips == ["clip0.wav", "clip1.wav", "clip7.wav"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"encoder": "laion-clap"}, "encoder is compact, not laion-clap"),
        ({"weights_sha256": "cd"}, "weights_sha256 is ab, not cd"),
        ({"long": "fusion"}, "long is not told, not fusion"),
    ],
)
def test_a_store_made_in_another_way_is_refused_with_the_field_named(change, field):
    filled(1)
    with pytest.raises(StoreError, match=field):
        EmbeddingStore.open(STORE, manifest(**change))


def test_force_starts_again():
    filled(3)
    store = EmbeddingStore.open(STORE, manifest(encoder="laion-clap"), force=True)
    assert store.done() == (set(), {})
    assert not list(STORE.glob("*.parquet"))


def test_a_folder_that_is_not_a_store_is_left_alone():
    STORE.mkdir()
    (STORE / "thesis.txt").write_text("precious")
    for force in (False, True):
        with pytest.raises(StoreError, match="not a store"):
            EmbeddingStore.open(STORE, manifest(), force=force)
    assert (STORE / "thesis.txt").read_text() == "precious"


def test_a_half_written_shard_of_a_killed_run_is_swept_away():
    filled(1)
    (STORE / ".tmp-123-part-00001.parquet").write_bytes(b"half")
    assert EmbeddingStore.open(STORE, manifest()).read().clips == ["clip0.wav"]
    assert not list(STORE.glob(".tmp-*"))


def test_a_damaged_shard_is_named():
    filled(2)
    shard = STORE / "part-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-30])
    with pytest.raises(StoreError, match=r"part-00001\.parquet: it is damaged"):
        read_embeddings(STORE)


def test_a_flipped_bit_is_found():
    filled(1)
    shard = STORE / "part-00000.parquet"
    content = bytearray(shard.read_bytes())
    content[60] ^= 4
    shard.write_bytes(bytes(content))
    with pytest.raises(StoreError, match="damaged"):
        read_embeddings(STORE)


def test_a_shard_of_another_encoder_is_refused():
    filled(1)
    content = json.loads((STORE / MANIFEST).read_text())
    content["identity"]["encoder"] = "laion-clap"
    (STORE / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(StoreError, match="another encoder"):
        read_embeddings(STORE)


def test_several_jobs_share_a_folder():
    for part in ("part-1-of-2", "part-2-of-2"):
        EmbeddingStore.open(STORE, manifest(), part=part).append([row(int(part[5]))], {})
    assert read_embeddings(STORE).clips == ["clip1.wav", "clip2.wav"]


def test_a_npz_holds_the_arrays_of_the_contract_and_reads_back(tmp_path):
    write_npz(filled().read(), tmp_path / "a.npz")
    arrays = np.load(tmp_path / "a.npz", allow_pickle=False)
    assert arrays["embeddings"].dtype == np.float32
    assert arrays["embeddings"].shape == (5, 3)
    assert arrays["clips"].tolist()[0] == "clip0.wav"
    assert arrays["labels"].tolist()[1] == "siren"
    assert arrays["folds"].tolist() == [1, 2, 1, 2, 1]
    assert read_embeddings(tmp_path / "a.npz").identity == MADE_BY


def test_a_pt_is_the_dictionary_of_the_original_scripts_and_reads_back(tmp_path):
    torch = pytest.importorskip("torch")
    write_original(filled().read(), tmp_path / "a.pt")
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    assert content["clip1.wav"]["class_gt"] == 1
    assert content["clip1.wav"]["fold"] == 2
    assert torch.tensor(content["clip1.wav"]["embd"].tolist()).tolist() == [1.0, 1.0, 1.0]
    table = read_embeddings(tmp_path / "a.pt")
    assert table.labels == ["0", "1", "0", "1", "0"]
    np.testing.assert_array_equal(table.embeddings[3], [3, 3, 3])


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pt_with_numpy_arrays_as_the_original_scripts_wrote_it_is_read(tmp_path, protocol):
    torch = pytest.importorskip("torch")
    entry = {"class_gt": 3, "embd": np.arange(4, dtype=np.float32), "fold": np.int64(2)}
    torch.save({"a-3-0-0.wav": entry}, tmp_path / "a.pt", pickle_protocol=protocol)
    table = read_embeddings(tmp_path / "a.pt")
    np.testing.assert_array_equal(table.embeddings, [[0, 1, 2, 3]])
    assert (table.labels, table.folds.tolist()) == (["3"], [2])


class Malicious:
    def __reduce__(self):
        return (os.mkdir, ("owned",))


def test_a_pt_that_asks_for_code_to_run_is_refused_and_the_code_does_not_run(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"a.wav": {"embd": Malicious()}}, tmp_path / "a.pt")
    with pytest.raises(Exception, match="asks to run") as caught:
        read_embeddings(tmp_path / "a.pt")
    assert "mkdir" in str(caught.value)
    assert not Path("owned").exists()


@pytest.mark.parametrize("name", ["a.npz", "a.pt", "a.parquet", "a.txt"])
def test_a_file_that_holds_something_else_is_named(tmp_path, name):
    (tmp_path / name).write_text("hello")
    with pytest.raises(Exception, match=name.replace(".", r"\.")):
        read_embeddings(tmp_path / name)


def test_a_npz_with_pickled_objects_is_refused(tmp_path):
    objects = np.empty(1, object)
    objects[0] = Malicious()
    np.savez(tmp_path / "a.npz", embeddings=objects, clips=["a"])
    with pytest.raises(StoreError, match="plain arrays"):
        read_embeddings(tmp_path / "a.npz")
    assert not Path("owned").exists()


def test_embeddings_that_are_not_numbers_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", embeddings=np.array([[0, 1], [np.nan, 0]]), clips=["a", "b"])
    with pytest.raises(StoreError, match="embedding of b"):
        read_embeddings(tmp_path / "a.npz")


def test_text_anchors_need_as_many_labels_as_rows(tmp_path):
    np.savez(tmp_path / "t.npz", embeddings=np.zeros((2, 3)), labels=["a"])
    with pytest.raises(StoreError, match="1 labels"):
        read_text_anchors(tmp_path / "t.npz")


def test_clips_with_several_labels_and_with_none_come_back_as_they_were_put_in():
    store = EmbeddingStore.open(STORE, manifest())
    store.append([row(0, labels=("dog bark", "siren")), row(1), row(2, label="siren", labels=("siren",))], {})
    store.append([row(3, split="test", source="a", start=1.5, end=2.0)], {})
    table = store.read()
    assert table.labels is None
    assert table.labels_by_clip() == [("dog bark", "siren"), (), ("siren",), ()]
    assert table.splits is None
    assert table.starts.tolist()[3] == 1.5
    assert np.isnan(table.starts[0])


def test_embeddings_of_several_widths_are_refused_even_where_their_number_divides_evenly(tmp_path):
    """639 and 641 numbers once passed as two of 640, each misaligned."""
    rows = pa.array([[0.5] * 639, [0.5] * 641], pa.list_(pa.float32()))
    pq.write_table(pa.table({"clip": ["a.wav", "b.wav"], "embedding": rows}), tmp_path / "ragged.parquet")
    with pytest.raises(StoreError, match="not all of one width"):
        read_store(tmp_path / "ragged.parquet")


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float32(), 2), pa.list_(pa.float64())])
def test_a_null_embedding_never_moves_the_others_to_other_clips(tmp_path, kind):
    rows = pa.array([[1.0, 2.0], None, [3.0, 4.0]], kind)
    try:
        pq.write_table(pa.table({"clip": ["a", "b", "c"], "embedding": rows}), tmp_path / "null.parquet")
    except pa.ArrowNotImplementedError:
        pytest.skip("this pyarrow writes no null among lists of one length")
    table = read_store(tmp_path / "null.parquet")
    np.testing.assert_array_equal(table.embeddings, [[1, 2], [np.nan, np.nan], [3, 4]])
    assert table.finite().tolist() == [True, False, True]


def test_a_store_of_a_newer_format_is_refused_and_left_alone(tmp_path):
    store = EmbeddingStore.open(tmp_path / "store", manifest())
    store.append([row(1)], {})
    path = tmp_path / "store" / MANIFEST
    newer = json.dumps(json.loads(path.read_text("utf-8")) | {"format": FORMAT + 1})
    path.write_text(newer, "utf-8")
    for use in (read_store, lambda folder: EmbeddingStore.open(folder, manifest())):
        with pytest.raises(StoreError, match="a newer atmda wrote this store"):
            use(tmp_path / "store")
    assert path.read_text("utf-8") == newer


@pytest.mark.parametrize("content", ["[]", "3", "null", '{"format": "x"}', '{"identity": 1, "dim": 3}'])
def test_a_manifest_that_is_json_of_another_kind_is_called_damaged(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content, "utf-8")
    with pytest.raises(StoreError, match="it is damaged"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (pa.array([None, []], pa.list_(pa.float32())), "hold no numbers"),
        (pa.array([["a"], ["b"]]), "does not hold lists of numbers"),
        (pa.array([1.0, 2.0]), "does not hold lists of numbers"),
    ],
)
def test_a_column_that_holds_no_embeddings_is_refused_by_what_is_wrong_with_it(tmp_path, rows, problem):
    pq.write_table(pa.table({"clip": ["a", "b"], "embedding": rows}), tmp_path / "odd.parquet")
    with pytest.raises(StoreError, match=problem):
        read_store(tmp_path / "odd.parquet")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads in Linux's /proc")
def test_reading_a_store_starts_no_thread_of_arrows():
    """At exit such a thread at times ended the process with SIGABRT, 1 in 25, after all was done."""
    filled(2)
    script = (
        "import os; from pathlib import Path; import pyarrow.compute, pyarrow.parquet\n"
        "from atmda.core.embeddings.store import read_store\n"
        "before = len(os.listdir('/proc/self/task')); read_store(Path('store'))\n"
        "raise SystemExit(len(os.listdir('/proc/self/task')) - before)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
