"""Stores that several jobs write, that are interrupted, altered, copied or half gone: nothing is lost in silence."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from processes import run, start, wait_for

from atmda.core.embeddings.formats import read_embeddings
from atmda.core.embeddings.store import MANIFEST
from atmda.core.files import claim, new_file

EMBED = ("embed", "--model", "spectral", "--output", "store", "--audio-folder")


def folder_of(path: Path, write_tone, count: int = 10, base: float = 100.0) -> str:
    for index in range(count):
        write_tone(path / f"{path.name}{index:02}.wav", base + 30 * index, 0.2)
    return str(path)


def shards(store: str = "store") -> list[Path]:
    return sorted(Path(store).glob("*.parquet"))


def test_of_two_embeds_into_one_output_the_second_is_refused_and_loses_nothing(tmp_path, write_tone):
    """Both once said that 100 clips were embedded, and the store had 100 of 200 rows."""
    one, two = (folder_of(tmp_path / name, write_tone, 40) for name in ("one", "two"))
    first = start(*EMBED, one, "--num-workers", "1", pause=0.2)
    wait_for(shards, first)
    code, _, errors = run(*EMBED, two)
    assert code == 1
    assert "store: another atmda is writing into it. Wait until it has ended, or choose another --output" in errors
    assert first.wait(60) == 0
    assert run(*EMBED, two)[0] == 0
    assert len(set(read_embeddings(Path("store")).clips)) == 80


def test_a_lock_left_by_a_killed_process_is_no_obstacle(tmp_path, write_tone):
    folder = folder_of(tmp_path / "in", write_tone, 30)
    process = start(*EMBED, folder, "--num-workers", "1", pause=0.1)
    wait_for(shards, process)
    process.kill()
    process.wait()
    assert run(*EMBED, folder)[0] == 0
    assert len(read_embeddings(Path("store"))) == 30


def test_a_shard_that_starts_leaves_the_temporary_files_of_its_siblings_alone(tmp_path, write_tone):
    """A job once deleted what a sibling was publishing."""
    folder = folder_of(tmp_path / "in", write_tone)
    assert run(*EMBED, folder, "--shard", "1/3")[0] == 0
    theirs, own = (Path("store", f".tmp-9-part-{k}-of-3-00009.parquet") for k in (2, 3))
    theirs.write_bytes(b"being written")
    own.write_bytes(b"of an earlier run")
    assert run(*EMBED, folder, "--shard", "3/3")[0] == 0
    assert theirs.exists()
    assert not own.exists()


def test_shards_of_one_set_run_side_by_side_and_others_are_kept_out(tmp_path, write_tone):
    folder = folder_of(tmp_path / "in", write_tone, 40)
    jobs = [start(*EMBED, folder, "--shard", f"{k}/2", "--num-workers", "1", pause=0.3, shard=3) for k in (1, 2)]
    for k, job in enumerate(jobs, 1):
        wait_for(lambda k=k: list(Path("store").glob(f"part-{k}-of-2-*")), job)
    for words in ((), ("--shard", "1/2"), ("--shard", "1/4")):
        assert run(*EMBED, folder, *words)[0] == 1
    assert [job.wait(60) for job in jobs] == [0, 0]
    table = read_embeddings(Path("store"))
    assert len(set(table.clips)) == len(table) == 40
    assert not table.problems


def test_force_of_one_shard_keeps_what_the_other_shards_have_done(tmp_path, write_tone):
    folder = folder_of(tmp_path / "in", write_tone)
    for k in (1, 2):
        assert run(*EMBED, folder, "--shard", f"{k}/2")[0] == 0
    before = {path: path.stat().st_mtime_ns for path in Path("store").glob("part-1-of-2*")}
    assert run(*EMBED, folder, "--shard", "2/2", "--force")[0] == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(read_embeddings(Path("store"))) == 10


@pytest.mark.parametrize("make", [new_file, Path.mkdir])
def test_a_path_that_is_claimed_is_nobody_elses(tmp_path, make):
    """Of four runs that began in one second one result once survived."""
    got = [claim(tmp_path / "a" / "results.csv", make) for _ in range(4)]
    assert [path.name for path in got] == ["results.csv", "results-2.csv", "results-3.csv", "results-4.csv"]


def test_embeds_that_begin_in_one_second_get_a_store_each(tmp_path, write_tone):
    folders = [folder_of(tmp_path / name / "in", write_tone, 3, base) for name, base in (("a", 100.0), ("b", 900.0))]
    jobs = [start("embed", "--model", "spectral", "--audio-folder", folder) for folder in folders * 2]
    stores = [job.communicate(timeout=120)[0].strip() for job in jobs]
    assert len(set(stores)) == 4
    first, second = (read_embeddings(Path(store)).embeddings for store in stores[:2])
    assert not np.allclose(first, second)


def test_a_recording_replaced_under_its_name_is_embedded_again_said_and_counted(tmp_path, write_tone):
    """A resumed embed once kept the old embedding, at a cosine of .39 to the new one."""
    folder = folder_of(tmp_path / "in", write_tone)
    assert run(*EMBED, folder)[0] == 0
    before = read_embeddings(Path("store"))
    replaced = tmp_path / "in" / "in03.wav"
    status = replaced.stat()
    write_tone(replaced, 3000.0, 0.2)
    os.utime(replaced, ns=(status.st_atime_ns, status.st_mtime_ns + 1))  # as large, and no second later
    code, out, errors = run(*EMBED, folder, "--json")
    assert code == 0
    assert "1 clips have changed since they were embedded, and are done again" in errors
    assert json.loads(out)["changed"] == 1
    after = read_embeddings(Path("store"))
    assert sorted(after.clips) == sorted(before.clips)
    assert len(pd.read_parquet("store")) == 10
    changed = [
        clip
        for clip in before.clips
        if not np.array_equal(before.embeddings[before.clips.index(clip)], after.embeddings[after.clips.index(clip)])
    ]
    assert changed == ["in03.wav"]


def test_a_recording_that_was_only_touched_is_not_embedded_again(tmp_path, write_tone):
    folder = folder_of(tmp_path / "in", write_tone)
    assert run(*EMBED, folder)[0] == 0
    before = [path.read_bytes() for path in shards()]
    os.utime(tmp_path / "in" / "in03.wav")
    assert "changed" not in run(*EMBED, folder)[2]
    assert [path.read_bytes() for path in shards()] == before


def test_labels_corrected_in_the_annotations_reach_a_store_that_is_there(tmp_path, write_tone):
    folder = folder_of(tmp_path / "in", write_tone, 2)
    table = tmp_path / "labels.csv"
    table.write_text("filename,label\nin00.wav,low\nin01.wav,high\n")
    assert run(*EMBED, folder, "--annotations", str(table))[0] == 0
    table.write_text("filename,label\nin00.wav,low\nin01.wav,low\nin01.wav,high\n")
    table.write_text("filename,label\nin00.wav,high\nin01.wav,low\n")
    assert run(*EMBED, folder, "--annotations", str(table))[0] == 0
    found = read_embeddings(Path("store"))
    assert dict(zip(found.clips, found.labels, strict=True)) == {"in00.wav": "high", "in01.wav": "low"}


@pytest.fixture
def labelled(tmp_path, write_tone) -> str:
    for index in range(12):
        write_tone(tmp_path / "in" / ("low", "high")[index % 2] / f"{index:02}.wav", 100.0 + 300 * (index % 2), 0.2)
    assert run(*EMBED, str(tmp_path / "in"), "--labels-from", "folders", shard=4)[0] == 0
    return str(tmp_path / "in")


CLASSIFY = ("classify", "--embeddings", "store", "--mode", "sv", "--cv", "2")


def refused(*said: str) -> None:
    """`classify` refuses the store with what is said, and takes it with --partial."""
    code, _, errors = run(*CLASSIFY)
    assert code == 1
    for words in said:
        assert words in errors
    assert "take what is there with --partial" in errors or "is damaged" in errors
    code, _, errors = run(*CLASSIFY, "--partial")
    assert code == 0, errors
    for words in said:
        assert words in errors


def test_a_store_that_lost_a_shard_is_refused_and_the_next_embed_fills_it(labelled):
    assert run(*CLASSIFY)[0] == 0
    shards()[1].unlink()
    refused("part-00001.parquet is missing (4 clips)")
    assert "is missing: its 4 clips are embedded again" in run(*EMBED, labelled, "--labels-from", "folders")[2]
    assert run(*CLASSIFY)[0] == 0
    assert len(read_embeddings(Path("store"))) == 12


def test_an_interrupted_embed_is_no_whole_store(labelled):
    shutil.rmtree("store")
    process = start(*EMBED, labelled, "--labels-from", "folders", "--batch-size", "2", pause=0.5, shard=2)
    wait_for(lambda: len(shards()) >= 2, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    refused("it was not finished", "of 12 that it was to hold")
    assert run(*EMBED, labelled, "--labels-from", "folders")[0] == 0
    assert run(*CLASSIFY)[0] == 0


def test_a_copied_shard_is_not_counted_twice(labelled):
    shutil.copy(shards()[0], "store/part-00000-copy.parquet")
    assert len(read_embeddings(Path("store"))) == 12
    refused("part-00000-copy.parquet is not of the store")
    Path("store/part-00000-copy.parquet").rename("store/part-00009.parquet")
    assert "part-00009.parquet is no shard that the store lacks" in run(*EMBED, labelled, "--labels-from", "folders")[2]
    assert len(read_embeddings(Path("store"))) == 12


def test_no_flipped_bit_changes_a_label_in_silence(labelled):
    """Of 1,500 flipped bits three once changed labels."""
    shard = shards()[0]
    whole = shard.read_bytes()
    moments = np.random.default_rng(1)
    for _ in range(200):
        content = bytearray(whole)
        content[moments.integers(len(content))] ^= 1 << int(moments.integers(8))
        shard.write_bytes(bytes(content))
        with pytest.raises(Exception, match=r"part-00000\.parquet: it is damaged"):
            read_embeddings(Path("store"))
    refused("part-00000.parquet: it is damaged")
    code, _, errors = run(*EMBED, labelled, "--labels-from", "folders")
    assert (code, "Delete it and embed again" in errors) == (1, True)
    shard.unlink()
    assert run(*EMBED, labelled, "--labels-from", "folders")[0] == 0
    assert run(*CLASSIFY)[0] == 0


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_a_manifest_is_restored_from_the_shards(labelled, how):
    whole = json.loads(Path("store", MANIFEST).read_text())
    Path("store", MANIFEST).unlink()
    if how == "damaged":
        Path("store", MANIFEST).write_text('{"format": 2, "identity"')
        code, _, errors = run(*CLASSIFY)
        assert code == 1
        assert "_manifest.json: it is damaged" in errors
        assert "Delete it: what it says stands in the shards too" in errors
        Path("store", MANIFEST).unlink()
    code, _, errors = run(*CLASSIFY)
    assert code == 0
    assert "_manifest.json is lost; what it said was taken from the shards" in errors
    assert run(*EMBED, labelled, "--labels-from", "folders")[0] == 0
    assert json.loads(Path("store", MANIFEST).read_text()) == whole


def test_a_lost_manifest_hides_no_lost_shard(labelled):
    Path("store", MANIFEST).unlink()
    shards()[2].unlink()
    refused("it was not finished: 8 clips are embedded of 12")


def test_a_strangers_parquet_file_is_called_that_and_left_alone(labelled):
    """It was once called damaged, with the advice to delete it; --force deleted it."""
    pd.DataFrame({"site": ["a"], "visits": [3]}).to_parquet("store/my_sites.parquet")
    theirs = Path("store/my_sites.parquet").read_bytes()
    code, _, errors = run(*CLASSIFY)
    assert code == 0
    assert "my_sites.parquet is not atmda's and is left alone" in errors
    for words in ((), ("--force",)):
        assert run(*EMBED, labelled, "--labels-from", "folders", *words)[0] == 0
    assert Path("store/my_sites.parquet").read_bytes() == theirs


def test_infer_says_what_a_store_lacks_and_labels_the_rest(labelled):
    shards()[0].unlink()
    code, _, errors = run("infer", "--embeddings", "store", "--labels", "low,high", "--model", "spectral")
    assert code == 0
    assert "part-00000.parquet is missing (4 clips); what is there is used" in errors


def test_shards_of_machines_that_share_no_disk_are_one_store_once_they_lie_together(tmp_path, write_tone):
    folder = folder_of(tmp_path / "in", write_tone)
    for k in (1, 2):
        words = (
            "embed",
            "--model",
            "spectral",
            "--audio-folder",
            folder,
            "--output",
            f"machine{k}",
            "--shard",
            f"{k}/2",
        )
        assert run(*words)[0] == 0
    for path in shards("machine2"):
        shutil.copy(path, "machine1")
    assert run("embed", "--model", "spectral", "--audio-folder", folder, "--output", "machine1")[0] == 0
    table = read_embeddings(Path("machine1"))
    assert (len(table), table.problems) == (10, ())


def test_a_recording_in_several_clips_keeps_one_fingerprint(tmp_path):
    sf.write(tmp_path / "long.wav", np.random.default_rng(0).normal(0, 0.1, 32000), 16000)
    (tmp_path / "a.csv").write_text("filename,label,start,end\nlong.wav,x,0,1\nlong.wav,y,1,2\n")
    words = ("embed", "--model", "spectral", "--audio-folder", str(tmp_path), "--annotations", "a.csv")
    assert run(*words, "--output", "store")[0] == 0
    frame = pd.read_parquet("store")
    assert frame["sha256"].nunique() == 1
    assert frame["size"].tolist() == [(tmp_path / "long.wav").stat().st_size] * 2
