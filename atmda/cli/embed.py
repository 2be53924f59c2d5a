"""`atmda embed`: a data set or a folder becomes a store of embeddings."""

from __future__ import annotations

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, SOME_SKIPPED
from atmda.cli.memory import lean_arrow
from atmda.settings.embed import EmbedSettings

EXAMPLES = """
atmda embed --dataset urbansound8k
atmda embed --dataset urbansound8k --path urbansound8k-20240705184401 --num-workers 2
atmda embed --audio-folder recordings --annotations labels.csv --output embeddings/mine
atmda embed --audio-folder recordings -r --output embeddings/site-a      (again: resumes)
atmda embed --audio-folder recordings --output all --shard 2/8           (one of eight jobs)
atmda embed --files site-a.parquet --output site-a --engine ray          (all cores and GPUs, or --address)
atmda embed --audio-folder recorder-7 -r --window 5 --hop 1              (hours of audio)
"""


def run(settings: EmbedSettings, console: Console) -> int:
    """Embed what the settings name; the path is printed."""
    lean_arrow()
    from atmda.tasks.embed import embed

    done = embed(settings, console)
    console.document({**vars(done), "output": str(done.output)})
    console.text(str(done.output))
    skipped = f", {len(done.skipped)} skipped" if done.skipped else ""
    what, again = "clips", f"{done.changed} of them"
    if settings.window is not None:  # what changed is counted by recording
        what, again = "windows", f"those of {done.changed} recording{'s' if done.changed > 1 else ''}"
    changed = f", {again} again since they had changed" if done.changed else ""
    console.notice(f"{done.clips} {what} embedded{changed}{skipped}.")
    return SOME_SKIPPED if done.skipped else DONE


command = build_command("embed", EmbedSettings, run, EXAMPLES)
