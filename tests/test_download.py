"""One file at a time, from a server that does all that servers do."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from http_server import Server, serving

from atmda.datasets.remotes import Remote
from atmda.download import client as client_module
from atmda.download import network
from atmda.download.client import Client, Policy
from atmda.download.network import CancelledError
from atmda.errors import AtmdaError

BODY = random.Random(1).randbytes(300_000)
QUICK = Policy(attempts=3, backoff=0.001, longest_wait=0.05, connect=2.0, read=2.0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as server:
        server.files["/a.bin"] = BODY
        yield server


def md5(body: bytes) -> str:
    return f"md5:{hashlib.md5(body).hexdigest()}"


def remote(server: Server, path: str = "/a.bin", checksum: str | None = None) -> Remote:
    return Remote(path[1:], server.url + path, md5(BODY) if checksum is None else checksum)


def test_a_file_arrives_whole_and_leaves_nothing_else_behind(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    client = Client(QUICK, report=lambda remote, done, total: seen.append((done, total)))
    assert client.download(remote(server), tmp_path / "in").read_bytes() == BODY
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.bin"]
    assert seen[-1] == (len(BODY), len(BODY))
    assert server.gets("/a.bin") == [""]


def test_a_cut_connection_is_taken_up_where_it_ended(server: Server, tmp_path: Path) -> None:
    server.trouble["/a.bin"] = [("cut", 100_000), ("cut", 50_000)]
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert server.gets("/a.bin") == ["", "bytes=100000-", "bytes=150000-"]


def test_a_later_run_goes_on_from_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.always["/a.bin"] = ("cut", 1)
    server.trouble["/a.bin"] = [("cut", 200_000), 503, 503, 503]
    with pytest.raises(AtmdaError, match=r"answered 503, 3 times in a row.*kept"):
        Client(QUICK).download(remote(server), tmp_path)
    server.always.clear()
    server.requests.clear()
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert server.gets("/a.bin") == ["bytes=200000-"]


def test_tries_are_counted_only_while_nothing_is_gained(server: Server, tmp_path: Path) -> None:
    server.always["/a.bin"] = ("cut", 20_000)  # 15 tries, with at most 3 in a row allowed to gain nothing
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert len(server.gets("/a.bin")) == 15


def test_a_server_that_ignores_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.trouble["/a.bin"] = [("cut", 100_000), "ignore range"]
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert server.gets("/a.bin") == ["", "bytes=100000-"]


def test_a_server_that_sends_another_range_starts_over(server: Server, tmp_path: Path) -> None:
    server.trouble["/a.bin"] = [("cut", 100_000), "wrong range"]
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert server.gets("/a.bin") == ["", "bytes=100000-", ""]


@pytest.mark.parametrize("etags", [True, False])
def test_a_file_that_changed_meanwhile_is_never_mixed_of_two(server: Server, tmp_path: Path, etags: bool) -> None:
    server.etags = etags
    new = random.Random(2).randbytes(300_000)
    server.always["/a.bin"] = ("cut", 1)
    server.trouble["/a.bin"] = [("cut", 100_000), 503, 503, 503]
    with pytest.raises(AtmdaError):
        Client(QUICK).download(remote(server), tmp_path)
    server.always.clear()
    server.files["/a.bin"] = new
    found = Client(QUICK).download(remote(server, checksum=md5(new)), tmp_path)
    assert found.read_bytes() == new


def test_a_length_that_is_too_long_is_not_believed_for_ever(server: Server, tmp_path: Path) -> None:
    server.trouble["/a.bin"] = [("length", len(BODY) + 1000)]
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert server.gets("/a.bin") == ["", f"bytes={len(BODY)}-"]  # answered: there is no more
    server.always["/a.bin"], server.ranges = ("length", len(BODY) + 1000), False
    with pytest.raises(AtmdaError, match="3 times in a row"):
        Client(QUICK).download(remote(server), tmp_path / "again")


def test_a_length_that_is_too_short_is_caught_by_the_checksum(server: Server, tmp_path: Path) -> None:
    server.trouble["/a.bin"] = [("length", 1000)]
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    server.always["/a.bin"] = ("length", 1000)
    with pytest.raises(AtmdaError, match="other bytes than expected"):
        Client(QUICK).download(remote(server), tmp_path / "again")


def test_no_length_at_all_is_no_obstacle(server: Server, tmp_path: Path) -> None:
    server.always["/a.bin"] = "no length"
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY


def test_wrong_bytes_are_fetched_once_more_then_refused_with_both_sums(server: Server, tmp_path: Path) -> None:
    wrong = bytes(len(BODY))
    server.trouble["/a.bin"] = [("bytes", wrong)]
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    server.always["/a.bin"] = ("bytes", b"<!DOCTYPE html><p>Please log in")
    with pytest.raises(AtmdaError) as caught:
        Client(QUICK).download(remote(server), tmp_path / "again")
    assert md5(BODY) in str(caught.value) and "web page" in str(caught.value)
    assert list((tmp_path / "again").iterdir()) == []


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(server: Server, tmp_path: Path, code: int) -> None:
    server.headers["/a.bin"] = {"Retry-After": "1"}
    server.trouble["/a.bin"] = [code]
    waits: list[float] = []
    client = Client(replace(QUICK, longest_wait=10))
    client.cancel.wait = lambda seconds=None: waits.append(seconds) or False  # type: ignore[method-assign,func-returns-value,assignment]
    assert client.download(remote(server), tmp_path).read_bytes() == BODY
    assert waits == [1.0]


def test_a_server_that_asks_for_hours_is_not_waited_for(server: Server, tmp_path: Path) -> None:
    server.headers["/a.bin"] = {"Retry-After": "7200"}
    server.always["/a.bin"] = 429
    with pytest.raises(AtmdaError, match="come back in 120 minutes"):
        Client(QUICK).download(remote(server), tmp_path)


def test_waits_double(server: Server, tmp_path: Path) -> None:
    server.trouble["/a.bin"] = [500, 502, 504, 500]
    waits: list[float] = []
    client = Client(Policy(attempts=6, backoff=1.0))
    client.cancel.wait = lambda seconds=None: waits.append(seconds) or False  # type: ignore[method-assign,func-returns-value,assignment]
    client.download(remote(server), tmp_path)
    assert waits == [1.0, 2.0, 4.0, 8.0]


@pytest.mark.parametrize(("code", "words"), [(404, "not there any more"), (403, "is refused"), (401, "is refused")])
def test_a_refusal_is_not_asked_again(server: Server, tmp_path: Path, code: int, words: str) -> None:
    server.always["/a.bin"] = code
    with pytest.raises(AtmdaError, match=f"a.bin .*{words}.*{code}"):
        Client(QUICK).download(remote(server), tmp_path)
    assert len(server.gets("/a.bin")) == 1


def test_a_silent_server_is_given_up(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts, never answers
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/a.bin"
        with pytest.raises(AtmdaError, match="silent for"):
            Client(replace(QUICK, attempts=2, read=0.1)).download(Remote("a.bin", url), tmp_path)


def test_offline_is_said_at_once_and_in_one_sentence(server: Server, tmp_path: Path) -> None:
    began = time.monotonic()
    for url in ("http://127.0.0.1:9/a.bin", "http://no-such-host.invalid/a.bin"):
        with pytest.raises(AtmdaError, match="seems to be offline") as caught:
            Client().download(Remote("a.bin", url), tmp_path)
        assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 6


def test_offline_is_said_at_once_even_with_half_of_the_file_here(server: Server, tmp_path: Path) -> None:
    server.always["/a.bin"] = ("cut", 1)
    server.trouble["/a.bin"] = [("cut", 100_000), 503, 503, 503]
    with pytest.raises(AtmdaError, match="503"):
        Client(QUICK).download(remote(server), tmp_path)
    note = tmp_path / "a.bin.part.json"
    note.write_text(note.read_text().replace(server.url, "http://127.0.0.1:9"))
    began = time.monotonic()
    with pytest.raises(AtmdaError, match="offline"):
        Client().download(Remote("a.bin", "http://127.0.0.1:9/a.bin"), tmp_path)
    assert time.monotonic() - began < 3 and (tmp_path / "a.bin.part").stat().st_size >= 100_000


def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *arguments: time.sleep(2))
    began = time.monotonic()
    with pytest.raises(network.UnreachableError):
        network.check_name("http://example.org/a", 0.05)
    assert time.monotonic() - began < 1


def test_a_half_file_without_a_note_of_its_origin_is_not_trusted(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(b"x" * 100)
    assert Client(QUICK).download(remote(server), tmp_path).read_bytes() == BODY
    assert server.gets("/a.bin") == [""]


def test_too_little_room_is_said_before_anything_is_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 5, 5))
    with pytest.raises(AtmdaError, match=r"free.*Make room"):
        Client(QUICK).download(remote(server), tmp_path)
    assert not (tmp_path / "a.bin").exists()


def test_checksums_that_the_server_declares_are_held_to(server: Server, tmp_path: Path) -> None:
    declared = replace(remote(server, checksum=""), declared=True)
    server.headers["/a.bin"] = {"X-Linked-ETag": f'"{hashlib.sha256(BODY).hexdigest()}"'}
    assert Client(QUICK).download(declared, tmp_path).read_bytes() == BODY
    server.headers["/a.bin"] = {"ETag": f'"{hashlib.sha1(b"blob %d" % len(BODY) + bytes(1) + BODY).hexdigest()}"'}
    assert Client(QUICK).download(declared, tmp_path / "git").read_bytes() == BODY
    server.headers["/a.bin"] = {"X-Linked-ETag": f'"{hashlib.sha256(b"other").hexdigest()}"'}
    with pytest.raises(AtmdaError, match="other bytes than expected"):
        Client(QUICK).download(declared, tmp_path / "bad")


def test_a_cancelled_download_stops_soon_and_keeps_what_it_has(server: Server, tmp_path: Path) -> None:
    cancel = threading.Event()
    client = Client(QUICK, cancel, report=lambda remote, done, total: cancel.set())
    server.files["/a.bin"] = BODY * 10
    with pytest.raises(CancelledError):
        client.download(remote(server), tmp_path)
    assert 0 < (tmp_path / "a.bin.part").stat().st_size < len(BODY) * 10
    assert json.loads((tmp_path / "a.bin.part.json").read_text())["total"] == len(BODY) * 10


def test_a_busy_server_is_asked_for_a_size_twice_more(server: Server) -> None:
    server.headers["/a.bin"] = {"Retry-After": "7200"}  # not waited for: a size is only good to know
    server.busy_heads["/a.bin"] = 2
    assert Client(QUICK).probe(remote(server))[0] == len(BODY)
    assert len(server.requests) == 3
    server.busy_heads["/a.bin"] = 9
    assert Client(QUICK).probe(remote(server)) == (None, "")


def test_dates_in_retry_after_are_understood() -> None:
    assert network.retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert (
        3500
        < (
            network.retry_after(
                {"Retry-After": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3600))}
            )
            or 0
        )
        <= 3600
    )
    assert network.retry_after({"Retry-After": "soon"}) is None and network.retry_after({}) is None
