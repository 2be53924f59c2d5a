"""The report of a study: one HTML page that holds all it shows, and its figures and tables as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from atmda.core.files import publish, unwritable
from atmda.core.text import printable
from atmda.report.html import environment
from atmda.report.study.accuracy import accuracy_figure, temperature_figure
from atmda.report.study.answer import answer, choose
from atmda.report.study.calibration import reliability_figure
from atmda.report.study.changes import class_figure, fold_figure, group_figure
from atmda.report.study.chart import Figure
from atmda.report.study.confusion import confusion_figure
from atmda.report.study.data import StudyData
from atmda.report.study.drawing import STEPS, drawn, mark, shown_share
from atmda.report.study.gains import gains_figure, rivals_figure
from atmda.report.study.gap import gap_figures
from atmda.report.study.numbers import temperature_words
from atmda.report.study.pictures import matplotlib_is_there, save_figure
from atmda.report.study.table import Table, raw

NAME = "report.html"
#: rows as the statistics gave them, which the tables of the figures are made of
RAW = ("cells", "gains", "averages", "by_class", "by_fold", "by_group", "reliability", "hindsight", "gap", "rivals")


def write_study_report(folder: Path, data: StudyData, figures: bool = True) -> Path:
    """Write `folder`/report.html, figures/*.{png,svg,pdf} and tables/*.{csv,parquet,tex}; give the page's path.

    The same data give the same bytes. The page needs nothing else, neither network nor script; figures as files need
    matplotlib and are left out without it (`pictures.matplotlib_is_there`), or unless `figures`. Raises AtmdaError
    where something cannot be written.
    """
    path = folder / NAME
    drawn, hindsight, page = list(figures_of(data)), _hindsight(data), study_page(data)
    tables = [figure.table for figure in drawn] + ([hindsight] if hindsight else [])
    try:
        for table in tables:
            table.save(folder / "tables")
        for name in RAW:
            if rows := getattr(data, name):
                raw(f"all_{name}", rows).save(folder / "tables", latex=False)
        if figures and matplotlib_is_there():
            for figure in drawn:
                save_figure(figure, folder / "figures")
        with publish(path) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def figures_of(data: StudyData) -> Iterator[Figure]:
    """What the data have something of, in the order of the report."""
    choice = choose(data)
    found = [
        accuracy_figure(data, choice),
        temperature_figure(data),
        gains_figure(data),
        class_figure(data, choice),
        fold_figure(data, choice),
        group_figure(data, choice),
        confusion_figure(data),
        reliability_figure(data, choice),
        *gap_figures(data),
        rivals_figure(data),
    ]
    yield from (figure for figure in found if figure is not None)


def _hindsight(data: StudyData) -> Table | None:
    """How far chosen temperatures are from the best; None where none was chosen."""
    rows = [{**row, "temperature": temperature_words(row)} for row in data.of_metric(data.hindsight)]
    if not rows:
        return None
    return Table(
        "hindsight",
        "Temperatures chosen on training folds, and the best fixed one that nobody can know before",
        {"dataset": "words", "set": "words", "encoder": "words", "mode": "words", "modality": "words",
         "lowest": "number", "highest": "number", "chosen": "percent", "best": "percent",
         "best_temperature": "number", "regret": "points"},
        rows,
    )  # fmt: skip


def study_page(data: StudyData) -> str:
    """The page: HTML that needs nothing else. Labels and names are escaped."""
    templates = environment()
    templates.filters |= {"printable": printable, "drawn": drawn}
    made_of = [raw(f"made-of-{i}", rows, heading) for i, (heading, rows) in enumerate(data.made_of.items(), 1)]
    return templates.get_template("study/page.html.j2").render(
        data=data,
        answer=answer(data, choose(data)),
        figures=list(figures_of(data)),
        hindsight=_hindsight(data),
        made_of=made_of,
        marks=[mark(tone, 7, 7) for tone in range(6)],
        shades=[shown_share(step) for step in range(len(STEPS))],
    )
