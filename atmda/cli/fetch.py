"""`atmda fetch`: data sets and checkpoints, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, FAILED
from atmda.cli.fetch_list import list_all, list_parts
from atmda.cli.fetch_results import show_outcome, show_verdict
from atmda.cli.transfers import Transfers
from atmda.cli.words import gather_parts, rewriting
from atmda.settings.fetch import FetchSettings

if TYPE_CHECKING:
    from atmda.download.install import Watch

EXAMPLES = """
atmda fetch --list                                            (what there is, what is here)
atmda fetch urbansound8k                                      (again: does nothing, or goes on)
atmda fetch tau2019uas --partial "development.*"              (one part or several)
atmda fetch fsd50k --partial ground_truth FSD50K.eval_audio
atmda fetch esc50 --verify                                    (every file against its checksum)
"""


def run(settings: FetchSettings, console: Console) -> int:
    """Fetch, verify or list what the settings name."""
    from atmda.tasks.fetch import check, fetch, targets_of

    targets = targets_of(settings)
    if settings.list_targets:
        if targets:
            list_parts(targets, settings, console)
        else:
            list_all(settings, console)
        return DONE
    results: list[dict[str, Any]] = []
    for target in targets:
        where = {"name": target.name, "folder": str(settings.data_dir / target.folder)}
        if settings.verify:
            results.append({**where, **show_verdict(target, check(target, settings, console), console)})
        else:
            outcome = fetch(target, settings, lambda name: _watching(console, name), console)
            results.append({**where, **show_outcome(target, outcome, console)})
    console.document(results[0] if len(results) == 1 else results)
    return DONE if all(result.get("good", True) for result in results) else FAILED


@contextmanager
def _watching(console: Console, name: str) -> Iterator[Watch]:
    from atmda.download.install import Watch

    with Transfers(console, name) as transfers:
        yield Watch(transfers.downloaded, transfers.unpacked, transfers.planned, transfers.notice)


def _parts(words: list[str]) -> list[str]:
    from atmda.download.catalogue import target_names

    return gather_parts(words, target_names()) if "--partial" in words else words


command = rewriting(build_command("fetch", FetchSettings, run, EXAMPLES), _parts)
