"""What there is to fetch, and what soundata says of it."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from atmda.datasets import dataset_names
from atmda.download import soundata_remotes
from atmda.download.catalogue import find_target, target_names
from atmda.download.soundata_remotes import soundata_names, soundata_target
from atmda.errors import AtmdaError
from atmda.tasks.fetch import listed_targets

OWN = ["urbansound8k", "esc50", "fsd50k", "tau2019uas", "tut2016se", "tut2017se", "laion-clap", "demo"]
needs_soundata = pytest.mark.skipif(importlib.util.find_spec("soundata") is None, reason="soundata is not installed")


def test_the_papers_data_sets_come_first_and_soundatas_others_follow() -> None:
    names = target_names()
    assert names[:8] == OWN
    assert len(names) == len(set(names)) and set(soundata_names()) <= set(names)
    assert set(dataset_names()) - {"esc10"} <= set(names)


def test_an_unknown_name_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(AtmdaError, match="Did you mean urbansound8k"):
        find_target("urbansound-8k")
    with pytest.raises(AtmdaError, match="list_targets"):
        find_target("zzz")


def test_the_papers_data_sets_are_whole_descriptions() -> None:
    us8k, fsd, tau = find_target("urbansound8k"), find_target("fsd50k"), find_target("tau2019uas")
    (remote,) = us8k.parts[0].remotes
    assert remote.strip == ("UrbanSound8K",) and remote.is_archive and remote.checksum.startswith("md5:")
    assert [len(part.remotes) for part in fsd.parts] == [6, 2, 1, 1, 1] and fsd.facts.classes == 200
    assert {remote.filename for remote in fsd.parts[1].remotes} == {"FSD50K.eval_audio.z01", "FSD50K.eval_audio.zip"}
    assert len(tau.select(("development.*",))) == 23 and tau.folder == "input/tau2019uas"
    for target in (us8k, fsd, tau):
        assert target.index is not None and target.index.checksum
        assert all(r.checksum and r.url.startswith("https://") for part in target.parts for r in part.remotes)


def test_esc50_comes_from_a_fixed_commit_and_may_be_packed_anew() -> None:
    (remote,) = find_target("esc50").parts[0].remotes
    assert "/master" not in remote.url and remote.volatile and "ESC-50-master" in remote.strip
    assert find_target("esc50").index is not None


def test_checkpoint_and_demo_need_no_soundata() -> None:
    checkpoint, demo = find_target("laion-clap"), find_target("demo")
    assert [part.remotes[0].filename for part in checkpoint.parts] == [
        "630k-audioset-fusion-best.pt",
        "vocab.json",
        "merges.txt",
    ]
    assert checkpoint.folder == "models/laion-clap" and all(p.remotes[0].declared for p in checkpoint.parts)
    assert len(demo.parts) == 22 and len({p.remotes[0].url for p in demo.parts}) == 22
    assert {p.remotes[0].destination for p in demo.parts} == {"inference_demo", "inference_bg_demo"}


def test_nothing_heavy_is_imported_to_know_what_there_is() -> None:
    code = (
        "import sys; from atmda.download.catalogue import *; names = target_names(); find_target('fsd50k');"
        "print({'numpy', 'torch', 'librosa', 'soundata', 'requests'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.strip() == "set()"


@needs_soundata
@pytest.mark.slow
def test_the_papers_data_sets_are_described_as_soundata_describes_them() -> None:
    for name in ("urbansound8k", "fsd50k", "tau2019uas", "tut2017se"):
        ours, theirs = find_target(name), soundata_target(name)
        assert (ours.parts, ours.index) == (theirs.parts, theirs.index)
    assert find_target("esc50").index == soundata_target("esc50").index


@needs_soundata
def test_soundatas_other_data_sets_are_fetched_through_it() -> None:
    target = find_target("tau2019sse")
    assert target.folder == "input/tau2019sse" and target.facts.clips == 500 and target.facts.licence
    assert target.index is not None and target.index.checksum
    assert all(r.checksum and r.url.startswith("https://") for part in target.parts for r in part.remotes)


def test_a_description_in_another_form_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "newset.py").touch()
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: tmp_path)
    monkeypatch.setattr(
        soundata_remotes, "_import", lambda name: SimpleNamespace(INDEXES={"default": "1"}, REMOTES={"all": {}})
    )
    with pytest.raises(AtmdaError, match="newset"):
        soundata_target("newset")


def test_what_soundata_says_becomes_parts_pieces_and_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def file(name: str, checksum: str, **more: object) -> SimpleNamespace:
        return SimpleNamespace(filename=name, url=f"https://z/{name}", checksum=checksum, **more)

    index = SimpleNamespace(remote=SimpleNamespace(url="https://z/i", checksum="ab"))
    module = SimpleNamespace(
        INDEXES={"default": "1", "test": "sample", "1": index},
        REMOTES={
            "one": file("a.zip", "cd", destination_dir="x", unpack_directories=["top"]),
            "two": [file("b.zip", "ef"), file("b.z01", "01")],
        },
        LICENSE_INFO="Some\n licence",
    )
    (tmp_path / "newset.py").touch()
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: tmp_path)
    monkeypatch.setattr(soundata_remotes, "_import", lambda name: module)
    target = find_target("newset")
    assert target.folder == "input/newset" and target.facts.licence == "Some licence"
    assert target.index is not None and (target.index.url, target.index.checksum) == ("https://z/i", "md5:ab")
    one, two = target.parts
    assert (one.remotes[0].checksum, one.remotes[0].destination, one.remotes[0].strip) == ("md5:cd", "x", ("top",))
    assert [remote.filename for remote in two.remotes] == ["b.zip", "b.z01"]


@needs_soundata
def test_every_data_set_of_soundata_is_known_by_name_without_it() -> None:
    assert set(soundata_names()) <= {*soundata_remotes.BEYOND, *dataset_names()}
    assert all(facts.licence for facts in soundata_remotes.BEYOND.values())


def test_a_data_set_that_comes_with_another_says_with_which() -> None:
    with pytest.raises(AtmdaError, match="atmda fetch esc50"):
        find_target("esc10")


def test_listing_never_imports_soundata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "newset.py").touch()
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: tmp_path)
    monkeypatch.setattr(soundata_remotes, "_import", lambda name: pytest.fail("imported"))
    assert find_target("newset", cheap=True).parts == ()
    (tmp_path / "tau2019sse.py").touch()
    assert find_target("tau2019sse", cheap=True).facts.licence


def test_listing_asks_soundata_about_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tau2019sse.py").touch()
    (tmp_path / "input/tau2019sse").mkdir(parents=True)
    remotes = {"all": SimpleNamespace(filename="a.zip", url="https://z/a", checksum="ab")}
    module = SimpleNamespace(INDEXES={"default": "1", "1": SimpleNamespace(remote=None)}, REMOTES=remotes)
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: tmp_path)
    monkeypatch.setattr(soundata_remotes, "_import", lambda name: module)
    listed = {line.name: line.target for line in listed_targets(tmp_path)}
    assert [part.name for part in listed["tau2019sse"].parts] == ["all"]  # type: ignore[union-attr]


def test_without_soundata_its_data_sets_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundata_remotes, "_folder", lambda: None)
    assert target_names() == OWN
    assert find_target("urbansound8k").parts
    with pytest.raises(AtmdaError, match="pip install soundata"):
        find_target("tau2019sse")
    with pytest.raises(AtmdaError, match="pip install soundata"):
        find_target("dcase23_task2")


def test_importing_soundata_leaves_the_logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)

    def careless(name: str) -> object:
        logging.basicConfig(level=logging.INFO, force=True)
        raise RuntimeError("numba needs an older numpy")

    monkeypatch.setattr(soundata_remotes.importlib, "import_module", careless)
    with pytest.raises(AtmdaError, match="numba needs an older numpy"):
        soundata_remotes._import("singapura")
    assert (list(root.handlers), root.level) == before
