"""What `atmda fetch` says of what it fetched or verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmda.cli.console import Console
from atmda.cli.fetch_list import short

if TYPE_CHECKING:
    from atmda.datasets.remotes import Target
    from atmda.download.install import Outcome
    from atmda.download.verify import Verdict

SHOWN = 10  # files that a verdict names one by one


def show_outcome(target: Target, outcome: Outcome, console: Console) -> dict[str, Any]:
    """What was fetched, and its part of the JSON document."""
    if outcome.fetched:
        count = len(outcome.fetched)
        console.notice(f"{target.name}: {count} part{'s' if count > 1 else ''} fetched and checked.")
        if target.facts.licence:
            console.notice(f"Its licence: {short(target.facts.licence)}.")
    else:
        console.notice(f"{target.name} is here already; nothing to do.")
    console.text(str(outcome.folder))
    return {"fetched": list(outcome.fetched), "present": list(outcome.present)}


def show_verdict(target: Target, verdict: Verdict, console: Console) -> dict[str, Any]:
    """Which files are missing or differ, and its part of the JSON document."""
    for word, names in (("is missing", verdict.missing), ("differs from its checksum", verdict.differ)):
        if verdict.partial and word == "is missing":
            console.detail(f"{len(names)} files of parts that were not fetched are not here.")
            continue
        for name in names[:SHOWN]:
            console.warning(f"{name} {word}.")
        if len(names) > SHOWN:
            console.warning(f"and {len(names) - SHOWN} more.")
    right = verdict.checked - len(verdict.missing) - len(verdict.differ)
    console.text(f"{target.name}: {right} of {verdict.checked} files are as published.")
    if not verdict.good:
        console.warning(
            f"atmda fetch {target.name} --force replaces what differs by what is published; keep your own changes first"
        )
    lists = {"missing": list(verdict.missing), "differ": list(verdict.differ)}
    return {"checked": verdict.checked, "good": verdict.good, **lists}
