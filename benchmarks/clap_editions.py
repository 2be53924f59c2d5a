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
    there = _those_there(names, checkpoint, threads, folder, against)
    official, roberta = (Contestant(kind, checkpoint, threads, folder) for kind in (f"official{batch}", "roberta"))
    for one in (here["text fp32"], there["text fp32"]):
        assert cosine(roberta, one) > LEAST_COSINE, "the package's text tower gives other embeddings"
    for name in there:
        assert cosine(here[name], there[name]) > LEAST_COSINE, f"{against} gives other embeddings for {name}"
    pairs = [one for name in names for one in (here[name], there.get(name)) if one]  # next to each other in time
    take_turns([*pairs, official, roberta], rounds)
    found: dict = {f"{name}, before / after": there[name].times(here[name], "cpu") for name in there}
    for precision in PRECISIONS:
        found[f"official / ours {precision}"] = official.times(here[f"ours {precision}"], "cpu")
        found[f"RobertaModel / ours {precision}"] = roberta.times(here[f"text {precision}"], "cpu")
    if len(PRECISIONS) > 1:
        found["fp32 / bf16, tower"] = here["tower fp32"].times(here["tower bf16"], "cpu")
        found["fp32 before / bf16 after"] = {
            part: there[f"{part} fp32"].times(here[f"{part} bf16"], "cpu") for part in ("tower", "text", "ours")
        }
    for name, others in {"after": here, "before": there, "official": {"": official}, "roberta": {"": roberta}}.items():
        found[f"{name}, s a round"] = {part: one.close()["cpu"] for part, one in others.items()}
    return found


def _those_there(
    names: list[str], checkpoint: Path, threads: int, folder: Path, against: Path
) -> dict[str, Contestant]:
    """The ways of `names` that the other edition has on this processor."""
    found = {}
    for name in names:
        try:
            found[name] = Contestant(name, checkpoint, threads, folder, checkout=against)
        except SystemExit:  # a precision that it refuses
            print(f"{against.name} has no {name} here")
    return found
