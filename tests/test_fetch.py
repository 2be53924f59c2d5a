"""Whole targets, from a server on this machine to their official layout."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import random
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from http_server import Server, serving

from atmda.datasets import DATASETS, load_dataset
from atmda.datasets.esc50 import COMMIT as ESC50_COMMIT
from atmda.datasets.remotes import Facts, Part, Remote, Target
from atmda.download import install as install_module
from atmda.download.catalogue import find_target
from atmda.download.client import Policy
from atmda.download.install import Options, Watch, install
from atmda.download.state import locked
from atmda.download.verify import verify
from atmda.errors import AtmdaError

QUICK = Options(policy=Policy(attempts=3, backoff=0.001, longest_wait=0.05, connect=2.0, read=2.0))
US8K = {
    "UrbanSound8K/metadata/UrbanSound8K.csv": b"slice_file_name,fold,classID\n7-3-0-1.wav,1,3\n9-8-0-0.wav,2,8\n",
    "UrbanSound8K/audio/fold1/7-3-0-1.wav": random.Random(1).randbytes(50_000),
    "UrbanSound8K/audio/fold2/9-8-0-0.wav": random.Random(2).randbytes(50_000),
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as server:
        yield server


def md5(body: bytes) -> str:
    return f"md5:{hashlib.md5(body).hexdigest()}"


def tar(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return memory.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return memory.getvalue()


def serve(server: Server, filename: str, body: bytes, **more: object) -> Remote:
    server.files[f"/{filename}"] = body
    return Remote(filename, f"{server.url}/{filename}", **{"checksum": md5(body), **more})  # type: ignore[arg-type]


def index(server: Server, files: dict[str, bytes]) -> Remote:
    clips = {name: {"audio": [name, md5(body)[4:]]} for name, body in files.items()}
    return serve(server, "index.json", json.dumps({"version": "1", "clips": clips, "metadata": None}).encode())


def urbansound8k(server: Server, files: dict[str, bytes] | None = None, **more: object) -> Target:
    files = US8K if files is None else files
    remote = serve(server, "UrbanSound8K.tar.gz", tar(files), strip=("UrbanSound8K",), **more)
    bare = {name.removeprefix("UrbanSound8K/"): body for name, body in files.items()}
    return Target("urbansound8k", "input/urbansound8k", (Part("all", (remote,)),), index(server, bare))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".fetch" not in path.parts
    }


def test_a_data_set_lies_where_its_reader_looks_for_it(server: Server, tmp_path: Path) -> None:
    outcome = install(urbansound8k(server), tmp_path, QUICK)
    assert outcome.fetched == ("all",) and outcome.folder == tmp_path / "input/urbansound8k"
    found = load_dataset("urbansound8k", tmp_path)
    assert [(clip.label, clip.fold) for clip in found.clips] == [("dog bark", 1), ("siren", 2)]
    assert sorted(contents(outcome.folder)) == sorted(name.removeprefix("UrbanSound8K/") for name in US8K)


def test_a_second_fetch_of_what_is_whole_asks_no_server(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server)
    install(target, tmp_path, QUICK)
    server.requests.clear()
    outcome = install(target, tmp_path, QUICK)
    assert (outcome.fetched, outcome.present) == ((), ("all",)) and server.requests == []


def test_a_file_that_was_lost_or_cut_is_fetched_again(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server)
    folder = install(target, tmp_path, QUICK).folder
    whole = contents(folder)
    for spoil in (lambda path: path.unlink(), lambda path: path.write_bytes(b"")):
        spoil(folder / "audio/fold1/7-3-0-1.wav")
        assert install(target, tmp_path, QUICK).fetched == ("all",)
        assert contents(folder) == whole


def test_a_whole_copy_from_elsewhere_is_left_alone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = replace(DATASETS.get("urbansound8k"), whole=2)
    monkeypatch.setattr(DATASETS, "_own", {**{other.name: other for other in DATASETS}, spec.name: spec})
    for name, body in US8K.items():
        path = tmp_path / "input/urbansound8k" / name.removeprefix("UrbanSound8K/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    target = urbansound8k(server)
    assert install(target, tmp_path, QUICK).fetched == () and server.requests == []
    (tmp_path / "input/urbansound8k/audio/fold1/7-3-0-1.wav").unlink()
    assert install(target, tmp_path, QUICK).fetched == ("all",)


def test_the_old_copy_stays_until_the_new_one_is_checked(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server)
    folder = install(target, tmp_path, QUICK).folder
    old = contents(folder)
    force = replace(QUICK, force=True)
    body = server.files["/UrbanSound8K.tar.gz"]
    for trouble in (("bytes", body[:-9] + bytes(9)), ("cut", 0), 404, 503):
        server.always["/UrbanSound8K.tar.gz"] = trouble
        with pytest.raises(AtmdaError):
            install(target, tmp_path, force)
        assert contents(folder) == old
    server.always.clear()
    evil = urbansound8k(server, {**US8K, "../../evil": b"x"})
    with pytest.raises(AtmdaError, match="leads out of its folder"):
        install(evil, tmp_path, force)
    assert contents(folder) == old and not (tmp_path / "evil").exists() and not (tmp_path / "input/evil").exists()


def test_force_replaces_the_old_copy_and_drops_what_is_gone_but_not_what_is_yours(
    server: Server, tmp_path: Path
) -> None:
    folder = install(urbansound8k(server), tmp_path, QUICK).folder
    (folder / "audio/my notes.txt").write_text("mine")
    new = dict(US8K)
    new["UrbanSound8K/audio/fold3/1-0-0-0.wav"] = new.pop("UrbanSound8K/audio/fold2/9-8-0-0.wav")
    install(urbansound8k(server, new), tmp_path, replace(QUICK, force=True))
    assert sorted(contents(folder)) == [
        "audio/fold1/7-3-0-1.wav",
        "audio/fold3/1-0-0-0.wav",
        "audio/my notes.txt",
        "metadata/UrbanSound8K.csv",
    ]


def test_archives_go_unless_they_are_to_stay(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server)
    folder = install(target, tmp_path, replace(QUICK, cleanup=False)).folder
    assert (folder / "UrbanSound8K.tar.gz").read_bytes() == server.files["/UrbanSound8K.tar.gz"]


def test_an_archive_put_there_by_hand_is_used_offline(tmp_path: Path) -> None:
    body = tar(US8K)
    remote = Remote("UrbanSound8K.tar.gz", "http://127.0.0.1:9/x", md5(body), strip=("UrbanSound8K",))
    target = Target("urbansound8k", "input/urbansound8k", (Part("all", (remote,)),))
    own = tmp_path / "input/urbansound8k/UrbanSound8K.tar.gz"
    own.parent.mkdir(parents=True)
    own.write_bytes(body)
    install(target, tmp_path, QUICK)
    assert len(load_dataset("urbansound8k", tmp_path).clips) == 2 and own.is_file()
    own.write_bytes(body[:-1])
    with pytest.raises(AtmdaError, match="offline"):
        install(target, tmp_path, replace(QUICK, force=True))


def split_target(server: Server, tmp_path: Path) -> Target:
    from test_extract_split import split

    truth = "FSD50K.ground_truth"
    (tmp_path / "made").mkdir()
    pieces = split(tmp_path / "made", {"FSD50K.dev_audio/1.wav": random.Random(1).randbytes(90_000)}, 30_000)
    audio = [serve(server, path.name.replace("a.", "FSD50K.dev_audio."), path.read_bytes()) for path in pieces]
    tables = {
        f"{truth}/vocabulary.csv": b"0,Bark,/m/1\n",
        f"{truth}/dev.csv": b"fname,labels,mids,split\n1,Bark,/m/1,train\n",
        f"{truth}/eval.csv": b"fname,labels,mids\n",
    }
    parts = (
        Part("FSD50K.dev_audio", (audio[-1], *audio[:-1])),
        Part("ground_truth", (serve(server, f"{truth}.zip", packed(tables)),)),
        Part("metadata", (serve(server, "FSD50K.metadata.zip", packed({"FSD50K.metadata/x.json": b"{}"})),)),
    )
    return Target("fsd50k", "input/fsd50k", parts)


def test_the_pieces_of_a_split_zip_are_joined_and_read(server: Server, tmp_path: Path) -> None:
    install(split_target(server, tmp_path), tmp_path, QUICK)
    assert [(c.name, c.labels, c.split) for c in load_dataset("fsd50k", tmp_path).clips] == [
        ("1.wav", ("Bark",), "train")
    ]
    assert sorted(path.name for path in (tmp_path / "input/fsd50k").iterdir()) == [
        ".fetch",
        "FSD50K.dev_audio",
        "FSD50K.ground_truth",
        "FSD50K.metadata",
    ]


def test_parts_are_fetched_alone_and_the_rest_later(server: Server, tmp_path: Path) -> None:
    target = split_target(server, tmp_path)
    assert install(target, tmp_path, replace(QUICK, partial=("ground*",))).fetched == ("ground_truth",)
    assert {path for method, path, _ in server.requests if method == "GET"} == {"/FSD50K.ground_truth.zip"}
    outcome = install(target, tmp_path, QUICK)
    assert outcome.fetched == ("FSD50K.dev_audio", "metadata") and outcome.present == ("ground_truth",)
    with pytest.raises(AtmdaError, match=r"has no part 'metadat'.*Did you mean metadata"):
        install(target, tmp_path, replace(QUICK, partial=("metadat",)))


def test_a_run_that_breaks_off_keeps_the_parts_that_are_whole(server: Server, tmp_path: Path) -> None:
    target = split_target(server, tmp_path)
    server.always["/FSD50K.metadata.zip"] = 404
    with pytest.raises(AtmdaError, match=r"FSD50K.metadata.zip is not there any more"):
        install(target, tmp_path, replace(QUICK, workers=1))
    server.always.clear()
    server.requests.clear()
    assert install(target, tmp_path, QUICK).fetched == ("metadata",)
    assert {path for method, path, _ in server.requests if method == "GET"} == {"/FSD50K.metadata.zip"}


def test_several_files_come_at_once_but_no_more_than_asked(server: Server, tmp_path: Path) -> None:
    server.together = 3
    parts = tuple(Part(f"p{i}", (serve(server, f"p{i}.bin", bytes([i]) * 9000),)) for i in range(6))
    target = Target("many", "input/many", parts)
    install(target, tmp_path, replace(QUICK, workers=3))
    assert len(contents(tmp_path / "input/many")) == 6
    assert server.most_at_once == 3


def test_the_size_of_the_job_is_told_and_every_byte_reported(server: Server, tmp_path: Path) -> None:
    planned: list[int | None] = []
    done: dict[str, int] = {}
    lock = threading.Lock()

    def downloaded(remote: Remote, count: int, total: int | None) -> None:
        with lock:
            done[remote.filename] = count

    target = replace(split_target(server, tmp_path), index=None)
    install(target, tmp_path, QUICK, Watch(downloaded=downloaded, planned=planned.append))
    assert planned == [sum(done.values())] == [sum(map(len, server.files.values()))]


def test_no_room_is_said_before_anything_is_downloaded(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = replace(urbansound8k(server), facts=Facts(unpacked=7_000_000_000))
    usage = install_module.shutil._ntuple_diskusage(10**10, 0, 5_000_000_000)  # type: ignore[attr-defined]
    monkeypatch.setattr(install_module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(AtmdaError, match=r"needs about 7.0 GB .* 5.0 GB free|needs about 7.0 GB .* has 4.\d+ GB free"):
        install(target, tmp_path, QUICK)
    assert server.gets("/UrbanSound8K.tar.gz") == []


def test_room_is_asked_for_what_is_missing_only(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = replace(split_target(server, tmp_path), facts=Facts(unpacked=35_000_000_000))
    usage = install_module.shutil._ntuple_diskusage(10**10, 0, 1_000_000_000)  # type: ignore[attr-defined]
    monkeypatch.setattr(install_module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(AtmdaError, match=r"needs about 35.0 GB"):
        install(target, tmp_path, QUICK)
    install(target, tmp_path, replace(QUICK, partial=("FSD50K.dev_audio", "ground_truth")))
    assert install(target, tmp_path, QUICK).fetched == ("metadata",)


def test_servers_that_know_no_head_requests_serve_too(server: Server, tmp_path: Path) -> None:
    server.heads = False
    planned: list[int | None] = []
    install(urbansound8k(server), tmp_path, QUICK, Watch(planned=planned.append))
    assert planned == [None] and len(load_dataset("urbansound8k", tmp_path).clips) == 2


def test_files_that_are_no_archives_go_to_their_folder(server: Server, tmp_path: Path) -> None:
    part = Part("a", (serve(server, "a.wav", b"RIFF", checksum="", destination="inference_demo"),))
    install(Target("demo", "input/demo", (part,)), tmp_path, QUICK)
    assert contents(tmp_path / "input/demo") == {"inference_demo/a.wav": b"RIFF"}
    assert verify(Target("demo", "input/demo", (part,)), tmp_path).good
    (tmp_path / "input/demo/inference_demo/a.wav").write_bytes(b"RIFX")
    assert verify(Target("demo", "input/demo", (part,)), tmp_path).differ == ("inference_demo/a.wav",)


def test_a_checkpoint_fetched_by_other_means_is_taken_if_it_is_the_right_one(server: Server, tmp_path: Path) -> None:
    body = random.Random(5).randbytes(10_000)
    part = Part("checkpoint", (serve(server, "c.pt", body, checksum="", declared=True),))
    server.headers["/c.pt"] = {"X-Linked-ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
    own = tmp_path / "models/laion-clap/c.pt"
    own.parent.mkdir(parents=True)
    target = Target("laion-clap", "models/laion-clap", (part,))
    own.write_bytes(body)
    install(target, tmp_path, QUICK)
    assert server.gets("/c.pt") == []
    own.write_bytes(body[:5000])
    install(target, tmp_path, QUICK)
    assert server.gets("/c.pt") == [""] and own.read_bytes() == body


def test_an_archive_packed_anew_is_good_if_its_contents_are(server: Server, tmp_path: Path) -> None:
    other = tar(dict(reversed(US8K.items())))
    target = urbansound8k(server, volatile=True)
    server.files["/UrbanSound8K.tar.gz"] = other
    install(target, tmp_path, QUICK)
    assert len(load_dataset("urbansound8k", tmp_path).clips) == 2
    bad = {**US8K, "UrbanSound8K/audio/fold2/9-8-0-0.wav": b"other"}
    server.files["/UrbanSound8K.tar.gz"] = tar(bad)
    old = contents(tmp_path / "input/urbansound8k")
    with pytest.raises(AtmdaError, match="other recordings"):
        install(target, tmp_path, replace(QUICK, force=True))
    assert contents(tmp_path / "input/urbansound8k") == old


def test_verify_names_what_is_missing_and_what_differs(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server)
    folder = install(target, tmp_path, QUICK).folder
    server.requests.clear()
    verdict = verify(target, tmp_path)
    assert verdict.good and verdict.checked == 3 and server.requests == []  # the index was kept
    (folder / "audio/fold1/7-3-0-1.wav").unlink()
    wav = folder / "audio/fold2/9-8-0-0.wav"
    wav.write_bytes(bytes(len(wav.read_bytes())))
    verdict = verify(target, tmp_path)
    assert (verdict.missing, verdict.differ) == (("audio/fold1/7-3-0-1.wav",), ("audio/fold2/9-8-0-0.wav",))
    assert not verdict.good


def test_verify_forgives_parts_that_were_not_fetched(server: Server, tmp_path: Path) -> None:
    target = split_target(server, tmp_path)
    tables = {"FSD50K.ground_truth/vocabulary.csv": b"0,Bark,/m/1\n"}
    target = replace(target, index=index(server, {**tables, "FSD50K.dev_audio/1.wav": b"not here"}))
    install(target, tmp_path, replace(QUICK, partial=("ground_truth",)))
    verdict = verify(target, tmp_path)
    assert verdict.good and verdict.missing == ("FSD50K.dev_audio/1.wav",)
    assert verify(target, tmp_path, ("ground_truth",)).missing == ()


def test_there_is_nothing_to_verify_where_nothing_is(server: Server, tmp_path: Path) -> None:
    with pytest.raises(AtmdaError, match=r"urbansound8k is missing.*atmda fetch urbansound8k"):
        verify(urbansound8k(server), tmp_path)


def test_two_runs_at_once_do_not_write_into_each_other(server: Server, tmp_path: Path) -> None:
    with locked(tmp_path / "input/urbansound8k", "urbansound8k"), pytest.raises(AtmdaError, match="Another fetch"):
        install(urbansound8k(server), tmp_path, QUICK)


def test_a_damaged_note_of_what_is_here_is_as_none(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server)
    folder = install(target, tmp_path, QUICK).folder
    for text in ("{", "[]", '{"parts": {"all": {"files": []}}}', '{"parts": {"all": {"files": {"../x": "a"}}}}'):
        (folder / ".fetch/state.json").write_text(text)
        assert install(target, tmp_path, QUICK).fetched == ("all",)


def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "input").write_text("a file where the folder should be")
    with pytest.raises(AtmdaError, match=r"input.urbansound8k cannot be made"):
        install(urbansound8k(server), tmp_path, QUICK)


def test_a_damaged_archive_without_a_checksum_is_fetched_anew_by_the_next_run(server: Server, tmp_path: Path) -> None:
    target = replace(urbansound8k(server, checksum=""), index=None)
    body = server.files["/UrbanSound8K.tar.gz"]
    server.files["/UrbanSound8K.tar.gz"] = body[:-5000]
    with pytest.raises(AtmdaError, match=r"UrbanSound8K.tar.gz is damaged"):
        install(target, tmp_path, QUICK)
    server.files["/UrbanSound8K.tar.gz"] = body
    install(target, tmp_path, QUICK)
    assert len(load_dataset("urbansound8k", tmp_path).clips) == 2


def test_an_archive_of_yours_is_never_deleted(server: Server, tmp_path: Path) -> None:
    target = urbansound8k(server, volatile=True)
    own = tmp_path / "input/urbansound8k/UrbanSound8K.tar.gz"
    own.parent.mkdir(parents=True)
    own.write_bytes(tar({**US8K, "UrbanSound8K/audio/fold2/9-8-0-0.wav": b"other"}))
    with pytest.raises(AtmdaError, match="other recordings"):
        install(target, tmp_path, QUICK)
    assert own.is_file()


def test_the_size_that_a_redirecting_server_states_is_taken(server: Server, tmp_path: Path) -> None:
    remote = serve(server, "c.pt", b"x" * 5000, checksum="", declared=True)
    server.redirects["/hub/c.pt"] = "/c.pt"
    server.headers["/hub/c.pt"] = {
        "X-Linked-Size": "5000",
        "X-Linked-ETag": f'"{hashlib.sha256(b"x" * 5000).hexdigest()}"',
    }
    server.heads = False  # as the store behind huggingface.co
    planned: list[int | None] = []
    moved = replace(remote, url=f"{server.url}/hub/c.pt")
    target = Target("laion-clap", "models/laion-clap", (Part("checkpoint", (moved,)),))
    install(target, tmp_path, QUICK, Watch(planned=planned.append))
    assert planned == [5000] and contents(tmp_path / "models/laion-clap") == {"c.pt": b"x" * 5000}
    server.files["/c.pt"] = b"y" * 5000
    with pytest.raises(AtmdaError, match="other bytes than expected"):
        install(target, tmp_path, replace(QUICK, force=True))
    assert contents(tmp_path / "models/laion-clap") == {"c.pt": b"x" * 5000}


def test_a_checkpoint_that_is_not_whole_yet_is_not_taken_for_one(server: Server, tmp_path: Path) -> None:
    from atmda.core.encoders import EncoderRequest, resolve

    part = Part("checkpoint", (serve(server, "c.pt", b"x" * 9000),))
    target = Target("laion-clap", "models/laion-clap", (part,))
    server.always["/c.pt"] = ("bytes", b"y" * 9000)
    with pytest.raises(AtmdaError):
        install(target, tmp_path, QUICK)
    assert resolve(EncoderRequest("auto", data_dir=tmp_path)) == "compact"
    server.always.clear()
    install(target, tmp_path, QUICK)
    assert resolve(EncoderRequest("auto", data_dir=tmp_path)) == "laion-clap"


TAU = "TAU-urban-acoustic-scenes-2019-development"
PACKED = {  # what the publishers' archives hold, by their names
    "UrbanSound8K.tar.gz": US8K,
    "ESC-50-master.zip": {
        f"ESC-50-{ESC50_COMMIT}/meta/esc50.csv": b"filename,fold,target,category,esc10\n1-5-A-0.wav,1,0,dog,True\n",
        f"ESC-50-{ESC50_COMMIT}/audio/1-5-A-0.wav": b"RIFF",
        f"ESC-50-{ESC50_COMMIT}/README.md": b"",
    },
    "FSD50K.ground_truth.zip": {
        "FSD50K.ground_truth/vocabulary.csv": b"0,Bark,/m/1\n",
        "FSD50K.ground_truth/dev.csv": b"fname,labels,mids,split\n1,Bark,/m/1,train\n",
        "FSD50K.ground_truth/eval.csv": b"fname,labels,mids\n2,Bark,/m/1\n",
    },
    "FSD50K.dev_audio": {"FSD50K.dev_audio/1.wav": random.Random(4).randbytes(30_000)},
    "FSD50K.eval_audio": {"FSD50K.eval_audio/2.wav": random.Random(5).randbytes(9_000)},
    f"{TAU}.meta.zip": {
        f"{TAU}/meta.csv": b"filename\tscene_label\naudio/park-a-1-1-a.wav\tpark\naudio/bus-a-1-2-a.wav\tbus\n",
        f"{TAU}/evaluation_setup/fold1_train.csv": b"filename\tscene_label\naudio/park-a-1-1-a.wav\tpark\n",
        f"{TAU}/evaluation_setup/fold1_test.csv": b"filename\n",
        f"{TAU}/evaluation_setup/fold1_evaluate.csv": b"filename\tscene_label\n",
    },
    f"{TAU}.audio.1.zip": {f"{TAU}/audio/park-a-1-1-a.wav": b"RIFF"},
    f"{TAU}.audio.2.zip": {f"{TAU}/audio/bus-a-1-2-a.wav": b"RIFF"},
}


def packed_as(server: Server, folder: Path, remotes: tuple[Remote, ...]) -> tuple[Remote, ...]:
    """The remotes of a part as soundata describes them, served here with small contents."""
    from test_extract_split import split

    name = remotes[0].filename
    if len(remotes) > 1:
        folder.mkdir(parents=True)
        stem = name.rpartition(".")[0]
        files = PACKED[stem]
        size = sum(map(len, files.values())) // (len(remotes) - 1) - 40
        bodies = {stem + path.suffix: path.read_bytes() for path in split(folder, files, size)}
        assert sorted(bodies) == sorted(remote.filename for remote in remotes)
    else:
        files = PACKED.get(name, {f"other/{name}.txt": b"x"})
        bodies = {name: tar(files) if ".tar" in name else packed(files)}
    return tuple(
        replace(serve(server, r.filename, bodies[r.filename]), strip=r.strip, destination=r.destination)
        for r in remotes
    )


@pytest.mark.skipif(importlib.util.find_spec("soundata") is None, reason="soundata is not installed")
@pytest.mark.parametrize(
    ("name", "clips"),
    [
        ("urbansound8k", [("7-3-0-1.wav", "dog bark", 1, None), ("9-8-0-0.wav", "siren", 2, None)]),
        ("esc50", [("1-5-A-0.wav", "dog", 1, None)]),
        ("fsd50k", [("1.wav", None, None, "train"), ("2.wav", None, None, "test")]),
        ("tau2019uas", [("bus-a-1-2-a.wav", "bus", 4, "unlisted"), ("park-a-1-1-a.wav", "park", 1, "train")]),
    ],
)
def test_each_of_the_papers_data_sets_ends_where_its_reader_finds_it(
    server: Server, tmp_path: Path, name: str, clips: list[tuple[object, ...]]
) -> None:
    target = find_target(name)
    parts = tuple(
        Part(part.name, packed_as(server, tmp_path / "made" / part.name, part.remotes)) for part in target.parts
    )
    install(replace(target, parts=parts, index=None, facts=Facts()), tmp_path, QUICK)
    found = load_dataset(name, tmp_path)
    assert [(clip.name, clip.label, clip.fold, clip.split) for clip in found.clips] == clips
    assert found.problems == ()
    server.requests.clear()
    assert install(replace(target, parts=parts, index=None), tmp_path, QUICK).fetched == () and not server.requests


def test_two_parts_with_files_of_one_name_do_not_mix(server: Server, tmp_path: Path) -> None:
    bodies = {place: packed({f"{place}/x": bytes([number]) * 200_000}) for number, place in enumerate(("york", "oslo"))}
    parts = []
    for place, body in bodies.items():
        server.files[f"/{place}/Park.zip"] = body
        parts.append(Part(place, (Remote("Park.zip", f"{server.url}/{place}/Park.zip", md5(body)),)))
    install(Target("scenes", "input/scenes", tuple(parts)), tmp_path, QUICK)
    assert sorted(contents(tmp_path / "input/scenes")) == ["oslo/x", "york/x"]
