"""Known faults: crafted artifacts ended in "Unexpected TypeError", filled the memory, or named a model to be opened."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from typer.testing import CliRunner

from atmda.cli import app
from atmda.core.embeddings.archive import Archive
from atmda.core.embeddings.formats import read_embeddings, read_text_anchors
from atmda.core.encoders import load_encoder
from atmda.core.encoders.clap.checkpoint import open_checkpoint
from atmda.core.encoders.text_cache import TextCache
from atmda.core.methods.adaptation import adapt, probabilities
from atmda.core.methods.prototype_file import KeptPrototypes
from atmda.core.untrusted import identity_of, logit_scale_of, parsed_object
from atmda.download.http_headers import read_note
from atmda.download.state import State
from atmda.download.verify import index_entries
from atmda.errors import AtmdaError, StoreError
from atmda.settings.classify import ClassifySettings
from atmda.settings.infer import InferSettings
from atmda.settings.loading import make_settings

LABELS = np.array(["siren", "dog bark"] * 4)
CLIPS = np.array([f"{k}.wav" for k in range(8)])
#: what a value in a crafted file may be
ODD = (None, True, -1, 1e308, float("inf"), 10**400, "", "../../etc/passwd", "\x1b[2J", [], {}, [[]], {"a": {}})
ODD += ("x" * 5000, 2**63, "sha0:zz", {"state_dict": 1})


def embeddings() -> np.ndarray[Any, Any]:
    rows = np.random.default_rng(0).standard_normal((8, 640)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def identity() -> dict[str, str]:
    return load_encoder("compact").identity


def archive(path: Path, **changed: Any) -> Path:
    """Embeddings with all that a `.npz` may hold, some of it `changed`."""
    whole = {"embeddings": embeddings(), "clips": CLIPS, "labels": LABELS, "folds": np.arange(8) // 4 + 1}
    whole |= {"identity": np.asarray(json.dumps(identity())), "classes": LABELS[:2], "logit_scale": np.asarray(10.0)}
    np.savez(path, **(whole | changed))
    return path


def prototypes(path: Path, **changed: Any) -> Path:
    whole = {"prototypes": embeddings()[:2], "labels": LABELS[:2], "mode": np.asarray("sv")}
    whole |= {"identity": np.asarray(json.dumps(identity())), "logit_scale": np.asarray(10.0)}
    np.savez(path, **(whole | changed))
    return path


def atmda(*arguments: object) -> Any:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert "Traceback" not in result.output and "Unexpected" not in result.output, result.output
    return result


def with_odd(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """`value` with something in it left out, renamed, or of another kind."""
    if not value or not isinstance(value, dict | list) or chance.random() < 0.1 * depth:
        return chance.choice(ODD)
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    changed = dict(value) if isinstance(value, dict) else list(value)
    if chance.random() < 0.2:
        del changed[key]
    else:
        changed[key] = with_odd(value[key], chance, depth + 1)  # type: ignore[index]
    return changed


# JSON and identities


@pytest.mark.parametrize(
    "text", ["", "[]", "1", '"a"', "null", b"\xff\xfe{", "[" * 100_000, '{"a":' * 40 + "1" + "}" * 40, "1" * 5000]
)
def test_what_is_no_object_or_nested_without_end_is_said_in_one_sentence(text: str | bytes) -> None:
    with pytest.raises(StoreError, match=r"^x\.json: its identity (is|has)"):
        parsed_object(text, "x.json: its identity")


@pytest.mark.parametrize(
    "content", [None, [], "a", {"a": 1}, {"a": None}, {"a": {}}, {"a": "x" * 1001}, {"a": "\x1b[2J"}]
)
def test_an_identity_is_flat_words_that_can_be_shown(content: object) -> None:
    with pytest.raises(StoreError, match="the identity"):
        identity_of(content)
    assert identity_of({"encoder": "compact"}) == {"encoder": "compact"}


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e308, True, "10", None])
def test_a_logit_scale_is_a_number_that_a_softmax_can_bear(scale: object) -> None:
    with pytest.raises(StoreError, match="lies between"):
        logit_scale_of(scale)


@pytest.mark.parametrize("path", ["laion.pt", "/etc/passwd", "../model.safetensors", "owner/name"])
@pytest.mark.parametrize("command", ["classify", "infer"])
def test_a_path_in_an_identity_is_never_opened_as_a_model(tmp_path: Path, path: str, command: str) -> None:
    named = {**identity(), "encoder": path}
    Path("laion.pt").write_bytes(b"not to be opened")
    archive(tmp_path / "e.npz", identity=np.asarray(json.dumps(named)))
    more = ["--labels", "siren,dog bark"] if command == "infer" else []
    result = atmda(command, "--embeddings", tmp_path / "e.npz", *more)
    assert result.exit_code == 1
    assert f"its encoder is {path}, that of --model" in result.stderr.replace(" compact is", " is")
    assert "torch.save" not in result.stderr and "Encoder: compact" in result.stderr


# archives


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"identity": np.asarray("[]")}, "its identity is no JSON object"),
        ({"identity": np.asarray("{")}, "its identity is not JSON"),
        ({"identity": np.asarray("[" * 100_000)}, "nested too deeply"),
        ({"identity": np.asarray('{"encoder": ["compact"]}')}, "holds something else than words"),
        ({"identity": np.asarray(["{}"])}, "its array identity is not a text"),
        ({"clips": CLIPS.reshape(2, 4)}, "its array clips is not a row of words"),
        ({"clips": CLIPS[:4]}, "do not fit 4 clips"),
        ({"labels": np.ones(8)}, "its array labels is not a row of words"),
        ({"folds": np.full(8, np.nan)}, "its array folds is not a row of whole numbers"),
        ({"folds": np.array(["one"] * 8)}, "its array folds is not a row of whole numbers"),
        ({"embeddings": np.ones((8, 4), complex)}, "not a NumPy archive of plain arrays"),
        ({"embeddings": np.ones(8)}, "its array embeddings is not rows of numbers"),
        ({"embeddings": np.full((8, 640), 1e30, np.float32)}, "holds values that are not numbers"),
        ({"embeddings": np.full((8, 640), 1e300)}, "holds values that are not numbers"),
        ({"logit_scale": np.asarray(np.nan)}, "its logit_scale is nan"),
        ({"logit_scale": np.ones(2)}, "its array logit_scale is not a number"),
        ({"classes": np.asarray([{}])}, "not a NumPy archive of plain arrays"),
    ],
)
def test_an_archive_says_which_array_is_not_what_it_should_be(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    path = archive(tmp_path / "e.npz", **changed)
    with pytest.raises(StoreError, match=words) as caught:
        read_embeddings(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"prototypes": np.full((2, 640), np.inf, np.float32)},
        {"prototypes": np.zeros((0, 640), np.float32), "labels": np.array([], str)},
        {"labels": LABELS[:1]},
        {"identity": np.asarray("[]")},
        {"logit_scale": np.asarray(1e308)},
        {"mode": np.asarray([1])},
    ],
)
def test_prototypes_that_cannot_be_are_refused_by_the_name_of_their_file(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    archive(tmp_path / "e.npz")
    path = prototypes(tmp_path / "p.npz", **changed)
    result = atmda("infer", "--embeddings", tmp_path / "e.npz", "--prototypes", path)
    assert result.exit_code == 1 and str(path) in result.stderr


def test_prototypes_of_a_class_without_a_clip_are_still_read(tmp_path: Path) -> None:
    P = embeddings()[:2]
    P[1] = np.nan
    assert np.isnan(KeptPrototypes.read(prototypes(tmp_path / "p.npz", prototypes=P)).P[1]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_text_embeddings_of_anything_but_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    np.savez(tmp_path / "t.npz", embeddings=np.full((2, 640), bad), labels=LABELS[:2])
    with pytest.raises(StoreError, match="not rows of finite numbers"):
        read_text_anchors(tmp_path / "t.npz")


def test_letters_that_unicode_does_not_have_are_refused(tmp_path: Path) -> None:
    clips = np.frombuffer(np.full(8, 0x7FFFFFFF, np.uint32).tobytes(), "<U1")
    with pytest.raises(StoreError, match="not a NumPy archive"):
        read_embeddings(archive(tmp_path / "e.npz", clips=clips))


def test_no_crafted_archive_ends_a_command_in_anything_but_a_sentence(tmp_path: Path) -> None:
    anchors = tmp_path / "t.npz"
    np.savez(anchors, embeddings=embeddings()[:2], labels=LABELS[:2])
    chance = random.Random(0)
    for _ in range(15):
        made_by = json.dumps(with_odd(identity(), chance))
        archive(tmp_path / "e.npz", identity=np.asarray(made_by))
        prototypes(tmp_path / "p.npz", identity=np.asarray(json.dumps(with_odd(identity(), chance))))
        atmda("classify", "--embeddings", tmp_path / "e.npz", "--text-embeddings", anchors)
        atmda("infer", "--embeddings", tmp_path / "e.npz", "--labels", "siren,dog bark", "--output", "o.csv")
        atmda("infer", "--embeddings", tmp_path / "e.npz", "--prototypes", tmp_path / "p.npz", "--output", "o.csv")


# bombs


def bomb(path: Path, size: int) -> Path:
    """An archive whose embeddings are `size` zeros, compressed a thousandfold, written without holding them."""
    clips = io.BytesIO()
    np.save(clips, CLIPS)
    header = io.BytesIO()
    about = {"descr": "<f4", "fortran_order": False, "shape": (8, size // 32)}
    np.lib.format.write_array_header_1_0(header, about)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("clips.npy", clips.getvalue())
        with file.open("embeddings.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for _ in range(size // (1 << 22)):
                member.write(bytes(1 << 22))
    return path


def test_an_archive_made_to_fill_the_memory_is_refused_with_its_numbers_before_it_does(tmp_path: Path) -> None:
    path = bomb(tmp_path / "e.npz", 1 << 29)
    assert path.stat().st_size < 1_000_000
    script = (
        "import resource, sys\n"
        "from atmda.cli import app\n"
        "import atmda.core.embeddings.formats\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"try: app(['infer', '--embeddings', {str(path)!r}, '--labels', 'a,b'])\n"
        "except SystemExit as error: code = error.code\n"
        "grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "sys.exit(code if grown < 100_000 else 99)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "bytes would unpack to 536,871,328, which no embeddings do" in ran.stderr


def test_an_archive_that_needs_more_memory_than_is_free_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "e.npz")
    monkeypatch.setattr("atmda.core.embeddings.archive.available_memory", lambda: 10_000)
    with pytest.raises(StoreError, match="bytes of memory, and 10,000 are free"):
        read_embeddings(path)


@pytest.mark.parametrize("dtype", ["<f4", "<U1", "<U0", "|V0"])
def test_an_array_that_claims_more_than_its_bytes_is_refused_before_memory_is_set_aside(
    tmp_path: Path, dtype: str
) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "e.npz", "w") as file:
        file.writestr("clips.npy", header.getvalue() + bytes(64))
        file.writestr("embeddings.npy", header.getvalue() + bytes(64))
    with pytest.raises(StoreError, match="not a NumPy archive"):
        read_embeddings(tmp_path / "e.npz")


def test_arrays_that_nobody_asked_for_are_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "e.npz", more=np.zeros(10), evil=np.asarray([{}], object))
    assert set(Archive.read(path, ("clips",), ("folds",)).arrays) == {"clips", "folds"}
    assert len(read_embeddings(path)) == 8


# checkpoints


def test_a_checkpoint_that_holds_itself_is_said_in_one_sentence(tmp_path: Path) -> None:
    value: dict[str, Any] = {}
    value["state_dict"] = value
    torch.save(value, tmp_path / "clap.pt")
    with pytest.raises(AtmdaError, match="holds no weights"):
        open_checkpoint(tmp_path / "clap.pt", [])


def test_a_crafted_checkpoint_header_is_said_in_one_sentence(tmp_path: Path) -> None:
    from clap_weights import small_weights

    content = save(small_weights())
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    for seed in range(150):
        text = json.dumps(with_odd(header, random.Random(seed))).encode()
        (tmp_path / "c.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
        with pytest.raises(AtmdaError, match=r"c\.safetensors"):
            open_checkpoint(tmp_path / "c.safetensors", [])


def test_a_checkpoint_without_a_block_in_its_audio_tower_is_said_in_one_sentence(tmp_path: Path) -> None:
    from clap_weights import small_weights

    for gone in ("audio_branch.layers.0.blocks.0.norm1.weight", "attn.qkv", "text_branch.encoder"):
        kept = {name: tensor for name, tensor in small_weights().items() if gone not in name}
        (tmp_path / "c.safetensors").write_bytes(save(kept))
        with pytest.raises(AtmdaError, match=r"c\.safetensors"):
            open_checkpoint(tmp_path / "c.safetensors", [])


# caches and what fetch keeps


def test_a_crafted_text_cache_costs_time_but_no_error(tmp_path: Path) -> None:
    cache = TextCache(tmp_path, {"weights": "a"}, 2)
    rows = [np.ones((2, 2)), np.ones((2, 3)), np.ones(2), np.full((2, 2), np.nan), np.ones((2, 2), object)]
    for seed in range(200):
        chance = random.Random(seed)
        prompts = json.dumps(with_odd(["dog", "siren"], chance)).encode()
        np.savez(cache.path, prompts=np.frombuffer(prompts, np.uint8), embeddings=chance.choice(rows))
        found = cache.embed(["siren"], lambda prompts: np.ones((len(prompts), 2), np.float32))
        assert found.shape == (1, 2) and np.isfinite(found).all()


def test_what_fetch_wrote_down_is_forgotten_where_it_cannot_be(tmp_path: Path) -> None:
    (tmp_path / ".fetch").mkdir()
    state = {"version": 1, "parts": {"a": {"files": {"x/1.wav": 3}, "sources": {"a.zip": "md5:ab"}}}}
    note = {"url": "http://x", "total": 4, "version": "e", "declared": "md5:ab"}
    index = {"clips": {"1": {"audio": ["a.wav", "ab"]}}, "metadata": {"m": ["m.csv", "cd"]}}
    for seed in range(300):
        chance = random.Random(seed)
        (tmp_path / ".fetch/state.json").write_text(json.dumps(with_odd(state, chance)))
        (tmp_path / "p.json").write_text(json.dumps(with_odd(note, chance)))
        for part in State.load(tmp_path).parts.values():
            part.whole(tmp_path)
        assert isinstance(read_note(tmp_path / "p").get("total", 0), int | None)
        if isinstance(changed := with_odd(index, chance), dict):
            assert all(".." not in name for name in index_entries(changed))
    (tmp_path / ".fetch/state.json").write_text("[" * 100_000)
    assert State.load(tmp_path).parts == {}


@pytest.mark.parametrize("name", ["../kept.wav", "/etc/passwd", "a/../../b", "c:\\x", "", "a\0b"])
def test_a_state_that_names_a_file_outside_its_folder_is_not_believed(tmp_path: Path, name: str) -> None:
    (tmp_path / ".fetch").mkdir()
    parts = {"a": {"files": {name: 3}, "sources": {}}}
    (tmp_path / ".fetch/state.json").write_text(json.dumps({"parts": parts}))
    assert State.load(tmp_path).parts == {}


# temperatures


@pytest.mark.parametrize("temperature", ["nan", "inf", "1e308", "-1e308", "1001"])
def test_a_temperature_that_no_score_survives_is_refused(tmp_path: Path, temperature: str) -> None:
    path = archive(tmp_path / "e.npz")
    audio = ["--mode", "sv", "--modality", "audio", "--bg-embeddings", path]
    result = atmda("classify", "--embeddings", path, *audio, "--temperature", f"0.5,{temperature}")
    assert result.exit_code == 2 and f"--temperature {temperature}" in result.stderr
    result = atmda("infer", "--embeddings", path, "--labels", "a,b", "--modality", "text", "--bg-type", "park")
    assert result.exit_code == 0
    result = atmda("infer", "--embeddings", path, "--labels", "a,b", f"--temperature={temperature}")
    assert result.exit_code == 2 and f"--temperature {temperature}" in result.stderr
    with pytest.raises(ValueError, match="between -1,000 and 1,000"):
        adapt(np.ones((1, 2)), np.ones(2), float(temperature))


def test_no_confidence_is_nan_at_the_bounds_of_everything(tmp_path: Path) -> None:
    path = archive(tmp_path / "e.npz", embeddings=embeddings() * np.float32(0.99e15))
    flags = ["--mode", "zs,sv", "--modality", "audio", "--bg-embeddings", path, "--temperature", "-1000,1000"]
    np.savez(tmp_path / "t.npz", embeddings=embeddings()[:2] * np.float32(0.99e15), labels=LABELS[:2])
    more = ["--text-embeddings", tmp_path / "t.npz", "--logit-scale", "1e6", "--save-results", tmp_path / "out"]
    assert atmda("classify", "--embeddings", path, *flags, *more).exit_code == 0
    header, *lines = (tmp_path / "out/predictions.csv").read_text().splitlines()
    columns = [k for k, name in enumerate(header.split(",")) if name.endswith("probability")]
    assert len(columns) == 4  # a cell that is not a number is empty
    assert all(0 <= float(line.split(",")[column]) <= 1 for line in lines for column in columns)
    assert np.isfinite(probabilities(np.array([[1e33, -1e33]], np.float32), 1e6)).all()


def test_the_bounds_hold_for_calls_from_python() -> None:
    for model in (InferSettings, ClassifySettings):
        with pytest.raises(AtmdaError, match="less than or equal to 1000"):
            make_settings(model, {"temperature": 1e308})
    with pytest.raises(AtmdaError, match="less than or equal to 1000000"):
        make_settings(ClassifySettings, {"logit_scale": 1e308})
