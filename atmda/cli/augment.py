"""`atmda augment`: soundscapes of events in backgrounds, drawn, mixed and listed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.augment import AugmentSettings

if TYPE_CHECKING:
    from atmda.soundscapes.runner import Report
    from atmda.soundscapes.sources import Source
    from atmda.soundscapes.specification import Recording

SHOWN = 20  # skipped soundscapes that are told one by one
SIDE_FILES = 6_000  # bytes of JAMS, labels and manifest for each soundscape

EXAMPLES = """
atmda augment --folds 1,2,3 --parameters "snr_dist=(const,6) n_soundscapes=2 bg=park"
atmda augment --snr uniform,-6,6 --bg park,airport --seed 7 --output data/input/urbansound8k-parks
atmda augment --fg-dataset my/events --bg-dataset my/places --duration 5
atmda augment --from-jams data/input/urbansound8k-parks --output again
"""


def run(settings: AugmentSettings, console: Console) -> int:
    """Make the set of soundscapes that the settings name, or go on with it."""
    from atmda.soundscapes.outside import require_scaper, require_sox

    if settings.engine == "scaper":
        require_scaper()
    if settings.original_reverb:
        require_sox()
    return _again(settings, console) if settings.from_jams is not None else _draw(settings, console)


def _draw(settings: AugmentSettings, console: Console) -> int:
    from atmda.soundscapes.jams import Setting
    from atmda.soundscapes.making import Making
    from atmda.soundscapes.manifest import claim
    from atmda.soundscapes.runner import Report, make_set
    from atmda.soundscapes.sources import backgrounds, foregrounds
    from atmda.soundscapes.specification import check_scenes

    if settings.fg_path or settings.bg_path:
        raise SettingsError("--fg-path and --bg-path go with --from-jams.", "Use --fg-dataset and --bg-dataset here.")
    parameters = settings.drawn()
    front, back = (
        foregrounds(settings.fg_dataset, settings.data_dir),
        backgrounds(settings.bg_dataset, settings.data_dir),
    )
    for problem in (*front.problems, *back.problems):
        console.warning(problem)
    scenes = back.scenes()
    check_scenes(parameters, scenes)
    clips = _in_folds(front, settings.folds)
    output = settings.output or _new_folder(settings.data_dir / "input", front.name)
    made_with = {
        "parameters": parameters.as_dict(),
        "folds": sorted({clip.fold for clip in clips if clip.fold is not None}),
        "foregrounds": {"name": front.name, "folder": front.shown_root, "recordings": front.fingerprint()},
        "backgrounds": {"name": back.name, "folder": back.shown_root, "recordings": back.fingerprint()},
        "clip_policy": settings.clip_policy,
        "engine": settings.engine,
        "original_reverb": settings.original_reverb,
    }
    total = len(clips) * parameters.n_soundscapes
    if not claim(output, made_with):
        _check_space(output, total, parameters.duration)
    making = Making(
        output,
        Setting(
            parameters,
            front.shown_root,
            back.shown_root,
            tuple(front.labels),
            tuple(scenes),
            settings.clip_policy == "scale",
            0.0 if settings.original_reverb else None,
        ),
        settings.clip_policy,
        settings.engine,
    )
    report = Report()
    steps = make_set(clips, scenes, making, report, _workers(settings))
    return _show(settings, console, output, report, steps, total)


def _again(settings: AugmentSettings, console: Console) -> int:
    from atmda.soundscapes.manifest import claim
    from atmda.soundscapes.rebuilding import Finder
    from atmda.soundscapes.remaking import Remaking, fingerprint, jams_below, remake_set
    from atmda.soundscapes.runner import Report

    folder = settings.from_jams
    assert folder is not None
    if settings.output is None:
        raise SettingsError("--from-jams needs --output, a folder for what is rendered.")
    if settings.engine == "scaper":
        raise SettingsError("--from-jams is rendered here.", "For scaper use its own generate_from_jams.")
    if settings.output.resolve() == folder.resolve():
        raise SettingsError("--output is the folder of --from-jams.", "Give another, so that the first set stays.")
    files = jams_below(folder)
    inputs = settings.data_dir / "input"
    fronts = Finder(settings.fg_path or inputs / settings.fg_dataset, "--fg-path")
    backs = Finder(settings.bg_path or inputs / settings.bg_dataset, "--bg-path")
    claim(settings.output, {"from_jams": {"soundscapes": len(files), "files": fingerprint(folder, files)}})
    report = Report()
    making = Remaking(settings.output, settings.clip_policy)
    steps = remake_set(folder, fronts, backs, settings.fg_dataset, making, report, _workers(settings))
    return _show(settings, console, settings.output, report, steps, len(files))


def _show(
    settings: AugmentSettings, console: Console, output: Path, report: Report, steps: Iterator[int], total: int
) -> int:
    from atmda.soundscapes.manifest import MANIFEST

    try:
        with console.progress("Mixing", total) as advance:
            for count in steps:
                advance(count)
    except (KeyboardInterrupt, AtmdaError):
        console.notice(f"To go on, run the same command with --output {output}")
        raise
    for sentence in report.skipped[:SHOWN]:
        console.warning(f"skipped {sentence}")
    if len(report.skipped) > SHOWN:
        console.warning(f"... and {len(report.skipped) - SHOWN} more skipped.")
    console.document(
        {
            "output": str(output),
            "manifest": str(output / MANIFEST),
            "soundscapes": report.made + report.kept,
            "made": report.made,
            "kept": report.kept,
            "noted": report.noted,
            "scenes": dict(sorted(report.scenes.items())),
            "skipped": report.skipped,
        }
    )
    if not report.made + report.kept:
        raise AtmdaError(f"Not one soundscape could be made: {report.skipped[0]}")
    console.table(("scene", "soundscapes"), [(scene, str(n)) for scene, n in sorted(report.scenes.items())])
    kept = f", {report.kept} of them there before" if report.kept else ""
    noted = f"; {report.noted} carry a note in {MANIFEST}" if report.noted else ""
    console.notice(f"{report.made + report.kept} soundscapes{kept}{noted}: {output}")
    return SOME_SKIPPED if report.skipped else DONE


def _in_folds(source: Source, folds: Sequence[int]) -> list[Recording]:
    there = sorted({clip.fold for clip in source.recordings if clip.fold is not None})
    strange = sorted(set(folds) - set(there))
    if strange:
        known = f"There are: {', '.join(map(str, there))}." if there else f"{source.name} has no folds."
        raise SettingsError(f"--folds: there is no fold {strange[0]}.", known)
    return [clip for clip in source.recordings if not folds or clip.fold in folds]


def _new_folder(inputs: Path, name: str) -> Path:
    """A folder that is not there yet, named after the second it was made in."""
    moment = datetime.now()
    while (folder := inputs / f"{name}-{moment:%Y%m%d%H%M%S}").exists():
        moment += timedelta(seconds=1)
    return folder


def _check_space(output: Path, total: int, seconds: float) -> None:
    from atmda.soundscapes.files import wav_size
    from atmda.soundscapes.rendering import SAMPLE_RATE

    needed = total * (wav_size(int(seconds * SAMPLE_RATE)) + SIDE_FILES)
    free = shutil.disk_usage(output).free
    if needed > free:
        raise AtmdaError(
            f"{output}: {total} soundscapes need {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free.",
            "Free some, or make fewer folds at a time.",
        )


def _workers(settings: AugmentSettings) -> int:
    from atmda.core.device import usable_cores

    return settings.num_workers or usable_cores()


def gather_parameters(words: Sequence[str]) -> list[str]:
    """The command line with all that follows --parameters, in however many words, joined into one.

    The original scripts took `--parameters ref_db=-36 seed=123 bg=all`: words until the next flag.
    """
    kept: list[str] = []
    gathered: list[str] = []
    taking = False
    for word in words:
        if re.fullmatch(r"--parameters(=.*)?", word, re.DOTALL):
            taking = True
            gathered += [word.partition("=")[2]] if "=" in word else []
        elif taking and not re.match(r"-(?!\d)", word):
            gathered.append(word)
        else:
            taking = False
            kept.append(word)
    return [*kept, "--parameters", " ".join(gathered)] if gathered or taking else kept


def _accepting_words(command: Any) -> Any:
    parse = command.parse_args
    command.parse_args = lambda context, words: parse(context, gather_parameters(words))
    command.no_args_is_help = False  # every flag has a default
    return command


command = _accepting_words(build_command("augment", AugmentSettings, run, EXAMPLES))
