"""Checkpoints of LAION-CLAP: every kind of file loads, nothing in one is ever run, what cannot be used is named."""

from __future__ import annotations

import collections
import io
import json
import os
import pickle
import stat
import sys
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from clap_weights import SMALL, small_weights
from torch import Tensor

from atmda.core.encoders import EncoderRequest, load_encoder, resolve
from atmda.core.encoders.clap.architecture import Architecture, architecture
from atmda.core.encoders.clap.checkpoint import open_checkpoint, read_record
from atmda.core.encoders.clap.find import checkpoints_in, find_checkpoint
from atmda.core.encoders.clap.shapes import needed
from atmda.core.encoders.clap.text_tower import TextTower
from atmda.core.fingerprint import digest
from atmda.errors import AtmdaError, SettingsError

WEIGHTS = small_weights()


def official(weights: dict[str, Tensor] = WEIGHTS, prefix: str = "module.") -> dict[str, Any]:
    """What the official training script saves."""
    state = collections.OrderedDict((prefix + key, tensor) for key, tensor in weights.items())
    state[prefix + "text_branch.embeddings.position_ids"] = torch.arange(514).expand(1, -1)
    state._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]
    optimizer = {"state": {0: {"step": 3, "exp_avg": torch.zeros(7)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    return {"epoch": 45, "name": "fusion", "state_dict": state, "optimizer": optimizer}


def same_weights(path: Path, caches: list[Path] | None = None) -> None:
    checkpoint = open_checkpoint(path, caches or [])
    assert checkpoint.arch == SMALL
    for name, tensor in WEIGHTS.items():
        assert torch.equal(checkpoint.weights[name], tensor), name


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_official_pickles_of_both_formats_and_protocols_load(tmp_path: Path, zipped: bool, protocol: int) -> None:
    path = tmp_path / "clap.pt"
    torch.save(official(), path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    same_weights(path)


@pytest.mark.parametrize("scalar", [np.float64(0.93), np.float32(0.1), np.int64(7), np.array([1.0, 2.0])])
def test_numpy_numbers_left_by_a_training_loop_do_not_matter(tmp_path: Path, scalar: Any) -> None:
    path = tmp_path / "clap.pt"
    torch.save(official() | {"best": {"accuracy": scalar}}, path, pickle_protocol=4)
    same_weights(path)


def test_a_bare_state_dict_without_module_position_ids_or_optimizer_loads(tmp_path: Path) -> None:
    path = tmp_path / "clap.pt"
    torch.save(WEIGHTS, path)
    same_weights(path)


def test_half_precision_views_and_parameters_load_as_float32(tmp_path: Path) -> None:
    path = tmp_path / "clap.pt"
    odd = {key: torch.nn.Parameter(tensor) for key, tensor in WEIGHTS.items()}
    key = "audio_projection.0.weight"
    odd[key] = torch.nn.Parameter(WEIGHTS[key].T.contiguous().T)  # not contiguous in its storage
    torch.save(odd, path)
    same_weights(path)
    torch.save({key: tensor.half() for key, tensor in WEIGHTS.items()}, tmp_path / "half.pt")
    found = open_checkpoint(tmp_path / "half.pt", []).weights[key]
    assert found.dtype == torch.float32
    assert torch.equal(found, WEIGHTS[key].half().float())


class Payload:
    """Pickles into a call of `function`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.wish = function, arguments

    def __reduce__(self) -> Any:
        return self.wish


@pytest.mark.parametrize("place", ["top", "state", "optimizer"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_malicious_checkpoint_is_refused_and_runs_nothing(tmp_path: Path, place: str, zipped: bool) -> None:
    trace = tmp_path / "trace"
    bad = Payload(os.mkdir, str(trace))
    saved = official()
    if place == "state":
        saved["state_dict"]["module.audio_branch.bn0.weight"] = bad
    else:
        saved["optimizer" if place == "optimizer" else "epoch"] = bad
    path = tmp_path / "clap.pt"
    torch.save(saved, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(AtmdaError, match=r"asks to run (posix|nt)\.mkdir"):
        open_checkpoint(path, [])
    assert not trace.exists()
    assert not list(tmp_path.glob("*.safetensors"))


@pytest.mark.parametrize(
    "wish",
    [
        Payload(eval, "open('trace', 'w')"),
        Payload(getattr, "x", "join"),
        Payload(__import__, "os"),
        Payload(torch.load, "other.pt"),
        Payload(np.load, "other.npy"),
        Payload(torch.hub.load, "owner/name", "model"),
    ],
    ids=lambda wish: wish.wish[0].__name__,
)
def test_even_torch_and_numpy_functions_are_refused(tmp_path: Path, wish: Payload) -> None:
    path = tmp_path / "clap.pt"
    torch.save(official() | {"name": wish}, path, pickle_protocol=2)
    with pytest.raises(AtmdaError, match="asks to run"):
        open_checkpoint(path, [])


def test_a_tensor_that_reaches_outside_its_storage_is_refused(tmp_path: Path) -> None:
    class Liar(pickle.Pickler):
        def persistent_id(self, item: Any) -> Any:
            return ("storage", torch.FloatStorage, "0", "cpu", 4) if isinstance(item, torch.UntypedStorage) else None

        def reducer_override(self, item: Any) -> Any:
            if not isinstance(item, Tensor):
                return NotImplemented
            storage, size, stride = torch.zeros(4).untyped_storage(), tuple(item.shape), item.stride()
            return torch._utils._rebuild_tensor_v2, (storage, 1 << 40, size, stride, False, {})

    raw = io.BytesIO()
    Liar(raw, 2).dump(WEIGHTS)
    path = tmp_path / "clap.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("clap/data.pkl", raw.getvalue())
        archive.writestr("clap/data/0", bytes(16))
    with pytest.raises(AtmdaError, match="outside its storage"):
        open_checkpoint(path, [])
    assert not list(tmp_path.glob("*.safetensors*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"", "damaged or incomplete"),
        (b"PK\x03\x04 and nothing more", "damaged or incomplete"),
        (b"\x80\x02}q\x00.", "damaged or incomplete"),
        (bytes(range(256)) * 4, "damaged or incomplete"),
        (b"\x80\x02" + bytes(range(256)) * 4, "damaged or incomplete"),
    ],
)
def test_what_is_no_checkpoint_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "clap.pt"
    path.write_bytes(content)
    with pytest.raises(AtmdaError, match=said) as caught:
        open_checkpoint(path, [])
    assert str(path) in caught.value.message


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_checkpoint_cut_in_half_is_named(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "clap.pt"
    torch.save(official(), path, _use_new_zipfile_serialization=zipped)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(AtmdaError, match="damaged or incomplete"):
        open_checkpoint(path, [])


def test_a_pickle_is_converted_once_and_the_record_names_its_source(tmp_path: Path) -> None:
    path = tmp_path / "clap.pt"
    torch.save(official(), path)
    sha = digest(path)
    first = open_checkpoint(path, [])
    target = path.with_suffix(".safetensors")
    made = target.stat().st_mtime_ns
    assert first.sha256 == sha
    assert json.loads(Path(f"{target}.json").read_text())["sha256"] == sha
    os.utime(path, ns=(1, 1))  # copied elsewhere and back: another date, the same bytes
    assert open_checkpoint(path, []).sha256 == sha
    assert target.stat().st_mtime_ns == made
    assert open_checkpoint(target, []).sha256 == sha  # the converted file alone knows its source
    assert sorted(file.name for file in tmp_path.iterdir()) == ["clap.pt", "clap.safetensors", "clap.safetensors.json"]


def test_a_changed_source_is_converted_again(tmp_path: Path) -> None:
    path = tmp_path / "clap.pt"
    torch.save(official(), path)
    before = open_checkpoint(path, []).sha256
    torch.save(official(WEIGHTS | {"logit_scale_a": torch.tensor(3.0)}), path)
    after = open_checkpoint(path, [])
    assert after.sha256 != before
    assert after.weights["logit_scale_a"] == 3.0


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bit")
def test_a_read_only_folder_sends_the_conversion_to_a_cache(tmp_path: Path) -> None:
    folder, cache = tmp_path / "weights", tmp_path / "cache"
    folder.mkdir()
    path = folder / "clap.pt"
    torch.save(official(), path)
    if os.geteuid() == 0:  # root writes anywhere: a folder where the target should be stands for one that may not
        path.with_suffix(".safetensors").mkdir()
    else:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        same_weights(path, [cache])
        converted = list(cache.glob("clap-*.safetensors"))
        assert len(converted) == 1
        record = read_record(converted[0])
        assert record is not None
        assert record.sha256 == digest(path)
        same_weights(path, [cache])
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"audio_branch.conv_block1.conv1.weight": (64, 1, 3, 3)}, "has a PANN audio tower, not HTSAT"),
        ({"caption_encoder.base.weight": (2, 2)}, "is Microsoft CLAP"),
        ({"visual.conv1.weight": (2, 2)}, "is CLIP"),
        ({"text_branch.resblocks.0.attn.in_proj_weight": (2, 2)}, "a text tower other than RoBERTa"),
        ({"audio_branch.mel_conv1d.0.weight": (64, 64, 5)}, "in another way than aff_2d"),
        ({"text_branch.embeddings.token_type_embeddings.weight": (2, 64)}, "has a BERT text tower"),
    ],
)
def test_a_wrong_architecture_is_named_in_a_sentence(
    tmp_path: Path, change: dict[str, tuple[int, ...]], said: str
) -> None:
    path = tmp_path / "clap.pt"
    torch.save(WEIGHTS | {name: torch.zeros(shape) for name, shape in change.items()}, path)
    with pytest.raises(AtmdaError, match=said) as caught:
        open_checkpoint(path, [])
    assert len(caught.value.message) < 250


def test_weights_of_something_else_are_no_laion_clap(tmp_path: Path) -> None:
    torch.save({"encoder.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(AtmdaError, match="is no LAION-CLAP"):
        open_checkpoint(tmp_path / "other.pt", [])


def test_missing_tensors_are_counted_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "clap.pt"
    torch.save({key: value for key, value in WEIGHTS.items() if "text_projection" not in key}, path)
    with pytest.raises(AtmdaError, match=r"lacks 4 of \d+ tensors, text_projection"):
        open_checkpoint(path, [])


def test_fusion_asked_of_a_checkpoint_without_it_says_what_it_is(tmp_path: Path) -> None:
    plain = replace(SMALL, fused=False)
    torch.save(official(small_weights(plain)), tmp_path / "clap.pt")
    with pytest.raises(SettingsError, match="this checkpoint is HTSAT of width 16, not fusion"):
        load_encoder(str(tmp_path / "clap.pt"), long="fusion", data_dir=tmp_path)
    encoder = load_encoder(str(tmp_path / "clap.pt"), data_dir=tmp_path)
    assert encoder.embed_audio([(np.zeros(4800), 48000)]).shape == (1, 512)


@pytest.mark.parametrize(
    ("dim", "depths", "fused", "name"),
    [
        (96, (2, 2, 6, 2), True, "HTSAT-tiny, fusion"),
        (96, (2, 2, 6, 2), False, "HTSAT-tiny, not fusion"),
        (128, (2, 2, 12, 2), False, "HTSAT-base, not fusion"),
    ],
)
def test_official_architectures_are_told_from_shapes_alone(
    dim: int, depths: tuple[int, ...], fused: bool, name: str
) -> None:
    arch = Architecture(dim, depths, (4, 8, 16, 32), fused, text_layers=12, text_heads=12, vocabulary=50265)
    assert architecture(needed(arch), "x") == arch
    assert arch.name == name


def test_laion_clap_means_what_was_fetched_the_methods_own_checkpoint_first(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "laion-clap"
    folder.mkdir(parents=True)
    for name in ("630k-best", "630k-audioset-fusion-best", "another"):
        torch.save(official(), folder / f"{name}.pt")
    same_weights(folder / "630k-audioset-fusion-best.pt")
    assert find_checkpoint("laion-clap", tmp_path / "models") == folder / "630k-audioset-fusion-best.pt"
    assert len(checkpoints_in(folder)) == 3  # the converted copy is no checkpoint of its own
    (folder / "630k-audioset-fusion-best.pt").unlink()
    assert find_checkpoint("laion-clap", tmp_path / "models").name == "630k-audioset-fusion-best.safetensors"


def test_nothing_fetched_is_an_error_with_the_command_that_fetches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(AtmdaError, match="no checkpoint of laion-clap") as caught:
        load_encoder("laion-clap", data_dir=tmp_path)
    assert "atmda fetch laion-clap" in caught.value.hint


def test_a_repository_in_the_local_hub_cache_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    snapshot = tmp_path / "hub" / "models--laion--clap-htsat-fused" / "snapshots" / "abc"
    blobs = snapshot.parent.parent / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    torch.save(official(), blobs / "pickled")
    (snapshot / "pytorch_model.bin").symlink_to(blobs / "pickled")
    request = EncoderRequest("laion/clap-htsat-fused", data_dir=tmp_path)
    assert resolve(request) == "laion-clap"
    assert find_checkpoint(request.model, request.models_dir) == snapshot / "pytorch_model.bin"
    load_encoder(request.model, data_dir=tmp_path)
    assert len(list(blobs.iterdir())) == len(list(snapshot.iterdir())) == 1  # the cache is not written to


@pytest.mark.slow  # transformers takes seconds to import
def test_huggingface_safetensors_load_and_agree_with_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(1)
    config = transformers.ClapConfig(
        audio_config={
            "enable_fusion": True,
            "fusion_type": "aff_2d",
            "patch_embeds_hidden_size": 16,
            "hidden_size": 128,
            "num_attention_heads": [1, 2, 4, 8],
            "depths": [2, 2, 2, 2],
        },
        text_config={
            "vocab_size": 300,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 1,
            "intermediate_size": 256,
            "layer_norm_eps": 1e-5,
        },
    )
    model = transformers.ClapModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
        model.audio_model.audio_encoder.batch_norm.running_mean.normal_()
    model.save_pretrained(tmp_path)
    encoder: Any = load_encoder(str(tmp_path), data_dir=tmp_path, long="fusion")
    assert encoder.identity["weights_sha256"] == digest(tmp_path / "model.safetensors")
    generator = torch.Generator().manual_seed(0)
    mels = torch.randn(3, 4, 1001, 64, generator=generator) * 20 - 40
    fused = torch.tensor([[True], [False], [True]])
    ids = torch.randint(3, 300, (2, 12), generator=generator)
    with torch.inference_mode():
        audio = model.audio_projection(model.audio_model(input_features=mels, is_longer=fused).pooler_output)
        text = model.text_projection(model.text_model(input_ids=ids).pooler_output)
    found = encoder.encode([mel.numpy() if long else mel[0].numpy() for mel, long in zip(mels, fused, strict=True)])
    assert np.abs(found - torch.nn.functional.normalize(audio, dim=-1).numpy()).max() < 1e-6
    weights = open_checkpoint(tmp_path / "model.safetensors", []).weights
    tower = TextTower(weights, SMALL, torch.device("cpu"), torch.float32)
    assert torch.allclose(tower(ids.tolist()), torch.nn.functional.normalize(text, dim=-1), atol=1e-6)


def test_the_official_package_is_asked_for_in_one_sentence_where_it_is_missing(tmp_path: Path) -> None:
    if find_spec("laion_clap") is not None:
        pytest.skip("the official package is installed here")
    with pytest.raises(AtmdaError, match="laion-clap-reference needs laion-clap") as caught:
        load_encoder("laion-clap-reference", data_dir=tmp_path)
    assert "pip install" in caught.value.hint


def test_why_the_official_package_cannot_be_imported_is_one_sentence_though_its_error_is_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, site = tmp_path / "models" / "laion-clap", tmp_path / "site"
    folder.mkdir(parents=True)
    site.mkdir()
    torch.save(small_weights(), folder / "clap.pt")
    for name in ("torchvision", "torchaudio", "librosa"):
        (site / f"{name}.py").touch()
    error = "\\n it wants protobuf.\\nRead the instructions\\non a page.\\n"
    (site / "laion_clap.py").write_text(f"raise ImportError('{error}')")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "laion_clap", raising=False)
    with pytest.raises(AtmdaError) as caught:
        load_encoder("laion-clap-reference", data_dir=tmp_path)
    assert str(caught.value).startswith("The laion-clap package cannot be imported (it wants protobuf.).")
    assert "Read the instructions" not in str(caught.value)
