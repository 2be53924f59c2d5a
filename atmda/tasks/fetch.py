"""Data sets and checkpoints: fetched, verified or listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from atmda.datasets.remotes import Target
from atmda.download.availability import what_is_here
from atmda.download.catalogue import find_target, target_names
from atmda.download.install import Options, Outcome, Watch, install
from atmda.download.soundata_remotes import soundata_names
from atmda.download.state import State
from atmda.download.verify import Verdict, verify
from atmda.errors import AtmdaError
from atmda.settings.fetch import FetchSettings
from atmda.tasks.observer import Observer


@dataclass(frozen=True)
class ListedTarget:
    """A line of the list: what there is and how much of it is here ("" for nothing), or the `problem` with it."""

    name: str
    target: Target | None
    here: str = ""
    problem: str = ""


@dataclass(frozen=True)
class ListedPart:
    """A part of a target, and whether it is here whole."""

    name: str
    here: bool
    files: tuple[tuple[str, str, str], ...]  # name, address, checksum


def targets_of(settings: FetchSettings) -> list[Target]:
    """What the settings name. Raises SettingsError where they do not go together, AtmdaError for an unknown name."""
    settings.check()
    return [find_target(name) for name in settings.names()]


def fetch(
    target: Target,
    settings: FetchSettings,
    watching: Callable[[str], AbstractContextManager[Watch]],
    observer: Observer | None = None,
) -> Outcome:
    """Fetch what is missing of `target`; `watching` gives who is told of bytes, by the target's name."""
    observer = observer or Observer()
    parts = ", ".join(part.name for part in target.select(settings.partial))
    observer.detail(f"{target.name}: {parts}; into {settings.data_dir / target.folder}.")
    options = Options(settings.partial, settings.force, not settings.no_cleanup, settings.at_once())
    with watching(target.name) as watch:
        outcome = install(target, settings.data_dir, options, watch)
    observer.detail(f"{target.name}: {len(outcome.present)} parts were here, {len(outcome.fetched)} were fetched.")
    return outcome


def check(target: Target, settings: FetchSettings, observer: Observer | None = None) -> Verdict:
    """Every file of `target` against its checksum; fetches nothing but the list of them. Raises AtmdaError."""
    observer = observer or Observer()
    source = "soundata's index" if target.index else "the checksums recorded when it was fetched"
    observer.detail(f"{target.name}: files in {settings.data_dir / target.folder} are compared with {source}.")
    return verify(
        target,
        settings.data_dir,
        settings.partial,
        progress=lambda total: observer.progress(f"Verifying {target.name}", total),
    )


def listed_targets(data_dir: Path, observer: Observer | None = None) -> Iterator[ListedTarget]:
    """All that can be fetched, and what of it is here; soundata, slow to import, is asked only for what is here."""
    observer = observer or Observer()
    known = "" if soundata_names() else "not "
    observer.detail(f"Looking in {data_dir}; soundata, which knows more data sets, is {known}installed.")
    for name in target_names():
        try:
            target = find_target(name, cheap=not (data_dir / "input" / name).is_dir())
        except AtmdaError as error:
            observer.detail(f"{name}: {error}")
            yield ListedTarget(name, None, problem=str(error))
            continue
        yield ListedTarget(name, target, what_is_here(target, data_dir))


def listed_parts(target: Target, data_dir: Path) -> Sequence[ListedPart]:
    """The parts of `target`."""
    state = State.load(data_dir / target.folder)
    return [
        ListedPart(part.name, state.whole(part), tuple((r.filename, r.url, r.checksum) for r in part.remotes))
        for part in target.parts
    ]
