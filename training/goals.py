"""The figures that an encoder is judged by, one number each, and what is wanted of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from heard import Heard, by_folds, error_of_confidence, right

from atmda.core.methods.adaptation import adapt, background_profile
from atmda.core.methods.prototypes import scores

#: what adaptation() of `heard` gives
Noisy = Mapping[tuple[str, int, str, str], np.ndarray]


@dataclass(frozen=True)
class Goal:
    """A figure. `wanted`: what it is to be, with its sign, as ">= 0.77"; "" where nothing is asked."""

    name: str
    wanted: str
    digits: int
    figure: Callable[[Heard, Noisy], float]


def _us8k(scoring: str) -> Callable[[Heard, Noisy], float]:
    return lambda heard, noisy: by_folds(right(scoring, heard.us8k), heard.us8k.clips)


def _esc10(scoring: str) -> Callable[[Heard, Noisy], float]:
    return lambda heard, noisy: by_folds(right(scoring, heard.esc10), heard.esc10.clips)


def _fifty(heard: Heard, noisy: Noisy) -> float:
    names, anchors = heard.fifty
    truth = np.array([names.index(heard.esc10.clips.labels[c]) for c in heard.esc10.clips.y])
    return float((scores(heard.esc10.X, anchors).argmax(1) == truth).mean())


def demo_right(heard: Heard, modality: str) -> int:
    """How many of the demo's events are right: unadapted ("none"), by recordings of parks, or by their name."""
    S, text = heard.demo.zero_shot, heard.demo.text
    B = {"none": None, "audio": heard.backgrounds["park"], "text": heard.sentences["park"]}[modality]
    if B is not None:
        S = adapt(S, background_profile(B, text))
    return int((S.argmax(1) == heard.demo.clips.y).sum())


def _noisy(kind: str, snr: int, scoring: str, how: str) -> Callable[[Heard, Noisy], float]:
    return lambda heard, noisy: float(noisy[kind, snr, scoring, how].mean()) if noisy else float("nan")


GOALS = (
    Goal("UrbanSound8K-mini, zs", ">= 0.77", 3, _us8k("zs")),
    Goal("UrbanSound8K-mini, tgap", ">= 0.75", 3, _us8k("tgap")),
    Goal("UrbanSound8K-mini, tgap-unit, share", "", 3, _us8k("tgap-unit")),
    Goal("UrbanSound8K-mini, sv", ">= 0.80", 3, _us8k("sv")),
    Goal("UrbanSound8K-mini, sv-unit", "", 3, _us8k("sv-unit")),
    Goal("UrbanSound8K-mini, sv - zs", ">= 0.03", 3, lambda h, n: _us8k("sv")(h, n) - _us8k("zs")(h, n)),
    Goal("UrbanSound8K-mini, sv-unit - zs", "", 3, lambda h, n: _us8k("sv-unit")(h, n) - _us8k("zs")(h, n)),
    Goal("ESC-10, zs", ">= 0.91", 3, _esc10("zs")),
    Goal("ESC-10's clips among ESC-50's 50 classes", ">= 0.72", 3, _fifty),
    Goal("ESC-10, tgap-unit, share", "", 3, _esc10("tgap-unit")),
    Goal("ESC-10, sv-unit", "", 3, _esc10("sv-unit")),
    Goal("other scenes, 0 dB, zs", ">= 0.54", 3, _noisy("other scenes", 0, "zs", "plain")),
    Goal("other scenes, 0 dB, zs by audio", ">= 0.60", 3, _noisy("other scenes", 0, "zs", "audio")),
    Goal("ECE, UrbanSound8K-mini", "<= 0.06", 3, lambda h, n: error_of_confidence(h.us8k, h.logit_scale)),
    Goal("ECE, ESC-10", "<= 0.06", 3, lambda h, n: error_of_confidence(h.esc10, h.logit_scale)),
    Goal("demo, of 15", ">= 9", 1, lambda h, n: demo_right(h, "none")),
    Goal("demo, of 15, by audio", ">= 11", 1, lambda h, n: demo_right(h, "audio")),
    Goal("demo, of 15, by text", "", 1, lambda h, n: demo_right(h, "text")),
)


def figures(heard: Heard, noisy: Noisy) -> dict[str, float]:
    """Every goal's figure by its name; NaN where there are no mixtures to tell."""
    return {goal.name: float(goal.figure(heard, noisy)) for goal in GOALS}


def reached(wanted: str, value: float) -> str:
    if not wanted or np.isnan(value):
        return ""
    sign, number = wanted.split()
    return "yes" if (value >= float(number) if sign == ">=" else value <= float(number)) else "no"


def goals_table(found: Sequence[Mapping[str, float]], teachers: Mapping[str, float]) -> list[str]:
    """Mean and spread (largest less smallest) over encoders, each of them, and the teachers' own figures."""
    each = "" if len(found) == 1 else "".join(f" {number} |" for number in range(1, len(found) + 1))
    head = "| figure | wanted | mean | spread | reached |" + each + (" teachers |" if teachers else "")
    lines = [head, "|---" * (head.count("|") - 1) + "|"]
    for goal in GOALS:
        values = [one[goal.name] for one in found]
        mean, spread = float(np.mean(values)), max(values) - min(values)
        cells = [goal.name, goal.wanted, f"{mean:.{goal.digits}f}", f"{spread:.{goal.digits}f}"]
        cells += [reached(goal.wanted, mean), *(f"{v:.{goal.digits}f}" for v in values if len(values) > 1)]
        if teachers:
            known = teachers.get(goal.name, float("nan"))
            cells.append("" if np.isnan(known) else f"{known:.{goal.digits}f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines
