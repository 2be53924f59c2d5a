"""`atmda infer`: a folder of recordings, labelled by name, adapted to its background."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from atmda.cli import demo
from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.encoding import embed_with_progress, open_encoder, warn_of_unknown_labels
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.infer import InferSettings

if TYPE_CHECKING:
    from atmda.core.encoders.base import Encoder
    from atmda.core.types import FloatArray
    from atmda.report.journal import Journal
    from atmda.report.predictions import Labelled, Prediction

SHOWN = 40  # rows of the table on the terminal

EXAMPLES = """
atmda infer --demo
atmda infer --labels "dog bark,siren,rain" --audio-folder recordings
atmda infer --class-labels labels.txt --audio-folder recordings -r --modality text --bg-type park
atmda infer --class-labels labels.txt --audio-folder recordings --modality audio --bg-folder quiet --output out.csv
"""


def run(settings: InferSettings, console: Console) -> int:
    """Label the recordings, save the results, show a table; with --demo also what adaptation did."""
    from atmda.report.journal import Journal
    from atmda.report.predictions import check_output, write_predictions

    if settings.demo:
        settings = demo.settings_of(settings)
    results = settings.data_dir / "results"
    output = settings.output or str(_unused(results / f"results_{_now()}.csv"))
    check_output(output)
    journal = Journal(lambda: _unused(results / f"unfinished_{_now()}.csv"), console.warning)
    try:
        done = _label(settings, console, journal)
    except KeyboardInterrupt:
        journal.write()
        if journal.written:
            console.warning(f"{journal.written} recordings were labelled before the interruption: {journal.path}")
        raise
    if not done.predictions:
        console.document({"output": None, "results": [], "skipped": done.skipped})
        raise AtmdaError(f"{settings.audio_folder}: not one of its recordings could be used.")
    if output != "-" or not console.json_output:
        write_predictions(done.predictions, output)
    journal.discard()
    _show(settings, console, done, output)
    if settings.demo:
        demo.explain(settings, console, done)
    return SOME_SKIPPED if done.skipped else DONE


def _label(settings: InferSettings, console: Console, journal: Journal) -> Labelled:
    import numpy as np

    from atmda.core.methods.prompts import class_prompts
    from atmda.core.methods.prototypes import scores, zero_shot
    from atmda.datasets import load_folder
    from atmda.report.predictions import Labelled

    labels = _labels(settings)
    if settings.audio_folder is None:
        raise SettingsError("Give --audio-folder, the recordings to label, or try --demo.")
    _check_modality(settings)
    clips = load_folder(_beside_data(settings, settings.audio_folder), settings.recursive).clips
    encoder = open_encoder(settings, console)
    P = zero_shot(encoder.embed_text(class_prompts(labels)))
    warn_of_unknown_labels(encoder, labels, console)
    profile = _profile(settings, console, encoder, P)
    predictions: list[Prediction] = []
    rows: list[FloatArray] = []
    skipped: dict[str, str] = {}
    for unit in embed_with_progress(encoder, clips, settings, console, "Labelling"):
        for clip, result in unit:
            if result.embedding is None:
                skipped[clip.name] = result.error.reason if result.error else ""
                continue
            S = scores(result.embedding[None], P)
            rows.append(S[0])
            note = "; ".join(result.notes)
            predictions.append(_predict(settings, labels, clip.name, S, profile, encoder.logit_scale, note))
            journal.add(predictions[-1])
    return Labelled(labels, predictions, np.array(rows, np.float32), profile, skipped)


def _predict(
    settings: InferSettings,
    labels: tuple[str, ...],
    name: str,
    S: FloatArray,
    profile: FloatArray | None,
    logit_scale: float,
    note: str,
) -> Prediction:
    """From the scores (1, c) of one clip to its labels."""
    from atmda.core.methods.adaptation import adapt, probabilities
    from atmda.report.predictions import Prediction

    adapted = S if profile is None else adapt(S, profile, settings.temperature)
    confidence = probabilities(adapted, logit_scale)[0]
    best = (-adapted[0]).argsort(kind="stable")[: settings.top_k]
    ranked = tuple((labels[c], float(confidence[c]), float(adapted[0, c])) for c in best)
    unadapted = None
    if profile is not None:
        before = int(S[0].argmax())
        unadapted = (labels[before], float(probabilities(S, logit_scale)[0, before]))
    return Prediction(name, ranked, unadapted, note)


def _labels(settings: InferSettings) -> tuple[str, ...]:
    from atmda.datasets.labels import read_labels

    if bool(settings.labels) == (settings.class_labels is not None):
        raise SettingsError("Give the class labels: --class-labels FILE, or --labels A,B, one of them.")
    if settings.class_labels is None:
        return tuple(dict.fromkeys(settings.labels))
    path = settings.class_labels
    if not path.exists() and not path.is_absolute():  # the original scripts looked in folders of their own
        beside = Path(settings.audio_folder).parent / path if settings.audio_folder else path
        path = next((p for p in (settings.data_dir / "input_text" / path, beside) if p.exists()), path)
    return read_labels(path)


def _beside_data(settings: InferSettings, folder: str) -> str:
    """A folder as given or, as the original scripts had it, below <data-dir>/input."""
    inside = settings.data_dir / "input" / folder
    return str(inside) if not Path(folder).exists() and inside.exists() else folder


def _check_modality(settings: InferSettings) -> None:
    if settings.modality == "text" and not settings.bg_type:
        raise SettingsError("--modality text needs --bg-type, the name of the background, as in park.")
    if settings.modality == "audio" and not settings.bg_folder:
        raise SettingsError("--modality audio needs --bg-folder, recordings of the background.")


def _profile(settings: InferSettings, console: Console, encoder: Encoder, P: FloatArray) -> FloatArray | None:
    """The background profile (c,), or None where no adaptation was asked for."""
    import numpy as np

    from atmda.core.methods.adaptation import background_profile
    from atmda.core.methods.prompts import background_prompts
    from atmda.datasets import load_folder

    if settings.modality == "none":
        return None
    if settings.modality == "text":
        return background_profile(encoder.embed_text(background_prompts(str(settings.bg_type))), P)
    folder = _beside_data(settings, str(settings.bg_folder))
    clips = load_folder(folder, settings.recursive).clips
    units = embed_with_progress(encoder, clips, settings, console, "Background")
    rows = [result.embedding for unit in units for _, result in unit if result.embedding is not None]
    if not rows:
        raise AtmdaError(f"--bg-folder {folder}: not one of its recordings could be used.")
    return background_profile(np.stack(rows), P)


def _now() -> str:
    return f"{datetime.now():%Y%m%dT%H%M%S}"


def _unused(path: Path) -> Path:
    """`path`, or, where a run of the same second has taken it, the first of `path`-2, `path`-3, ... that is free."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return path if not path.exists() else next(other for other in numbered if not other.exists())


def _show(settings: InferSettings, console: Console, done: Labelled, output: str) -> None:
    rows = [prediction.row() for prediction in done.predictions]
    console.document(
        {
            "output": None if output == "-" else output,
            "labels": list(done.labels),
            "modality": settings.modality,
            "temperature": None if done.profile is None else settings.temperature,
            "results": rows,
            "skipped": done.skipped,
        }
    )
    if output == "-":
        return
    columns = ["filename", "label", "confidence"]
    columns += ["unadapted_label"] if done.profile is not None else []
    columns += [f"label_{rank}" for rank in range(2, min(settings.top_k, len(done.labels)) + 1)]
    shown = [[f"{row[c]:.2f}" if c == "confidence" else str(row[c]) for c in columns] for row in rows[:SHOWN]]
    console.table(["without adaptation" if c == "unadapted_label" else c for c in columns], shown)
    if len(rows) > SHOWN:
        console.text(f"... and {len(rows) - SHOWN} more in {output}")
    skipped = f", {len(done.skipped)} skipped" if done.skipped else ""
    console.notice(f"{len(rows)} recording{'s' if len(rows) != 1 else ''} labelled{skipped}: {output}")


command = build_command("infer", InferSettings, run, EXAMPLES)
