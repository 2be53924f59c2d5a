"""A whole study: what a grid of settings needs is mixed, embedded and classified, each part once, and told together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from atmda.core.encoders.keeping import encoders_kept
from atmda.core.files import check_writable
from atmda.errors import AtmdaError
from atmda.settings.study import StudySettings
from atmda.tasks.observer import Observer
from atmda.tasks.study.artifacts import Workshop
from atmda.tasks.study.estimate import Estimator
from atmda.tasks.study.gather import Gathered, unfinished
from atmda.tasks.study.original import read_results
from atmda.tasks.study.plan import plan
from atmda.tasks.study.result import StudyResult
from atmda.tasks.study.running import Run
from atmda.tasks.study.scores import Scores

#: settings that say how a study is run, not what it is
NOT_CONFIG = {
    *("study", "from_results", "output", "artifacts", "num_workers", "batch_size", "device", "engine", "address"),
    *(
        "dry_run",
        "max_runs",
        "shard",
        "discard_soundscapes",
        "no_figures",
        "data_dir",
        "json_output",
        "quiet",
        "verbose",
        "debug",
    ),
}


def study(settings: StudySettings, observer: Observer | None = None) -> StudyResult:
    """Make what the study lacks, and gather what there is in `settings.output`.

    With `from_results` nothing is made: results that are there already are read.

    Raises:
        SettingsError: settings that do not go together, before anything is loaded.
        AtmdaError: nothing could be made; a folder that cannot be written.
    """
    observer = observer or Observer()
    settings.check()
    if settings.from_results is not None:
        return _written(settings, read_results(settings.from_results, observer), (), None, observer)
    with encoders_kept():
        return _run(settings, observer)


def _run(settings: StudySettings, observer: Observer) -> StudyResult:
    root = settings.artifacts or settings.workspace.study
    output = settings.output or settings.workspace.results / settings.name
    if not settings.dry_run:
        check_writable(output / "results.json", output)
    workshop = Workshop(root, settings)
    everything = plan(settings, root)
    wanted = _share(everything, settings.shard)
    run = Run(workshop, observer)
    if settings.dry_run:
        estimates = Estimator(workshop).of(run.missing(wanted, in_vain=True))
        return StudyResult(settings.name, None, [], estimates=estimates, config=config(settings))
    run.make(wanted, settings.max_runs)
    result = _gathered(settings, workshop, everything, run)
    if not result.cells and result.failed and not run.made:
        raise AtmdaError(f"Nothing of the study could be made: {next(iter(result.failed.values()))}")
    if settings.shard is not None and result.left:
        observer.notice("Other jobs have parts to make; run the study without `shard` to gather all results.")
        return result
    return _written(settings, result, everything, workshop, observer) if result.cells else result


def _gathered(settings: StudySettings, workshop: Workshop, everything: Sequence[Scores], run: Run) -> StudyResult:
    found = Gathered(workshop)
    found.add(everything)
    failed = {artifact.title: reason for artifact, reason in run.failed.values()} | found.unreadable
    return StudyResult(
        settings.name,
        None,
        found.cells,
        found.artifacts,
        failed,
        [title for title in unfinished(workshop, everything) if title not in failed],
        len(run.made),
        found.skipped(),
        config=config(settings),
        encoders=found.encoders,
        prompts=found.prompts,
    )


def _written(
    settings: StudySettings,
    result: StudyResult,
    everything: Sequence[Scores],
    workshop: Workshop | None,
    observer: Observer,
) -> StudyResult:
    """The results in files: a table, a document and, where there are scores, the report."""
    from atmda.report.study.document import write_study_report
    from atmda.report.study.pictures import WITHOUT, matplotlib_is_there
    from atmda.report.study.results import save
    from atmda.tasks.study.reporting import report_data

    folder = settings.output or settings.workspace.results / result.name
    saved = save(folder, result)
    data = report_data(result, everything, workshop, observer)
    if data is None:
        return saved
    if not settings.no_figures and not matplotlib_is_there():
        observer.notice(f"note: {WITHOUT}")
    return replace(saved, report=write_study_report(folder, data, figures=not settings.no_figures))


def _share(everything: list[Scores], shard: tuple[int, int] | None) -> list[Scores]:
    """The part of one job of an array: whole sets, so that no two jobs mix the same."""
    return everything if shard is None else [scores for scores in everything if scores.part % shard[1] == shard[0] - 1]


def config(settings: StudySettings) -> dict[str, Any]:
    """What the study is, as plain values."""
    return settings.model_dump(mode="json", exclude=NOT_CONFIG, exclude_none=True)
