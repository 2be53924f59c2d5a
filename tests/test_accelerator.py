"""LAION-CLAP on whatever accelerator this machine has, held to the same figures as on the CPU."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from clap_weights import golden_weights

from atmda.core.audio import open_audio
from atmda.core.encoders.clap.architecture import architecture
from atmda.core.encoders.clap.checkpoint import Checkpoint
from atmda.core.encoders.clap.encoder import ClapEncoder
from atmda.core.encoders.clap.precision import available_precisions
from atmda.core.encoders.clap.text_tower import TextTower

DEVICE = next(
    (torch.device(name) for name, there in (("cuda", torch.cuda), ("mps", torch.backends.mps)) if there.is_available()),
    None,
)
DATA = Path(os.environ.get("ATMDA_TEST_DATA", ""))
GOLDEN = DATA / "golden" / "laion_clap_fusion.npz"
#: largest difference from the official package's numbers, and least cosine with them
BOUNDS = {"fp32": (1e-5, 0.999999), "fp16": (0.01, 0.9999), "bf16": (0.02, 0.9999)}

pytestmark = [
    pytest.mark.skipif(DEVICE is None, reason="there is no accelerator here"),
    pytest.mark.skipif(not GOLDEN.is_file(), reason="ATMDA_TEST_DATA has no golden figures"),
]
PRECISIONS = available_precisions(DEVICE or torch.device("cpu"))


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    weights = golden_weights(GOLDEN.with_name("state_keys.json"), lambda key: True)
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    return Checkpoint(weights, architecture(shapes, "recipe"), "0" * 64, GOLDEN)


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as file:
        return dict(file)


def made(checkpoint: Checkpoint, precision: str) -> ClapEncoder:
    def reference_crops(seed: int, digest: bytes):  # type: ignore[no-untyped-def]
        return np.random.RandomState(0).choice

    return ClapEncoder(checkpoint, device=DEVICE, precision=precision, long="fusion", crops=reference_crops)


def paths(golden: dict[str, np.ndarray]) -> list[Path]:
    shown = {path.name: path for path in (DATA / "data" / "demo").rglob("*.wav")}
    golden_clips = [GOLDEN.parent / f"{name}.wav" for name in golden["names"]]
    return [*golden_clips, *(shown[str(name)] for name in golden["demo_names"])]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_all_recordings_agree_with_the_official_package(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    wanted = np.concatenate([golden["audio"], golden["demo_audio"]])
    found = made(checkpoint, precision).embed_audio(paths(golden))
    apart, like = BOUNDS[precision]
    assert np.abs(found - wanted).max() < apart
    assert (found * wanted).sum(1).min() > like


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_texts_agree_with_the_official_package(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    encoder = made(checkpoint, precision)
    tower = TextTower(checkpoint.weights, checkpoint.arch, encoder.device, encoder._dtype)
    lengths = golden["text_attention_mask"].sum(1)
    ids = [row[:length].tolist() for row, length in zip(golden["text_input_ids"], lengths, strict=True)]
    assert (tower(ids).numpy() * golden["text"]).sum(1).min() > BOUNDS[precision][1]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_run_gives_the_same_bits_as_the_one_before(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    encoder, some = made(checkpoint, precision), paths(golden)[:6]
    assert np.array_equal(encoder.embed_audio(some), encoder.embed_audio(some))


def test_memory_that_runs_out_halves_the_batch_and_changes_nothing_but_that(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray]
) -> None:
    if DEVICE is None or DEVICE.type != "cuda":
        pytest.skip("only CUDA says that its memory has run out")
    encoder = made(checkpoint, "fp32")
    features = [next(encoder.features(open_audio(path))) for path in paths(golden)[:6]]
    usual = encoder.encode(features)
    free, _ = torch.cuda.mem_get_info(DEVICE)
    held = torch.empty(max(free - (400 << 20), 0), dtype=torch.uint8, device=DEVICE)  # leaves too little for six clips
    try:
        found = encoder.encode(features)
    finally:
        del held
        torch.cuda.empty_cache()
    assert np.abs(found - usual).max() < 1e-5
