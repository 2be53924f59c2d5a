"""atmda as a model of mteb, the embedding benchmark, for its tasks on audio and text (mteb is no dependency of atmda).

    pip install mteb
    python benchmarks/mteb_adapter.py [--model compact] [--tasks ESC50_Zeroshot,...] [--list] [--output results/mteb]

`AtmdaModel` follows mteb's protocol of encoders (mteb.models.models_protocols.EncoderProtocol, mteb 2): batches come as
dictionaries, recordings as waveforms with their rates, and one row of embeddings goes back for each. Clips are embedded
by `encoder.embed_audio`, sentences by `encoder.embed_text`, with nothing in between: what mteb measures is what
`atmda embed` stores.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import atmda
from atmda.core.encoders.base import Encoder

MODALITIES = ("text", "audio")


def waveform(item: Mapping[str, Any]) -> tuple[np.ndarray, int]:
    """Samples, float32 (n,) or (n, channels), and rate in Hz of a recording as mteb (or datasets' decoder) gives it."""
    if hasattr(item, "get_all_samples"):  # datasets from version 4 on: channels first
        samples = item.get_all_samples()
        return np.asarray(samples.data, np.float32).T, int(samples.sample_rate)
    return np.asarray(item["array"], np.float32), int(item["sampling_rate"])


class AtmdaModel:
    """An encoder of atmda under mteb's protocol."""

    def __init__(self, model_name: str = "compact", revision: str | None = None, device: str | None = None, **_: Any):
        """`model_name`: as in `atmda embed --model`, with or without "atmda/" before it. `revision` is not used."""
        name = model_name.removeprefix("atmda/")
        self.encoder: Encoder = atmda.load_encoder(name, device=device or "auto")

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb writes of the model beside its results."""
        return meta(self.encoder)

    def encode(self, inputs: Iterable[Mapping[str, Any]], **_: Any) -> np.ndarray:
        """Embeddings, float32 (n, d), of batches that hold "audio", "text", or both; of both the sum."""
        parts: dict[str, list[np.ndarray]] = {"text": [], "audio": []}
        for batch in inputs:
            if "text" in batch:
                parts["text"].append(self.encoder.embed_text([str(text) for text in batch["text"]]))
            if "audio" in batch:
                parts["audio"].append(self.encoder.embed_audio([waveform(item) for item in batch["audio"]]))
        found = [np.concatenate(rows) for rows in parts.values() if rows]
        if not found:
            raise ValueError(f"the batches hold none of {', '.join(MODALITIES)}")
        return np.asarray(sum(found[1:], found[0]), np.float32)

    def similarity(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Cosines, a torch tensor (n, m)."""
        import torch

        rows = (torch.atleast_2d(torch.as_tensor(embeddings)) for embeddings in (embeddings1, embeddings2))
        first, second = (torch.nn.functional.normalize(each, dim=-1) for each in rows)
        return first @ second.T

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Cosines row by row, a torch tensor (n,)."""
        import torch

        first, second = (torch.atleast_2d(torch.as_tensor(e)) for e in (embeddings1, embeddings2))
        return torch.nn.functional.cosine_similarity(first, second, dim=-1)


def meta(encoder: Encoder) -> Any:
    """What mteb writes of the model beside its results; the weights' sha256 is its revision."""
    from mteb.models.model_meta import ModelMeta

    return ModelMeta(
        loader=AtmdaModel,
        name=f"atmda/{encoder.name}",
        revision=encoder.identity.get("weights_sha256", "none"),
        release_date=None,
        languages=["eng-Latn"],
        n_parameters=None,
        memory_usage_mb=None,
        max_tokens=None,
        embed_dim=encoder.dim,
        license="apache-2.0",
        open_weights=True,
        public_training_code=None,
        public_training_data=None,
        framework=["PyTorch"],
        similarity_fn_name="cosine",
        use_instructions=False,
        training_datasets=None,
        modalities=list(MODALITIES),
    )


def tasks(names: str | None) -> Any:
    """mteb's tasks of these names, else all of which it has audio with or without text."""
    import mteb

    if names:
        return mteb.get_tasks(tasks=names.split(","))
    return [task for task in mteb.get_tasks(modalities=["audio"]) if set(task.metadata.modalities) <= set(MODALITIES)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="compact")
    parser.add_argument("--tasks", help="names, by commas; all tasks of audio unless given")
    parser.add_argument("--list", action="store_true", help="name the tasks and end")
    parser.add_argument("--output", type=Path, default=Path("results/mteb"))
    arguments = parser.parse_args()
    wanted = tasks(arguments.tasks)
    if arguments.list:
        print("\n".join(sorted(task.metadata.name for task in wanted)))
        return
    import mteb

    found = mteb.evaluate(AtmdaModel(arguments.model), wanted, cache=mteb.ResultCache(arguments.output))
    for result in found.task_results:
        print(f"{result.task_name}: {result.get_score():.4f}")


if __name__ == "__main__":
    main()
