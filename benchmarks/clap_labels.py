"""How many labels change by errors as large as those of a lower precision: `python benchmarks/clap_labels.py`.

On LAION-CLAP's own embeddings of ESC-50's 2,000 clips and its 50 class names and sentences, under `$ATMDA_TEST_DATA`.
Each embedding is turned by the same angle in a direction of its own, drawn at random: clips to the cosine `--audio`,
classes to `--text` (the lowest that bf16 has with fp32, see docs/laion-clap.md), `--draws` times.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from atmda.core.methods.prototypes import unit_rows


def turned(vectors: np.ndarray, cosine: float, generator: np.random.Generator) -> np.ndarray:
    """Unit vectors (n, d) at `cosine` with `vectors` (n, d), which are of unit length too."""
    aside = generator.standard_normal(vectors.shape)
    aside -= (aside * vectors).sum(1, keepdims=True) * vectors
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    return cosine * vectors + np.sqrt(1 - cosine**2) * aside


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audio", type=float, default=0.99998)
    parser.add_argument("--text", type=float, default=0.99995)
    parser.add_argument("--draws", type=int, default=100)
    given = parser.parse_args()
    folder = Path(os.environ["ATMDA_TEST_DATA"]) / "data" / "esc50-clap"
    with np.load(folder / "audio_features.npz") as file:
        clips, truth = unit_rows(file["audio_features"]), file["audio_labels"]
    with np.load(folder / "text_features.npz") as file:
        prompts = {"names": file["raw_features"], "sentences": file["augmented_features"]}
    for name, features in prompts.items():
        classes, generator = unit_rows(features), np.random.default_rng(0)
        usual = (clips @ classes.T).argmax(1)
        changed, right = [], []
        for _ in range(given.draws):
            scores = turned(clips, given.audio, generator) @ turned(classes, given.text, generator).T
            changed.append(int((scores.argmax(1) != usual).sum()))
            right.append(float((scores.argmax(1) == truth).mean()))
        print(
            f"{name}: of {len(clips)} labels {np.mean(changed):.1f} change, at most {max(changed)}; right "
            f"{100 * (usual == truth).mean():.2f} % before, {100 * np.mean(right):.2f} % ({100 * min(right):.2f} to "
            f"{100 * max(right):.2f}) after"
        )


if __name__ == "__main__":
    main()
