"""`embed --engine ray` on Ray's own cluster of several nodes on this machine; workers, nodes and the driver are killed.

A cluster takes half a minute to start on two cores, so that these tests are slow ones; how units are handed out again
and halved is tested without it in test_handing_out.py.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from processes import Started, run, start, wait_for

from atmda.core.embeddings.store import read_store
from atmda.tasks import embed_windows

ray = pytest.importorskip("ray", reason="needs Ray: pip install ray")

ENCODER = """
import os, time
from pathlib import Path
import spectral
from atmda.core.encoders import EncoderSpec

class Deadly(spectral.SpectralEncoder):
    def features(self, audio):
        time.sleep(0.1 if audio.seconds < 0.5 else 0)
        if "deadly" in audio.name:
            os._exit(7)
        yield from super().features(audio)

PLUGINS = (EncoderSpec("deadly", "for tests", lambda request: Deadly()),)
"""


class Nodes:
    """A cluster of a head without cores and two nodes of one core."""

    def __init__(self, plugin: Path) -> None:
        from ray.cluster_utils import Cluster

        (plugin / "deadly-1.dist-info").mkdir(parents=True)
        (plugin / "deadly.py").write_text(ENCODER)
        (plugin / "deadly-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: deadly\nVersion: 1\n")
        (plugin / "deadly-1.dist-info" / "entry_points.txt").write_text("[atmda.encoders]\ndeadly = deadly:PLUGINS\n")
        self.plugin = str(plugin)
        places = [self.plugin, str(Path(__file__).parent), str(Path(__file__).parent.parent)]
        os.environ |= {"PYTHONPATH": os.pathsep.join(places), "RAY_USAGE_STATS_ENABLED": "0"}
        store = {"object_store_memory": 80 << 20, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **store})
        self.store = {"object_store_memory": 80 << 20}
        self.nodes = [self.cluster.add_node(num_cpus=1, **self.store) for _ in range(2)]

    def lose_one(self) -> None:
        self.cluster.remove_node(self.nodes.pop(), allow_graceful=False)
        self.nodes.append(self.cluster.add_node(num_cpus=1, **self.store))

    def workers(self) -> list[int]:
        """Processes of workers that have begun, which carry our plugin's path in their environment."""
        numbers = (path.name for path in Path("/proc").iterdir())
        return [pid for pid in map(int, filter(str.isdecimal, numbers)) if self._is_worker(pid)]

    def _is_worker(self, pid: int) -> bool:
        try:
            named = b"ray::UnitWorker" in Path(f"/proc/{pid}/cmdline").read_bytes()
            return named and self.plugin.encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False

    def embed(self, output: str, *words: str) -> Started:
        common = ("--model", "deadly", "--audio-folder", "in", "--output", output, "--num-workers", "1")
        more = f"sys.path.insert(0, {self.plugin!r})\nfrom atmda.tasks import embed_windows as w; w.SHARD_WINDOWS = 64"
        engine = ("--engine", "ray", "--address", self.cluster.address)
        return start("embed", *common, *engine, *words, shard=8, more=more)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    before = dict(os.environ)
    made = Nodes(tmp_path_factory.mktemp("plugin"))
    yield made
    made.cluster.shutdown()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The store of 60 recordings, one of them empty, that one process makes."""
    draws = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for index in range(60):
        sf.write(tmp_path / "in" / f"{index:02}.wav", draws.normal(0, 0.1, 3200), 16000)
    (tmp_path / "in" / "33.wav").write_bytes(b"")
    code, _, errors = run("embed", "--model", "spectral", "--audio-folder", "in", "--output", "whole", shard=8)
    assert code == 3, errors
    return tmp_path / "whole"


def files_of(store: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in store.iterdir() if path.name[0] != "."}


def same(store: str, whole: Path) -> bool:
    assert not list(Path(store).glob(".tmp-*"))
    return files_of(Path(store)) == files_of(whole)


def shards(store: str) -> list[Path]:
    return list(Path(store).glob("part-*"))


@pytest.mark.slow
def test_a_cluster_gives_the_bytes_of_one_process(nodes: Nodes, whole: Path) -> None:
    job = nodes.embed("store")
    _, errors = job.communicate(240)
    assert job.returncode == 3 and "33.wav: it is empty" in errors
    assert same("store", whole)


@pytest.mark.slow
def test_a_recording_that_kills_its_worker_is_skipped_and_named(nodes: Nodes, whole: Path) -> None:
    Path("in/15.wav").rename("in/15-deadly.wav")
    job = nodes.embed("store")
    _, errors = job.communicate(400)
    assert job.returncode == 3 and "15-deadly.wav: the worker that read it died, 4 times" in errors
    found, all_of_them = read_store(Path("store")), read_store(whole)
    assert not found.problems and found.clips == [clip for clip in all_of_them.clips if clip != "15.wav"]


@pytest.mark.slow
def test_a_lost_node_costs_nothing(nodes: Nodes, whole: Path) -> None:
    job = nodes.embed("store")
    wait_for(lambda: shards("store"), job, 120)
    nodes.lose_one()
    assert job.wait(240) == 3
    assert same("store", whole)


@pytest.mark.slow
def test_a_killed_worker_costs_nothing(nodes: Nodes, whole: Path) -> None:
    job = nodes.embed("store")
    wait_for(lambda: shards("store"), job, 120)
    os.kill(nodes.workers()[0], signal.SIGKILL)
    assert job.wait(240) == 3
    assert same("store", whole)


@pytest.mark.slow
def test_a_killed_driver_goes_on_where_it_was(nodes: Nodes, whole: Path) -> None:
    job = nodes.embed("store")
    wait_for(lambda: len(shards("store")) > 1, job, 120)
    job.kill()
    job.wait(60)
    before = {path: path.stat().st_mtime_ns for path in shards("store")}
    assert 1 < len(before) < 8
    assert nodes.embed("store").wait(240) == 3
    assert same("store", whole)
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.slow
def test_windows_of_long_recordings_are_the_same_on_a_cluster(
    nodes: Nodes, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = np.random.default_rng(1)
    sf.write("in/long.wav", draws.normal(0, 0.1, 16000 * 700), 16000)
    words = ("--window", "1")
    monkeypatch.setattr(embed_windows, "SHARD_WINDOWS", 64)
    assert run("embed", "--model", "spectral", "--audio-folder", "in", "--output", "cut", *words)[0] == 3
    job = nodes.embed("store", *words)
    assert job.wait(240) == 3
    assert len(shards("store")) > 2 and same("store", Path("cut"))


def test_ray_where_nobody_answers_is_told_at_once(tmp_path: Path, write_tone) -> None:
    write_tone(tmp_path / "in" / "a.wav")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        words = ("embed", "--audio-folder", "in", "--output", "store", "--engine", "ray")
        began = time.monotonic()
        code, _, errors = run(*words, "--address", address)
        assert code == 1 and f"--address {address}: no Ray cluster answers there" in errors
        assert run(*words, "--address", "somewhere")[0] == 1
        assert time.monotonic() - began < 5
