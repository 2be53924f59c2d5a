"""A made-up study, in rows as the statistics give them."""

from itertools import product

import numpy as np

from atmda.report.study.data import Confusion, StudyData

LABELS = ("air conditioner", "car horn", "children playing", "dog bark", "siren")
SCENES, SNRS, MODES, TEMPERATURES = ("park", "tram"), (-6.0, 0.0, 6.0, None), ("zs", "tgap"), (0.2, 0.5)
BEST = 0.5


def study_data(gain=0.04, labels=LABELS, auto=False, scenes=SCENES, dataset="urbansound8k", **more):
    """`gain`: of the best temperature. `auto`: with temperatures chosen on training folds."""
    rng = np.random.default_rng(0)
    temperatures = [(t, False) for t in TEMPERATURES] + [(None, True)] * auto
    adapted = list(product(("text", "audio"), temperatures))
    found = {name: [] for name in ("cells", "gains", "averages", "by_class", "by_fold", "reliability", "hindsight")}
    for scene, snr, mode in product(scenes, SNRS, MODES):
        told = {"dataset": dataset, "set": "clean" if snr is None else f"{scene} {snr:g} dB seed 0", "scene": scene}
        told |= {"snr": snr, "seed": 0, "encoder": "clap", "templates": None, "mode": mode}
        before = 0.55 + (24 if snr is None else snr) / 100 + rng.normal(0, 0.01)
        for modality, (temperature, own) in [("none", (None, False)), *adapted]:
            key = told | {"modality": modality, "temperature": temperature, "auto": own}
            factor = 0 if modality == "none" else 1 if own or temperature == BEST else 0.6
            change = factor * gain + (rng.normal(0, abs(gain) / 4) if factor else 0)
            add_cell(found, key, before, change, labels, rng)
    for modality, (temperature, own) in product((None, "text", "audio"), temperatures):
        change = gain * (1 if own or temperature == BEST else 0.6)
        key = {"modality": modality, "temperature": temperature, "auto": own, "metric": "accuracy"}
        told = {"difference": change, "low": change - 0.012, "high": change + 0.012, "p": 1e-5 if gain else 0.6}
        told |= {"p_holm": 2e-5 if gain else 1.0, "cells": 16, "better": 15 if gain > 0 else 7}
        found["averages"].append(key | told)
    return StudyData("A made-up study", **{**found, "facts": {"Clips": "873"}, **extras(labels, rng), **more})


def add_cell(found, key, before, change, labels, rng):
    value = before + change
    measured = {"metric": "accuracy", "value": value, "low": value - 0.03, "high": value + 0.03, "n": 873}
    found["cells"].append(key | measured | {"sources": 300})
    if key["modality"] != "none":
        told = {"before": before, "after": value, "difference": change, "low": change - 0.02, "high": change + 0.02}
        told |= {"p": 0.001, "p_holm": 0.03, "gained": 60, "lost": 25, "clips_needed": 4000, "cannot_change": False}
        found["gains"].append(key | {"metric": "accuracy"} | told)
        for number, label in enumerate(labels):
            by_class = {"metric": "recall", "value": value, "difference": change + (number - 1) / 40, "n": 87}
            found["by_class"].append(key | {"label": label} | by_class)
        if key["auto"]:
            own = {"chosen": value, "lowest": 0.3, "highest": 0.6, "best": value + 0.01, "best_temperature": 0.4}
            found["hindsight"].append(key | {"metric": "accuracy"} | own | {"regret": 0.01})
    for fold in range(2):
        other = {"fold": str(fold + 1), "value": value, "difference": change + fold / 50, "n": 400}
        found["by_fold"].append(key | {"metric": "accuracy"} | other)
    for place in range(10):
        confidence = (place + 0.5) / 10
        n = int(rng.integers(20, 90)) if place > 1 else 0
        right = min(1.0, confidence * (0.8 + change * 3))
        told = {"from": place / 10, "to": (place + 1) / 10, "n": n, "ece": 0.1}
        told |= {"confidence": confidence if n else None, "accuracy": right if n else None}
        found["reliability"].append(key | told)


def extras(labels, rng):
    c = len(labels)
    before, after = rng.integers(0, 9, (c, c)), rng.integers(0, 6, (c, c))
    np.fill_diagonal(before, 60)
    np.fill_diagonal(after, 75)
    place = {"dataset": "urbansound8k", "encoder": "clap", "set": "park 0 dB"}
    columns = ("distance", "alignment", "uniformity_audio", "uniformity_text", "separability", "accuracy")
    numbers = {"none": (1.1, 1.3, -1.9, -1.2, 1.0, 0.71), "centred": (0.1, 1.2, -3.0, -2.8, 0.6, 0.75)}
    gap = [
        place | {"correction": name, **dict(zip(columns, values, strict=True)), "separability_accuracy": 0.9}
        for name, values in numbers.items()
    ]
    steps = [place | {"part": t, "distance": 1.1 * (1 - t), "accuracy": 0.7 + t / 20} for t in (0, 0.25, 0.5, 0.75, 1)]
    dots = [
        place | {"correction": name, "kind": kind, "x": float(x + (kind == "text")), "y": float(y)}
        for name in numbers
        for kind, n in (("audio", 60), ("text", c))
        for x, y in rng.normal(0, 0.3, (n, 2))
    ]
    rival = {"dataset": "urbansound8k", "modality": "none", "metric": "accuracy", "p": 0.001, "p_holm": 0.004}
    rivals = [{**rival, "method": "zs", "value": 0.71, "low": 0.68, "high": 0.74, "p": None, "p_holm": None}]
    for number, method in enumerate(("normalised", "centred", "drift"), 1):
        value = 0.71 + number / 100
        told = {"value": value, "low": value - 0.03, "high": value + 0.03, "difference": number / 100}
        told |= {"difference_low": number / 100 - 0.008, "difference_high": number / 100 + 0.008}
        rivals.append(rival | {"method": method} | told)
    prompts = [{"class": label, "sentences": f"This is a sound of {label}."} for label in labels]
    encoders = [{"encoder": "clap", "weights_sha256": "ab12" * 16, "window": "10 s", "seed": 0, "atmda": "0.1.0"}]
    confusion = [Confusion("park 0 dB, tgap", "text", labels, before, after)]
    return {
        "gap": gap, "gap_steps": steps, "gap_points": dots, "rivals": rivals, "confusion": confusion,
        "made_of": {"Encoders": encoders, "Prompts": prompts},
    }  # fmt: skip
