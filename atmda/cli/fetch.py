"""`atmda fetch`: data sets and checkpoints, whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atmda.cli.command import build_command
from atmda.cli.console import Console
from atmda.cli.exit_codes import DONE, FAILED
from atmda.cli.transfers import Transfers, in_words
from atmda.errors import AtmdaError, SettingsError
from atmda.settings.fetch import FetchSettings

if TYPE_CHECKING:
    from atmda.datasets.remotes import Target
    from atmda.download.verify import Verdict

SHOWN = 10  # files that a verdict names one by one
EXAMPLES = """
atmda fetch --list                                            (what there is, what is here)
atmda fetch urbansound8k                                      (again: does nothing, or goes on)
atmda fetch tau2019uas --partial "development.*"              (one part or several)
atmda fetch fsd50k --partial ground_truth FSD50K.eval_audio
atmda fetch esc50 --verify                                    (every file against its checksum)
"""


def run(settings: FetchSettings, console: Console) -> int:
    """Fetch, verify or list what the settings name."""
    from atmda.download.catalogue import find_target

    names = settings.name or ((settings.dataset,) if settings.dataset else ())
    targets = [find_target(name) for name in names]
    if settings.list_targets:
        return _list_parts(targets, settings, console) if targets else _list_all(settings, console)
    if not targets:
        raise SettingsError("Say what to fetch, as in: atmda fetch urbansound8k.", "atmda fetch --list shows it all.")
    if len(targets) > 1 and settings.partial:
        raise SettingsError("--partial goes with one NAME.")
    if settings.verify and settings.force:
        raise SettingsError("--verify fetches nothing and --force fetches all; give one of them.")
    results = []
    code = DONE
    for target in targets:
        result, good = _verify(target, settings, console) if settings.verify else _fetch(target, settings, console)
        results.append(result)
        code = code if good else FAILED
    console.document(results[0] if len(results) == 1 else results)
    return code


def _fetch(target: Target, settings: FetchSettings, console: Console) -> tuple[dict[str, Any], bool]:
    from atmda.download.install import Options, Watch, install

    options = Options(settings.partial, settings.force, not settings.no_cleanup, settings.num_workers)
    with Transfers(console, target.name) as transfers:
        watch = Watch(transfers.downloaded, transfers.unpacked, transfers.planned, transfers.notice)
        outcome = install(target, settings.data_dir, options, watch)
    if outcome.fetched:
        count = len(outcome.fetched)
        console.notice(f"{target.name}: {count} part{'s' if count > 1 else ''} fetched and checked.")
        if target.facts.licence:
            console.notice(f"Its licence: {_short(target.facts.licence)}.")
    else:
        console.notice(f"{target.name} is here already; nothing to do.")
    console.text(str(outcome.folder))
    result = {
        "name": target.name,
        "folder": str(outcome.folder),
        "fetched": list(outcome.fetched),
        "present": list(outcome.present),
    }
    return result, True


def _verify(target: Target, settings: FetchSettings, console: Console) -> tuple[dict[str, Any], bool]:
    from atmda.download.verify import verify

    verdict = verify(
        target,
        settings.data_dir,
        settings.partial,
        progress=lambda total: console.progress(f"Verifying {target.name}", total),
    )
    _tell(target, verdict, console)
    result = {
        "name": target.name,
        "folder": str(settings.data_dir / target.folder),
        "checked": verdict.checked,
        "good": verdict.good,
        "missing": list(verdict.missing),
        "differ": list(verdict.differ),
    }
    return result, verdict.good


def _tell(target: Target, verdict: Verdict, console: Console) -> None:
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
        console.warning(f"mend it with: atmda fetch {target.name} --force")


def _list_all(settings: FetchSettings, console: Console) -> int:
    from atmda.datasets import labels_of
    from atmda.download.availability import shown
    from atmda.download.catalogue import find_target, target_names

    entries: list[dict[str, Any]] = []
    rows: list[list[str]] = []
    for name in target_names():
        try:
            target = find_target(name, cheap=True)
        except AtmdaError as error:
            console.detail(f"{name}: {error}")
            entries.append({"name": name, "problem": str(error)})
            rows.append([name, "", "", "", "", "", "", "cannot be read; see --verbose"])
            continue
        facts, here = target.facts, shown(target, settings.data_dir)
        entries.append(
            {
                "name": name,
                "here": here or "no",
                "bytes": facts.unpacked,
                "clips": facts.clips,
                "classes": facts.classes,
                "folds": facts.folds,
                "labels": list(labels_of(name)),
                "labelled": facts.labels,
                "licence": facts.licence,
                "parts": [part.name for part in target.parts],
                "folder": str(settings.data_dir / target.folder),
            }
        )
        numbers = [str(number) if number else "" for number in (facts.clips, facts.classes, facts.folds)]
        size = in_words(facts.unpacked) if facts.unpacked else ""
        rows.append([name, here or "-", size, *numbers, facts.labels, _short(facts.licence)])
    console.document(entries)
    console.table(["name", "here", "size", "clips", "classes", "folds", "labels", "licence"], rows)
    return DONE


def _list_parts(targets: Sequence[Target], settings: FetchSettings, console: Console) -> int:
    from atmda.download.state import State

    entries = []
    for target in targets:
        state = State.load(settings.data_dir / target.folder)
        parts = [
            {
                "part": part.name,
                "here": state.whole(part),
                "files": [{"name": r.filename, "url": r.url, "checksum": r.checksum} for r in part.remotes],
            }
            for part in target.parts
        ]
        entries.append({"name": target.name, "parts": parts})
        rows = [
            [part.name, "whole" if state.whole(part) else "-", ", ".join(r.filename for r in part.remotes)]
            for part in target.parts
        ]
        console.table(["part", "here", "files"], rows, title=target.name)
    console.document(entries[0] if len(entries) == 1 else entries)
    return DONE


def _short(licence: str) -> str:
    """A licence's first words; the whole of it is in --json."""
    named = licence.replace("Creative Commons Attribution", "CC BY").replace(" International", "")
    named = named.replace("-NonCommercial", "-NC").replace(" Non Commercial", "-NC").replace("-ShareAlike", "-SA")
    return named if len(named) <= 40 else f"{named[:37].rstrip()}..."


def gather_parts(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """The command line with the words after --partial joined by commas; a NAME among them, where none came first."""
    kept: list[str] = []
    parts: list[str] = []
    taking = False
    for word in words:
        if re.fullmatch(r"--partial(=.*)?", word):
            taking = "=" not in word
            parts += [word.partition("=")[2]] if "=" in word else []
        elif taking and not word.startswith("-"):
            parts.append(word)
        else:
            taking = False
            kept.append(word)
    if not parts:
        return list(words)
    if not any(word in names for word in kept) and len(parts) > 1 and parts[-1] in names:
        kept.append(parts.pop())
    return [*kept, "--partial", ",".join(parts)]


def _accepting_words(command: Any) -> Any:
    parse = command.parse_args

    def parse_args(context: Any, words: list[str]) -> Any:
        from atmda.download.catalogue import target_names

        return parse(context, gather_parts(words, target_names()) if "--partial" in words else words)

    command.parse_args = parse_args
    return command


command = _accepting_words(build_command("fetch", FetchSettings, run, EXAMPLES))
