"""`atmda augment`: soundscapes of events in backgrounds, drawn, mixed and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.cli.words import gather_parameters, rewriting
from atmda.settings.augment import AugmentSettings

if TYPE_CHECKING:
    from atmda.tasks.augment_result import AugmentResult

EXAMPLES = """
atmda augment --folds 1,2,3 --parameters "snr_dist=(const,6) n_soundscapes=2 bg=park"
atmda augment --snr uniform,-6,6 --bg park,airport --seed 7 --output data/input/urbansound8k-parks
atmda augment --fg-dataset my/events --bg-dataset my/places --duration 5
atmda augment --scene-duration 600 --events-per-minute 3 --n-scenes 20 --snr choose,[-6,0,6]
atmda augment --from-jams data/input/urbansound8k-parks --output again
"""


def run(settings: AugmentSettings, console: Console) -> int:
    """Make the set of soundscapes that the settings name, or go on with it; a table of its scenes is shown."""
    from atmda.tasks.augment import augment
    from atmda.tasks.augment_result import NoSoundscapeError

    try:
        done = augment(settings, console)
    except NoSoundscapeError as error:
        document(error.result, console)
        raise
    document(done, console)
    console.table(("scene", "soundscapes"), [(scene, str(count)) for scene, count in done.scenes.items()])
    kept = f", {done.kept} of them there before" if done.kept else ""
    kept += f", {done.changed} made again since their recordings have changed" if done.changed else ""
    noted = f"; {done.noted} carry a note in {done.manifest.name}" if done.noted else ""
    console.notice(f"{done.soundscapes} soundscapes{kept}{noted}: {done.output}")
    return SOME_SKIPPED if done.skipped else DONE


def document(done: AugmentResult, console: Console) -> None:
    """The result as one JSON document."""
    console.document(
        {
            "output": str(done.output),
            "manifest": str(done.manifest),
            "soundscapes": done.soundscapes,
            "made": done.made,
            "kept": done.kept,
            "changed": done.changed,
            "edited": done.edited,
            "noted": done.noted,
            "scenes": done.scenes,
            "skipped": done.skipped,
        }
    )


command = rewriting(build_command("augment", AugmentSettings, run, EXAMPLES), gather_parameters)
command.no_args_is_help = False  # every flag has a default
