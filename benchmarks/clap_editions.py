"""LAION-CLAP here and in another checkout in turn, for `benchmarks/clap.py --parts editions --against CHECKOUT`.

Both towers alone, and from files; beside them in the same rounds the official package's pipeline and its text tower.
"""

from __future__ import annotations

from pathlib import Path

from clap_inputs import PRECISIONS
from clap_processes import LEAST_COSINE, Contestant, cosine, take_turns


def editions(checkpoint: Path, folder: Path, threads: int, rounds: int, batch: int, against: Path) -> dict:
    """Ratios of processor time, medians over rounds; and the median seconds of each way, before and after."""
    names = [f"{part} {precision}" for part in ("tower", "text", "ours") for precision in PRECISIONS]
    here = {name: Contestant(name, checkpoint, threads, folder) for name in names}
    there = {name: Contestant(name, checkpoint, threads, folder, checkout=against) for name in names}
    official, roberta = (Contestant(kind, checkpoint, threads, folder) for kind in (f"official{batch}", "roberta"))
    for one in (here["text fp32"], there["text fp32"]):
        assert cosine(roberta, one) > LEAST_COSINE, "the package's text tower gives other embeddings"
    for name in names:
        assert cosine(here[name], there[name]) > LEAST_COSINE, f"{against} gives other embeddings for {name}"
    take_turns([*(one for name in names for one in (here[name], there[name])), official, roberta], rounds)
    found: dict = {f"{name}, before / after": there[name].times(here[name], "cpu") for name in names}
    for precision in PRECISIONS:
        found[f"official / ours {precision}"] = official.times(here[f"ours {precision}"], "cpu")
        found[f"official / {against.name}'s {precision}"] = official.times(there[f"ours {precision}"], "cpu")
        found[f"RobertaModel / ours {precision}"] = roberta.times(here[f"text {precision}"], "cpu")
    found["fp32 / bf16, tower"] = here["tower fp32"].times(here["tower bf16"], "cpu") if len(PRECISIONS) > 1 else None
    official.close()
    roberta.close()
    return found | {name: {"after": here[name].close()["cpu"], "before": there[name].close()["cpu"]} for name in names}
