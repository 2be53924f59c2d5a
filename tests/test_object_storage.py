"""Recordings in object storage: fsspec's own kinds stand for S3 and the like. Nothing secret is shown."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from http_server import serving
from processes import run

from atmda.core.embeddings.store import read_store
from atmda.core.remote import Download, fits, is_remote, modified, shown

fsspec = pytest.importorskip("fsspec", reason="needs fsspec: pip install 'atmda[cloud]'")


@pytest.fixture
def bucket(tmp_path: Path, write_tone) -> Iterator[object]:
    """Four recordings in memory://site, the last one below a folder; the same in the folder `local`."""
    system = fsspec.filesystem("memory")
    for index in range(4):
        name = f"{index}.wav" if index < 3 else "deep/3.wav"
        path = write_tone(tmp_path / "local" / name, 200.0 + 300 * index, 0.8)
        system.pipe(f"/site/{name}", path.read_bytes())
    system.pipe("/site/notes.txt", b"no recording")
    yield system
    system.rm("/site", recursive=True)


def rows_of(store: str) -> dict[str, bytes]:
    table = read_store(Path(store))
    assert not table.problems
    return {clip: row.tobytes() for clip, row in zip(table.clips, table.embeddings, strict=True)}


@pytest.mark.parametrize("words", [(), ("--window", "0.3")])
def test_objects_give_the_rows_of_files(bucket, words: tuple[str, ...]) -> None:
    embed = ("embed", "--model", "spectral", "-r", *words)
    code, _, errors = run(*embed, "--audio-folder", "memory://site", "--output", "store")
    assert code == 0, errors
    assert run(*embed, "--audio-folder", "local", "--output", "whole")[0] == 0
    assert rows_of("store") == rows_of("whole") and "deep/3.wav" in list(rows_of("store"))[-1]
    assert run(*embed, "--audio-folder", "memory://site/*.wav", "--output", "some")[0] == 0
    assert len({name.partition("#")[0] for name in rows_of("some")}) == 3


def test_an_object_that_is_missing_is_skipped_and_named(bucket) -> None:
    Path("list.csv").write_text("path,label\nmemory://site/0.wav,a\nmemory://site/gone.wav,b\nlocal/1.wav,b\n")
    for words in ((), ("--window", "1")):
        output = f"store{len(words)}"
        code, out, errors = run("embed", "--model", "spectral", "--files", "list.csv", "-o", output, "--json", *words)
        assert code == 3 and "memory://site/gone.wav: it is not there" in errors
        assert list(json.loads(out)["skipped"]) == ["memory://site/gone.wav"]
        assert len(rows_of(output)) == 2


def test_an_object_that_was_replaced_is_embedded_again(bucket) -> None:
    words = ("embed", "--model", "spectral", "--audio-folder", "memory://site", "--output", "store", "--json")
    assert run(*words)[0] == 0
    assert json.loads(run(*words)[1])["changed"] == 0
    content = bytearray(bucket.cat("/site/1.wav"))
    content[1000:2000] = bytes(1000)
    bucket.pipe("/site/1.wav", bytes(content))
    assert json.loads(run(*words)[1])["changed"] == 1


def test_a_long_recording_is_downloaded_once_and_the_copy_is_gone_afterwards(bucket, monkeypatch, tmp_path) -> None:
    from atmda.core.audio import long
    from atmda.core.embeddings import windowed

    held: list[Path] = []

    class Counted(Download):
        def __init__(self, url: str) -> None:
            super().__init__(url)
            held.append(self.path)

    monkeypatch.setattr(windowed, "Download", Counted)
    monkeypatch.setattr(long, "STRETCH_SECONDS", 0.2)
    words = ("--window", "0.1", "--num-workers", "2")
    assert run("embed", "--model", "spectral", "--audio-folder", "memory://site", "-o", "store", *words)[0] == 0
    assert len(held) == 3 and len(rows_of("store")) == 24
    assert not any(path.exists() for path in held)


def test_http_objects_are_read_and_what_is_secret_in_their_urls_is_not_shown(bucket, caplog) -> None:
    pytest.importorskip("aiohttp", reason="needs fsspec's http: pip install 'fsspec[http]'")
    caplog.set_level(logging.DEBUG, "atmda")
    with serving() as server:
        server.files = {"/0.wav?signature=hunter2": Path("local/0.wav").read_bytes()}
        secret = server.url.replace("://", "://me:hunter2@")
        Path("list.csv").write_text(f"path\n{secret}/0.wav?signature=hunter2\n{secret}/gone.wav?signature=hunter2\n")
        code, out, errors = run("embed", "--model", "spectral", "--files", "list.csv", "-o", "store", "--json", "-v")
    assert code == 3 and f"{server.url}/gone.wav: it is not there" in errors
    assert "hunter2" not in out + errors + caplog.text
    assert not [path for path in Path("store").iterdir() if b"hunter2" in path.read_bytes()]
    assert list(rows_of("store")) == [f"{server.url}/0.wav"]


def test_a_storage_whose_kind_nothing_reads_is_named_with_what_to_install(monkeypatch) -> None:
    assert run("embed", "--audio-folder", "nosuch://site", "-o", "store")[0] == 1
    from atmda.core import remote

    monkeypatch.setattr(remote, "find_spec", lambda name: None)
    code, _, errors = run("embed", "--audio-folder", "s3://site", "-o", "store")
    assert code == 1 and "pip install 'atmda[cloud]'" in errors


def test_what_a_storage_tells_of_an_object_decides_whether_it_is_the_same() -> None:
    assert modified({"ETag": '"a"', "mtime": 1}) != modified({"ETag": '"b"', "mtime": 1})
    assert modified({"LastModified": "2026-01-01T00:00:00Z"}) == 1767225600 * 10**9
    assert modified({"size": 3}) == 0
    assert not is_remote("C:/site") and is_remote("s3://site")
    assert shown("hf://datasets/me/site@main/a.wav") == "hf://datasets/me/site@main/a.wav"
    with pytest.raises(OSError):
        fits("memory://nowhere/a.wav", Download.__new__(Download))  # type: ignore[arg-type]


CLOUD = """
import logging, sys
import fsspec
class Cloud(fsspec.get_filesystem_class("memory")):
    def isdir(self, path):
        logging.getLogger("gcsfs").warning("asked with key=hunter2")
        raise ConnectionResetError("key=hunter2")
fsspec.register_implementation("gs", Cloud, clobber=True)
sys.argv = ["atmda", "infer", "--labels", "a,b", "--audio-folder", "gs://site/a"]
from atmda.__main__ import main
main()
"""


def test_what_a_client_warns_of_or_fails_with_is_one_sentence_of_our_own() -> None:
    """Known faults: gcsfs filled stderr with a line an object, and a failed listing was told of twice in a sentence."""
    ran = subprocess.run([sys.executable, "-c", CLOUD], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1 and ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("error: gs://site/a: it cannot be listed (ConnectionResetError). ")
