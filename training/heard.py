"""What an encoder makes of the test material, embedded once, and how each way of scoring does on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from material import SNRS, Clips, demo, esc10, esc50_names, mixed, others, scenes, urbansound

from atmda.core.encoders.base import Encoder
from atmda.core.evaluation.splits import by_fold
from atmda.core.evaluation.statistics.reliability import reliability
from atmda.core.methods import METHODS
from atmda.core.methods.adaptation import TEMPERATURE, adapt, probabilities, profiles
from atmda.core.methods.base import Training
from atmda.core.methods.prompts import background_prompts, class_prompts
from atmda.core.methods.prototypes import SHARE, TOP_N, scores

#: ways to score: method, clips a class that text-guided prototypes take
SCORINGS = {
    "zs": ("zs", TOP_N),
    "tgap": ("tgap", TOP_N),
    "sv": ("sv", TOP_N),
    "tgap-unit": ("tgap-unit", SHARE),
    "sv-unit": ("sv-unit", SHARE),
    "tgap-subtracted": ("tgap-subtracted", SHARE),
    "sv-subtracted": ("sv-subtracted", SHARE),
}


@dataclass
class Embedded:
    """Clips with their embeddings `X` (n, d) and the anchors of their classes `text` (c, d)."""

    clips: Clips
    X: np.ndarray
    text: np.ndarray

    @property
    def zero_shot(self) -> np.ndarray:
        return scores(self.X, self.text)


@dataclass
class Heard:
    """All that one encoder embedded.

    mixtures: UrbanSound8K in a scene at an SNR, (n, d). backgrounds, sentences: of each scene, (m, d), (3, d).
    """

    logit_scale: float
    us8k: Embedded
    esc10: Embedded
    demo: Embedded
    fifty: tuple[tuple[str, ...], np.ndarray]
    backgrounds: dict[str, np.ndarray]
    sentences: dict[str, np.ndarray]
    mixtures: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)


def hear(encoder: Encoder, root: Path, mixtures: bool = True) -> Heard:
    """Embed everything; without `mixtures`, which take nine tenths of the time, adaptation cannot be measured."""
    us8k, esc, events = (
        Embedded(clips, encoder.embed_audio(clips.files), encoder.embed_text(class_prompts(clips.labels)))
        for clips in (urbansound(root), esc10(root), demo(root))
    )
    names, places = esc50_names(root), scenes(root)
    heard = Heard(
        encoder.logit_scale,
        us8k,
        esc,
        events,
        (names, encoder.embed_text(class_prompts(names))),
        {scene: encoder.embed_audio(files) for scene, files in places.items()},
        {scene: encoder.embed_text(background_prompts(scene)) for scene in places},
    )
    for scene, files in places.items() if mixtures else ():
        for snr in SNRS:
            heard.mixtures[scene, snr] = encoder.embed_audio(mixed(us8k.clips, files, snr))
    return heard


def right(
    scoring: str,
    data: Embedded,
    *,
    test: np.ndarray | None = None,
    background: np.ndarray | None = None,
) -> np.ndarray:
    """Which clips a way of scoring gets right, every fold in turn the test set: 0 or 1, (n,).

    test: other embeddings (n, d) of the same clips that are tested, while `data` has those that are learnt from.
    background: each clip's, (n, d): its profile is subtracted from scores, or it is from the embeddings of all clips.
    """
    mode, top_n = SCORINGS[scoring]
    method = METHODS.get(mode).with_options({"top_n": top_n})
    X, y, clips = data.X if test is None else test, data.clips.y, data.clips
    found = np.zeros(len(X))
    for split in by_fold(clips.folds):
        training = Training(len(clips.labels), data.text, data.X, y, own=background).take(split.train)
        scorer = method.fit(training)
        S = scorer.scores(X[split.test])
        if background is not None:  # of subtracted clips the scores are the same, see `subtracted`
            S = adapt(S, profiles(scorer, background[split.test]), TEMPERATURE)
        found[split.test] = S.argmax(axis=1) == y[split.test]
    return found


def by_folds(found: np.ndarray, clips: Clips) -> float:
    """The mean over folds of how many were right."""
    return float(np.mean([found[clips.folds == fold].mean() for fold in np.unique(clips.folds)]))


def error_of_confidence(data: Embedded, logit_scale: float) -> float:
    """The expected calibration error of zero-shot."""
    p = probabilities(data.zero_shot, logit_scale)
    return reliability(p.max(1), p.argmax(1) == data.clips.y).ece


def adaptation(heard: Heard) -> dict[tuple[str, int, str, str], np.ndarray]:
    """Which clips are right in noise, (scenes, n), by (parks or other scenes, SNR, scoring, adaptation).

    Each clip's background is the mean of the recordings of its scene that were not mixed into it. Clips to learn from
    are in the same noise, or, of scorings called "..., clean examples", have none.
    """
    parts: dict[tuple[str, int, str, str], list[np.ndarray]] = {}
    clean = heard.us8k
    for (scene, snr), X in heard.mixtures.items():
        noisy, kind = Embedded(clean.clips, X, clean.text), "parks" if scene == "park" else "other scenes"
        audio = others(heard.backgrounds[scene], len(X))
        text = np.broadcast_to(heard.sentences[scene].mean(axis=0), X.shape)
        for scoring in SCORINGS:
            name, subtracted = scoring.replace("-subtracted", "-unit"), scoring.endswith("-subtracted")
            ways = {"subtracted": audio} if subtracted else {"plain": None, "audio": audio, "text": text}
            for how, background in ways.items():
                own = {"background": background}
                parts.setdefault((kind, snr, name, how), []).append(right(scoring, noisy, **own))
                if scoring != "zs":
                    key = (kind, snr, f"{name}, clean examples", how)
                    parts.setdefault(key, []).append(right(scoring, clean, test=X, **own))
    return {key: np.stack(rows) for key, rows in parts.items()}
