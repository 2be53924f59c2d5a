"""LAION-CLAP on whatever accelerator this machine has, held to the same figures as on the CPU.

Where there is none, the CPU takes the accelerator's way through the audio tower (all clips of a batch at once), so that
what is not the hardware's own is tested everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from clap_weights import golden_weights

from atmda.core.audio import open_audio
from atmda.core.encoders.clap.architecture import architecture
from atmda.core.encoders.clap.audio_tower import AudioTower
from atmda.core.encoders.clap.checkpoint import Checkpoint
from atmda.core.encoders.clap.encoder import ClapEncoder
from atmda.core.encoders.clap.precision import available_precisions
from atmda.core.encoders.clap.text_tower import TextTower

CPU = torch.device("cpu")
DEVICE = next(
    (torch.device(name) for name, there in (("cuda", torch.cuda), ("mps", torch.backends.mps)) if there.is_available()),
    CPU,
)
DATA = Path(os.environ.get("ATMDA_TEST_DATA", ""))
GOLDEN = DATA / "golden" / "laion_clap_fusion.npz"
#: largest difference from the official package's numbers, and least cosine with them
BOUNDS = {"fp32": (1e-5, 0.999999), "fp16": (0.01, 0.9999), "bf16": (0.02, 0.9999)}
PRECISIONS = available_precisions(DEVICE)
BATCH = 32

pytestmark = pytest.mark.skipif(
    not os.environ.get("ATMDA_TEST_DATA") or not GOLDEN.is_file(), reason="ATMDA_TEST_DATA has no golden figures"
)
needs_accelerator = pytest.mark.skipif(DEVICE == CPU, reason="there is no accelerator here")


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    weights = golden_weights(GOLDEN.with_name("state_keys.json"), lambda key: DEVICE != CPU or "text_b" not in key)
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    shapes["text_branch.embeddings.word_embeddings.weight"] = (50265, 768)
    shapes["text_branch.embeddings.token_type_embeddings.weight"] = (1, 768)
    return Checkpoint(weights, architecture(shapes, "recipe"), "0" * 64, GOLDEN)


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as file:
        return dict(file)


def reference_crops(seed: int, digest: bytes) -> Callable[[range], int]:
    return np.random.RandomState(0).choice


def made(checkpoint: Checkpoint, precision: str) -> ClapEncoder:
    encoder = ClapEncoder(checkpoint, device=DEVICE, precision=precision, long="fusion", crops=reference_crops)
    if DEVICE == CPU:
        encoder._audio = AudioTower(checkpoint.weights, checkpoint.arch, DEVICE, encoder._dtype, wide=True)
    return encoder


def paths(golden: dict[str, np.ndarray]) -> list[Path]:
    """The recordings of the golden figures; where there is no accelerator, the first eight, some of them fused."""
    shown = {path.name: path for path in (DATA / "data" / "demo").rglob("*.wav")}
    made_up = [GOLDEN.parent / f"{name}.wav" for name in golden["names"]]
    return made_up if DEVICE == CPU else [*made_up, *(shown[str(name)] for name in golden["demo_names"])]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_recordings_agree_with_the_official_package(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    found = made(checkpoint, precision).embed_audio(paths(golden), num_workers=1)
    wanted = np.concatenate([golden["audio"], golden["demo_audio"]])[: len(found)]
    apart, like = BOUNDS[precision]
    assert np.abs(found - wanted).max() < apart
    assert (found * wanted).sum(1).min() > like


@needs_accelerator
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_texts_agree_with_the_official_package_and_have_the_same_bits_alone(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    tower = TextTower(checkpoint.weights, checkpoint.arch, DEVICE, made(checkpoint, precision)._dtype)
    lengths = golden["text_attention_mask"].sum(1)
    ids = [row[:length].tolist() for row, length in zip(golden["text_input_ids"], lengths, strict=True)]
    together = tower(ids)
    assert (together.numpy() * golden["text"]).sum(1).min() > BOUNDS[precision][1]
    assert all(torch.equal(tower([each])[0], vector) for each, vector in zip(ids, together, strict=True))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_run_gives_the_same_bits_as_the_one_before(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray], precision: str
) -> None:
    encoder, some = made(checkpoint, precision), paths(golden)[5:8]
    assert np.array_equal(encoder.embed_audio(some, num_workers=1), encoder.embed_audio(some, num_workers=2))


def test_a_recording_alone_is_what_it_is_in_a_batch(checkpoint: Checkpoint, golden: dict[str, np.ndarray]) -> None:
    """But for the last bits: an accelerator's products have as many rows as a batch has."""
    encoder, some = made(checkpoint, "fp32"), paths(golden)[5:8]
    alone = np.concatenate([encoder.embed_audio([path], num_workers=1) for path in some])
    assert np.abs(encoder.embed_audio(some, num_workers=1) - alone).max() < 1e-6


def test_memory_that_runs_out_halves_the_batch_and_changes_nothing_but_that(
    checkpoint: Checkpoint, golden: dict[str, np.ndarray]
) -> None:
    """Real memory; what is told of a lack of it is made up in test_clap_encoder.py, which runs everywhere."""
    if DEVICE.type != "cuda":
        pytest.skip("only CUDA can be given less memory than it has, and tells how much was needed")
    encoder = made(checkpoint, "fp32")
    features = [next(encoder.features(open_audio(paths(golden)[0])))] * BATCH

    def needed(count: int) -> int:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(DEVICE)
        encoder.encode(features[:count])
        return torch.cuda.max_memory_allocated(DEVICE)

    few, many = needed(1), needed(BATCH)
    usual = encoder.encode(features)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(DEVICE).total_memory
    torch.cuda.set_per_process_memory_fraction((few + many) / 2 / total, DEVICE)
    try:
        found = encoder.encode(features)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, DEVICE)
    assert encoder._fits < BATCH
    assert np.abs(found - usual).max() < 1e-5
