"""atmda as a model of mteb: what mteb is given is what `embed` stores. mteb itself is not needed for that."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from mteb_adapter import AtmdaModel

RATE = 16_000


def test_recordings_and_sentences_in_batches_become_the_encoders_own_embeddings():
    model = AtmdaModel("atmda/spectral")
    waves = [np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype(np.float32) for hz in (200, 700, 1500)]
    decoded = SimpleNamespace(data=torch.from_numpy(waves[2])[None], sample_rate=RATE)  # as datasets 4 decodes it
    items = [{"array": wave, "sampling_rate": RATE} for wave in waves[:2]]
    batches = [{"audio": items}, {"audio": [SimpleNamespace(get_all_samples=lambda: decoded)]}]
    heard = model.encode(batches, task_metadata=None, hf_split="test", hf_subset="default")
    assert np.array_equal(heard, model.encoder.embed_audio([(wave, RATE) for wave in waves]))
    said = model.encode([{"text": ["200 Hz", "700 Hz"]}, {"text": ["1500 Hz"]}])
    assert model.similarity(heard, said).argmax(dim=1).tolist() == [0, 1, 2]
    assert torch.allclose(model.similarity_pairwise(heard, said), model.similarity(heard, said).diag())
