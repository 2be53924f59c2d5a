"""Measure an encoder on recordings it never heard: `ATMDA_TEST_DATA=DIR python training/evaluate.py [--output FILE]`.

Needs `data/urbansound8k-mini`, `data/esc10`, `data/esc50-clap/esc50_meta.csv` (for the 50 names), `data/demo` and
`data/tau2019uas-mini` in that folder; the result is the Markdown that stands in the model card. Nothing here is used in
training.
"""

from __future__ import annotations

import argparse
import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atmda import load_encoder
from atmda.core.audio import open_audio
from atmda.core.encoders.base import Encoder
from atmda.core.encoders.compact.encoder import CompactEncoder
from atmda.core.evaluation.counts import confusion_matrix
from atmda.core.methods.adaptation import adapt, background_profile, probabilities
from atmda.core.methods.prompts import CLASS_TEMPLATE, background_prompts, class_prompts
from atmda.core.methods.prototypes import scores, supervised, text_guided, zero_shot

US8K = ("air conditioner", "car horn", "children playing", "dog bark", "drilling",
        "engine idling", "gun shot", "jackhammer", "siren", "street music")  # fmt: skip
#: ESC-10's folder -> ESC-50's name
ESC10 = {"Dog bark": "dog", "Rain": "rain", "Sea waves": "sea waves", "Baby cry": "crying baby",
         "Clock tick": "clock tick", "Person sneeze": "sneezing", "Helicopter": "helicopter",
         "Chainsaw": "chainsaw", "Rooster": "rooster", "Fire crackling": "crackling fire"}  # fmt: skip
TEMPLATES = ("{label}", CLASS_TEMPLATE, "the sound of {label}", "I can hear {label}",
             "an audio recording of {label}", "{label} can be heard")  # fmt: skip
SNRS = (6, 0, -6)
RATE = 32_000


@dataclass
class Clips:
    """Recordings with their class (index into `labels`) and fold."""

    files: list[Path]
    labels: tuple[str, ...]
    y: np.ndarray
    folds: np.ndarray


def urbansound(root: Path) -> Clips:
    base = root / "data" / "urbansound8k-mini"
    with next((base / "metadata").glob("*.csv")).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    files = [base / "audio" / f"fold{row['fold']}" / row["slice_file_name"] for row in rows]
    return Clips(files, US8K, np.array([int(r["classID"]) for r in rows]), np.array([int(r["fold"]) for r in rows]))


def esc10(root: Path) -> Clips:
    files = sorted((root / "data" / "esc10").glob("*/*.ogg"))
    labels = tuple(ESC10.values())
    y = [labels.index(ESC10[file.parent.name.split(" - ")[1]]) for file in files]
    return Clips(files, labels, np.array(y), np.array([int(file.name[0]) for file in files]))


def esc50_names(root: Path) -> tuple[str, ...]:
    with (root / "data" / "esc50-clap" / "esc50_meta.csv").open(encoding="utf-8") as file:
        return tuple(sorted({row["category"].replace("_", " ") for row in csv.DictReader(file)}))


def demo(root: Path) -> Clips:
    files = sorted((root / "data" / "demo" / "inference_demo").glob("*.wav"))
    return Clips(files, US8K, np.array([int(file.name.split("-")[1]) for file in files]), np.zeros(len(files), int))


def error_of_confidence(p: np.ndarray, y: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error with bins of equal width (Guo et al., ICML 2017)."""
    sure, right = p.max(1), p.argmax(1) == y
    which = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum(abs(sure[which == b].mean() - right[which == b].mean()) * (which == b).mean() for b in set(which)))


def fold_masks(folds: np.ndarray | None, n: int) -> list[tuple[int | None, np.ndarray]]:
    """Each fold with the mask (n,) of its clips; without folds, all clips once."""
    return [(None, np.ones(n, bool))] if folds is None else [(int(fold), folds == fold) for fold in np.unique(folds)]


def by_mode(X: np.ndarray, text: np.ndarray, clips: Clips, B: np.ndarray | None = None, T: float = 0.5) -> dict:
    """Which clips each mode gets right (n,), every fold in turn the test set; adapted with backgrounds B where given.

    B is (m, d), one profile for all clips, or (n, m, d), a clip's own.
    """
    right = {mode: np.zeros(len(X), bool) for mode in ("zs", "tgap", "sv")}
    for _, test in fold_masks(clips.folds, len(X)):
        prototypes = {
            "zs": zero_shot(text),
            "tgap": text_guided(X[~test], text),
            "sv": supervised(X[~test], clips.y[~test], len(clips.labels)),
        }
        for mode, P in prototypes.items():
            S = scores(X[test], P)
            if B is not None:
                profile = background_profile(B, P) if B.ndim == 2 else np.mean(B[test] @ P.T, axis=1)
                S = adapt(S, profile, T)
            right[mode][test] = S.argmax(1) == clips.y[test]
    return right


def mixed(clips: Clips, backgrounds: list[Path], snr: float) -> list[tuple[np.ndarray, int]]:
    """Every clip with a stretch of a background (in turn) at `snr` dB of mean power."""
    beds = [open_audio(path).read(RATE) for path in backgrounds]
    out = []
    for i, file in enumerate(clips.files):
        x, bed = open_audio(file).read(RATE), beds[i % len(beds)]
        start = (i * 7919) % max(1, len(bed) - len(x))
        bed = np.resize(bed[start:], len(x))
        gain = np.sqrt((x**2).mean() / max((bed**2).mean(), 1e-12)) * 10 ** (-snr / 20)
        out.append((x + gain * bed, RATE))
    return out


def interval(gain: np.ndarray) -> str:
    """Mean of paired differences in points, with a 95 % interval."""
    half = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain))
    return f"{100 * gain.mean():+.1f} ({100 * (gain.mean() - half):+.1f} to {100 * (gain.mean() + half):+.1f})"


def table(clips: Clips, predicted: np.ndarray) -> list[str]:
    counts = confusion_matrix(clips.y, predicted, len(clips.labels))
    lines = ["| class | recall | " + " | ".join(label[:9] for label in clips.labels) + " |"]
    lines.append("|---" * (len(clips.labels) + 2) + "|")
    for label, row in zip(clips.labels, counts, strict=True):
        recall = row[clips.labels.index(label)] / max(row.sum(), 1)
        lines.append(f"| {label} | {recall:.2f} | " + " | ".join(str(n) if n else "" for n in row) + " |")
    return lines


def measure(encoder: Encoder, root: Path) -> list[str]:
    """The lines of the report."""
    us8k, esc = urbansound(root), esc10(root)
    X, E = encoder.embed_audio(us8k.files), encoder.embed_audio(esc.files)
    text, esc_text = (encoder.embed_text(class_prompts(c.labels)) for c in (us8k, esc))
    fifty = esc50_names(root)
    among = scores(E, encoder.embed_text(class_prompts(fifty))).argmax(1)
    truth = np.array([fifty.index(esc.labels[c]) for c in esc.y])
    S, D = scores(X, text), scores(E, esc_text)
    shown = demo(root)
    parks = sorted((root / "data" / "demo" / "inference_bg_demo").glob("*.wav"))
    park, shown_scores = encoder.embed_audio(parks), scores(encoder.embed_audio(shown.files), text)
    helped = adapt(shown_scores, background_profile(park, text))
    lines = [
        "| zero-shot | accuracy |",
        "|---|---|",
        f"| UrbanSound8K-mini, 10 classes, {len(X)} clips | {(S.argmax(1) == us8k.y).mean():.3f} |",
        f"| ESC-10, 10 classes, {len(E)} clips | {(D.argmax(1) == esc.y).mean():.3f} |",
        f"| ESC-10's clips among ESC-50's 50 classes | {(among == truth).mean():.3f} |",
        f"| demo, 15 events in parks | {(shown_scores.argmax(1) == shown.y).sum()} of 15 |",
        f"| demo, adapted by audio | {(helped.argmax(1) == shown.y).sum()} of 15 |",
        "",
        f"Expected calibration error on UrbanSound8K-mini with the shipped logit scale ({encoder.logit_scale:g}): "
        f"{error_of_confidence(probabilities(S, encoder.logit_scale), us8k.y):.3f}; "
        f"on ESC-10: {error_of_confidence(probabilities(D, encoder.logit_scale), esc.y):.3f}.",
        "",
        "| prompt | UrbanSound8K-mini | ESC-10 |",
        "|---|---|---|",
    ]
    for template in TEMPLATES:
        found = [
            (scores(A, encoder.embed_text(class_prompts(c.labels, template))).argmax(1) == c.y).mean()
            for A, c in ((X, us8k), (E, esc))
        ]
        lines.append(f"| {template.replace('{label}', '…')} | {found[0]:.3f} | {found[1]:.3f} |")
    lines += ["", "UrbanSound8K-mini, zero-shot, rows true, columns predicted:", "", *table(us8k, S.argmax(1))]
    lines += ["", "ESC-10, zero-shot:", "", *table(esc, D.argmax(1)), ""]
    right = by_mode(X, text, us8k)
    lines += ["| UrbanSound8K-mini, clean | zs | tgap | sv |", "|---|---|---|---|"]
    for fold, test in fold_masks(us8k.folds, len(X)):
        lines.append(f"| fold {fold} | " + " | ".join(f"{right[m][test].mean():.3f}" for m in right) + " |")
    folds = [test for _, test in fold_masks(us8k.folds, len(X))]
    lines.append("| mean | " + " | ".join(f"{np.mean([right[m][t].mean() for t in folds]):.3f}" for m in right) + " |")
    return lines + adaptation(encoder, us8k, text, root)


def scenes(root: Path) -> dict[str, list[Path]]:
    """Background recordings by what the report calls them: real parks, and pieces of one recording for other scenes."""
    found = {"park": sorted((root / "data" / "demo" / "inference_bg_demo").glob("*.wav"))}
    for path in sorted((root / "data" / "tau2019uas-mini").rglob("*-standin-*.wav")):
        found.setdefault(path.name.split("-")[0], []).append(path)
    return found


def adaptation(encoder: Encoder, clips: Clips, text: np.ndarray, root: Path) -> list[str]:
    """Gain by adaptation, each clip's profile made from the recordings of the scene that were not mixed into it."""
    right: dict[tuple[str, int, str], list[np.ndarray]] = {}
    for scene, files in scenes(root).items():
        B, sentences = encoder.embed_audio(files), encoder.embed_text(background_prompts(scene))
        others = np.stack([np.delete(B, i % len(B), axis=0) for i in range(len(clips.files))])
        for snr in SNRS:
            X = encoder.embed_audio(mixed(clips, files, snr))
            found = [by_mode(X, text, clips, profile) for profile in (None, others, sentences)]
            for mode in found[0]:
                key = ("parks" if scene == "park" else "other scenes", snr, mode)
                right.setdefault(key, []).append(np.stack([f[mode].astype(float) for f in found]))
    lines = [
        "",
        "UrbanSound8K-mini, each clip mixed with one of 7 park recordings, the profile made from the other 6; and with "
        "one of 4 pieces of a recording of an airport, a metro station, a shopping mall or a street, the profile made "
        "from the other 3. By text: the three sentences about the scene. T = 0.5; gains in points, paired, with 95 % "
        "intervals:",
        "",
        "| background | SNR | mode | plain | by audio | gain | by text | gain |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (name, snr, mode), parts in right.items():
        p, a, s = np.concatenate(parts, axis=1)
        lines.append(
            f"| {name} | {snr} dB | {mode} | {p.mean():.3f} | {a.mean():.3f} | {interval(a - p)} "
            f"| {s.mean():.3f} | {interval(s - p)} |"
        )
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="compact", help="or a file that pack.py wrote")
    parser.add_argument("--output", type=Path, help="write the Markdown there too")
    a = parser.parse_args()
    if "ATMDA_TEST_DATA" not in os.environ:
        raise SystemExit("Set ATMDA_TEST_DATA to the folder that holds data/urbansound8k-mini and the others.")
    packed = a.model.endswith(".safetensors")
    encoder = CompactEncoder(Path(a.model)) if packed else load_encoder(a.model)
    report = "\n".join(measure(encoder, Path(os.environ["ATMDA_TEST_DATA"])))
    print(report)
    if a.output:
        a.output.write_text(report + "\n", encoding="utf-8")
