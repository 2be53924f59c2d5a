"""LAION-CLAP against figures made with the official package, on weights rebuilt by their recipe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from clap_weights import golden_weights, recipe_tensor

from atmda.core.audio import open_audio
from atmda.core.encoders import load_encoder
from atmda.core.encoders.clap.architecture import architecture
from atmda.core.encoders.clap.checkpoint import Checkpoint
from atmda.core.encoders.clap.encoder import ClapEncoder
from atmda.core.encoders.clap.precision import available_precisions
from atmda.core.encoders.clap.text_tower import TextTower

DATA = Path(os.environ.get("ATMDA_TEST_DATA", ""))
GOLDEN = DATA / "golden" / "laion_clap_fusion.npz"

pytestmark = pytest.mark.skipif(
    not os.environ.get("ATMDA_TEST_DATA") or not GOLDEN.is_file(), reason="ATMDA_TEST_DATA has no golden figures"
)


needs_bf16 = pytest.mark.skipif(
    "bf16" not in available_precisions(torch.device("cpu")), reason="no bf16 arithmetic here"
)


def reference_crops(seed: int, digest: bytes) -> Callable[[range], int]:
    """The reference drew its crops from numpy's global generator, seeded with 0 before each clip."""
    return np.random.RandomState(0).choice


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    # the audio tower and the shapes of the text tower: drawing all of it takes four times as long
    weights = golden_weights(
        GOLDEN.with_name("state_keys.json"), lambda key: not key.startswith(("text_branch.encoder", "text_branch.emb"))
    )
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    shapes["text_branch.embeddings.word_embeddings.weight"] = (50265, 768)
    shapes["text_branch.embeddings.token_type_embeddings.weight"] = (1, 768)
    return Checkpoint(weights, architecture(shapes, "recipe"), "0" * 64, GOLDEN)


@pytest.fixture(scope="module")
def encoder(checkpoint: Checkpoint) -> ClapEncoder:
    return ClapEncoder(checkpoint, long="fusion", crops=reference_crops)


def recordings(golden: dict[str, np.ndarray]) -> Iterator[tuple[Path, np.ndarray]]:
    for name, vector in zip(golden["names"], golden["audio"], strict=True):
        yield GOLDEN.parent / f"{name}.wav", vector
    found = {path.name: path for path in (DATA / "data" / "demo").rglob("*.wav")}
    for name, vector in zip(golden["demo_names"], golden["demo_audio"], strict=True):
        yield found[str(name)], vector


def test_all_thirty_recordings_agree_with_the_official_package(
    encoder: ClapEncoder, golden: dict[str, np.ndarray]
) -> None:
    paths, vectors = zip(*recordings(golden), strict=True)
    assert len(paths) == 30
    found = encoder.embed_audio(paths, num_workers=2)
    assert np.abs(found - np.stack(vectors)).max() < 1e-6  # 1e-5 is a pass


def test_the_four_texts_agree_with_the_official_package(golden: dict[str, np.ndarray]) -> None:
    weights = golden_weights(GOLDEN.with_name("state_keys.json"), lambda key: key.startswith("text_"))
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    shapes["audio_branch.patch_embed.proj.weight"] = (96, 1, 4, 4)
    shapes["relative_position_bias_table"] = (225, 4)
    tower = TextTower(weights, architecture(shapes, "recipe"), torch.device("cpu"), torch.float32)
    masks = golden["text_attention_mask"].sum(1)
    ids = [row[:length].tolist() for row, length in zip(golden["text_input_ids"], masks, strict=True)]
    together = tower(ids).numpy()
    assert np.abs(together - golden["text"]).max() < 1e-6
    for place, sentence in enumerate(ids):
        assert np.array_equal(tower([sentence]).numpy()[0], together[place])


@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=needs_bf16)])
def test_a_recording_has_the_same_vector_alone_and_in_any_batch(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    encoder = ClapEncoder(checkpoint, long="fusion", precision=precision)
    paths = [path for path, _ in recordings(golden)][5:8]  # two fused ones among them
    together = encoder.embed_audio(paths)
    assert np.array_equal(encoder.embed_audio(paths[::-1], batch_size=2, num_workers=2)[::-1], together)
    assert np.array_equal(encoder.embed_audio(paths[2:3])[0], together[2])
    # outside the engine torch may use its own threads within a product
    features = [next(encoder.features(open_audio(path))) for path in paths]
    assert np.array_equal(encoder.encode(features), together)


@needs_bf16
def test_bf16_keeps_the_direction_of_all_thirty_recordings(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray]
) -> None:
    encoder = ClapEncoder(checkpoint, precision="bf16", long="fusion", crops=reference_crops)
    paths, vectors = zip(*recordings(golden), strict=True)
    cosines = (encoder.embed_audio(paths, num_workers=2) * np.stack(vectors)).sum(1)
    assert cosines.min() > 0.9999
    assert cosines.min() < 0.9999999  # it did run in bf16


@pytest.mark.slow
def test_the_official_package_itself_behind_its_adapter_agrees_where_it_is_installed(
    golden: dict[str, np.ndarray], tmp_path: Path
) -> None:
    """Needs roberta-base in the Hugging Face cache; with HF_HUB_OFFLINE=1 any files of its shapes will do."""
    if find_spec("laion_clap") is None:
        pytest.skip("the official package is not installed here")
    import laion_clap

    state = laion_clap.CLAP_Module(enable_fusion=True, device="cpu").model.state_dict()
    for key, tensor in golden_weights(GOLDEN.with_name("state_keys.json"), lambda key: True).items():
        state[key] = tensor.reshape(state[key].shape)
    state["text_branch.embeddings.position_ids"] = torch.arange(514)[None]  # as the published files hold it
    folder = tmp_path / "models" / "laion-clap"
    folder.mkdir(parents=True)
    torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, folder / "clap.pt")
    reference = load_encoder("laion-clap-reference", data_dir=tmp_path)
    paths, vectors = zip(*recordings(golden), strict=True)
    assert np.abs(reference.embed_audio(paths) - np.stack(vectors)).max() < 1e-6
    one, two = (
        reference.embed_text(["This is a sound of siren"]),
        reference.embed_text(["This is a sound of siren", "a"]),
    )
    assert np.abs(one[0] - two[0]).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(("audio", "fused"), [("HTSAT-base", False), ("HTSAT-tiny", False), ("HTSAT-base", True)])
def test_the_other_architectures_agree_with_the_official_package_where_it_is_installed(
    tmp_path: Path, audio: str, fused: bool
) -> None:
    """Needs roberta-base in the Hugging Face cache, as above."""
    if find_spec("laion_clap") is None:
        pytest.skip("the official package is not installed here")
    import laion_clap

    module = laion_clap.CLAP_Module(enable_fusion=fused, device="cpu", amodel=audio)
    state = module.model.state_dict()  # shares memory with the model
    for key, tensor in state.items():
        if key.endswith(("relative_position_bias_table", "bn0.running_mean", "bn0.running_var")):
            tensor.copy_(recipe_tensor(key, tuple(tensor.shape), audio))
    path = tmp_path / "clap.pt"
    torch.save({"state_dict": {f"module.{key}": tensor for key, tensor in state.items()}}, path)
    encoder = load_encoder(str(path), data_dir=tmp_path)
    assert encoder.about.startswith(f"{path}: {audio}, {'fusion' if fused else 'not fusion'};")
    files = [file for file in sorted((DATA / "data" / "demo").rglob("*.wav")) if open_audio(file).seconds <= 10][:6]
    theirs = np.concatenate([module.get_audio_embedding_from_filelist([str(file)]) for file in files])
    assert np.abs(encoder.embed_audio(files) - theirs).max() < 1e-5
    prompts = ["This is a sound of siren", "rain in a park"]
    assert np.abs(encoder.embed_text(prompts) - module.get_text_embedding(prompts)).max() < 1e-5
