"""The report of a study: what it answers, that its numbers can be had, and that nothing in it acts or calls out."""

import base64
import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from browser import frames, needs_browser
from study_rows import LABELS, study_data
from test_listening_page import EVIL, Parsed, assert_needs_nothing_outside_itself

from atmda.core.evaluation.results import FoldResult, GridResult
from atmda.errors import AtmdaError
from atmda.report.study import document
from atmda.report.study.answer import answer, choose
from atmda.report.study.confusion import confusion_of
from atmda.report.study.data import StudyData
from atmda.report.study.document import study_page, write_study_report
from atmda.report.study.latex import escaped
from atmda.report.study.pictures import matplotlib_is_there, save_figure
from atmda.report.study.provenance import provenance
from atmda.report.study.scale import Scale

FIGURES = ("accuracy", "temperatures", "gains", "classes", "folds", "confusion", "reliability", "gap", "gap_steps",
           "gap_points", "rivals")  # fmt: skip


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """They take seconds; what they hold has tests of its own."""
    monkeypatch.setattr(document, "matplotlib_is_there", lambda: False)


def written(data, folder="out"):
    return write_study_report(Path(folder), data)


def sentences(data):
    return " ".join(answer(data, choose(data)))


def figures(data):
    return {figure.name: figure for figure in document.figures_of(data)}


def linked(page):
    """The CSV files that a page holds, by their names."""
    links = re.findall(r'<a download="([^"]+)" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    return {name: list(csv.DictReader(io.StringIO(base64.b64decode(content).decode()))) for name, content in links}


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        (0.04, "Adaptation helps: accuracy rises by 4.0 points over 16 comparisons, on average (95 % interval +2.8 to"),
        (-0.04, "Adaptation harms: accuracy falls by 2.4 points"),
        (0.0, "Whether adaptation helps cannot be told from these clips"),
    ],
)
def test_the_answer_says_whether_by_how_much_and_how_sure(gain, verdict):
    assert sentences(study_data(gain)).startswith(verdict)


def test_a_temperature_that_was_searched_on_the_tested_clips_is_told_to_be():
    told = sentences(study_data())
    assert "temperature 0.5, the best of 2 on these same clips, which flatters it" in told
    assert "p < 0.001 with Holm's correction for the 2 temperatures compared" in told


def test_temperatures_chosen_on_training_folds_are_the_answer_where_there_are_any():
    told = sentences(study_data(auto=True))
    assert "temperatures chosen on training folds (0.3 to 0.6): 15 of 16 comparisons are better" in told
    assert "the best fixed one in hindsight, 0.5, gives +4.0 points" in told


def test_a_gain_without_an_interval_is_not_called_sure():
    data = replace(study_data(), averages=())
    assert sentences(data).startswith("How sure it is that adaptation helps is not known: accuracy rises by 4.")


def test_a_gain_that_the_correction_leaves_unsure_is_not_called_sure():
    data = study_data()
    unsure = replace(data, averages=[{**row, "p_holm": 0.2} for row in data.averages])
    assert sentences(unsure).startswith("Whether adaptation helps cannot be told")


def test_results_whose_temperature_is_not_known_are_reported_all_the_same():
    data = study_data()
    gains = [{**row, "temperature": None} for row in data.gains]
    assert "at a temperature that is not told" in Parsed(study_page(replace(data, gains=gains, averages=()))).text


def test_a_study_without_adaptation_or_without_anything_is_a_page_that_says_so():
    for data in (StudyData("none"), replace(study_data(), gains=(), averages=())):
        assert "Whether adaptation helps is not told by this study." in Parsed(study_page(data)).text


def test_names_from_elsewhere_are_text_whatever_they_hold():
    labels, evil = (EVIL, "=1+1", "a\u202eb", "$\\alpha$_%", "\ud800"), {EVIL: EVIL}
    data = study_data(labels=labels, scenes=(EVIL, "tram"), dataset=EVIL, facts=evil, notes=[EVIL])
    rivals = [{**row, "method": EVIL} for row in data.rivals]
    data = replace(data, title=EVIL, made_of={EVIL: [{EVIL: EVIL}]}, rivals=rivals)
    parsed = Parsed(study_page(data))
    figures(data)["classes"].table.save(Path("tables"))
    assert {"script", "iframe", "img", "object"}.isdisjoint(parsed.tags)
    assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
    assert EVIL in parsed.text
    assert "\u202e" not in parsed.text
    assert "'=1+1" in Path("tables/classes.csv").read_text("utf-8")
    assert r"\$\textbackslash{}alpha\$\_\%" in Path("tables/classes.tex").read_text("utf-8")


def test_the_page_needs_nothing_outside_itself():
    assert_needs_nothing_outside_itself(study_page(study_data(auto=True)))


def test_the_same_study_gives_the_same_bytes():
    for folder in ("a", "b"):
        written(study_data(), folder)
    files = sorted(path.relative_to("a") for path in Path("a").rglob("*.*"))
    assert len(files) > 40
    assert all(Path("a", file).read_bytes() == Path("b", file).read_bytes() for file in files)


def test_every_figure_has_words_a_table_and_its_numbers_to_download():
    data = study_data()
    page = study_page(data)
    parsed, found = Parsed(page), linked(page)
    panels = [panel for figure in figures(data).values() for panel in figure.panels]
    labels = parsed.all("svg", "aria-label")
    assert [label.removesuffix("; the numbers are in the table below") for label in labels] == [p.words for p in panels]
    assert all(f"{name}.csv" in found for name in FIGURES)
    assert len(found["gains.csv"]) == len(data.gains)
    assert found["gains.csv"][0]["difference"] == str(data.gains[0]["difference"])
    assert parsed.tags.count("table") == parsed.tags.count("caption") == len(found)
    assert len(parsed.all("th", "scope")) == parsed.tags.count("th")


def test_tables_hold_the_same_rows_in_every_format():
    found = figures(study_data())
    for name in ("gains", "rivals", "accuracy"):
        found[name].table.save(Path("tables"))
        rows = pq.read_table(f"tables/{name}.parquet").to_pylist()
        read = list(csv.DictReader(Path(f"tables/{name}.csv").read_text("utf-8").splitlines()))
        assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == read
        assert Path(f"tables/{name}.tex").read_text("utf-8").count(r"\\") == len(rows) + 1


def test_what_latex_would_obey_is_printed():
    assert escaped("50 % of a_b & \\input{x}\n\u22121") == r"50 \% of a\_b \& \textbackslash{}input\{x\} $-$1"


def test_sets_without_noise_stand_behind_the_ratios_and_are_not_joined_to_them():
    panel = figures(study_data())["accuracy"].panels[0]
    assert [word for _, word in panel.x_ticks] == ["\u22126", "0", "6", "clean"]
    assert panel.apart == panel.x_ticks[-1][0]
    adapted = next(series for series in panel.series if series.name == "text background")
    assert len(adapted.points) == 4
    assert all(point.low < point.y < point.high for point in adapted.points)


def test_only_the_temperature_of_the_answer_stands_in_the_figures_of_one_temperature():
    data = study_data()
    rows = figures(data)["classes"].table.rows
    means = {row["label"]: row["difference"] for row in rows if row["modality"] == "text"}
    wanted = [r for r in data.by_class if r["modality"] == "text" and r["temperature"] == 0.5 and r["label"] == "siren"]
    assert means["siren"] == pytest.approx(np.mean([row["difference"] for row in wanted]))
    assert len(means) == len(LABELS)


def test_reliability_of_several_cells_counts_every_clip_once():
    data = study_data(scenes=("park",))
    found = figures(data)["reliability"].table.rows
    wanted = [r for r in data.reliability if r["mode"] == "zs" and r["modality"] == "none"]
    own = [row for row in found if row["mode"] == "zs" and row["modality"] == "none"]
    assert sum(row["n"] for row in own) == sum(row["n"] for row in wanted)
    error = sum(r["n"] * abs(r["confidence"] - r["accuracy"]) for r in wanted if r["n"]) / sum(r["n"] for r in wanted)
    assert own[0]["ece"] == pytest.approx(error)


def test_a_table_too_long_for_a_page_is_whole_in_its_file():
    data = study_data(scenes=[f"scene {i}" for i in range(12)])
    page = study_page(data)
    assert "84 more rows are in the CSV file" in page
    assert len(linked(page)["gains.csv"]) == len(data.gains) == 384


def test_ticks_are_round_and_neither_few_nor_many():
    for low, high in ((0, 1), (-0.013, 0.071), (0.42, 0.97), (-6, 30), (1e-5, 3e-5), (0, 12345)):
        ticks = Scale(low, high, 0, 300).ticks()
        assert 3 <= len(ticks) <= 7
        assert low <= ticks[0] <= ticks[-1] <= high


def test_confusion_before_is_that_of_the_scores_without_the_profile():
    unadapted = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)
    cell = GridResult(
        "zs", "text", 0.5, (FoldResult(1, 3, {"accuracy": 1.0}),), unadapted, np.zeros((1, 2), np.float32),
        np.zeros(3, np.int64), np.zeros(3, np.int64), np.full(1, 0.5), np.full(1, np.nan), np.array([0, 1, 1]),
    )  # fmt: skip
    result = type("Result", (), {"y": np.array([0, 1, 1]), "classes": ("a", "b")})()
    found = confusion_of("park", result, cell)
    assert found.before.tolist() == [[1, 0], [1, 1]]
    assert found.after.tolist() == [[1, 0], [0, 2]]


def test_what_made_the_numbers_stands_in_the_report_with_its_sentences():
    artifacts = {"scores-ab": {"title": "zs", "made_of": {"seed": 7}, "needs": ["embeddings-cd"], "prompts": "ef"}}
    sentences = {"ef": {"dog": ["The sound of a dog.", "A dog."]}}
    encoders = {"clap": {"weights_sha256": "1234"}, "compact": {"window": 10.0}}
    made_of = provenance(encoders, sentences, artifacts, {"modes": ["zs", "sv"]}, {"numpy": "2.0"})
    text = " ".join(Parsed(study_page(StudyData("A study", made_of=made_of))).text.split())
    told = ("clap 1234", "compact \u2013 10.0", "The sound of a dog.; A dog.", '{"seed": 7}', "zs; sv", "numpy 2.0")
    assert [words for words in told if words not in text] == []


def test_a_folder_that_cannot_be_written_is_named():
    Path("taken").write_text("")
    with pytest.raises(AtmdaError, match=r"taken.*cannot be written"):
        written(study_data(), "taken")


@pytest.mark.skipif(not matplotlib_is_there(), reason="needs matplotlib")
def test_figures_for_print_are_the_same_bytes_without_dates_and_labels_are_no_formulas():
    found = figures(study_data(labels=("$\\frac{", "\u72ac", "dog")))["classes"]
    found = replace(found, panels=found.panels[:1], legend=())
    for folder in ("a", "b"):
        save_figure(found, Path(folder))
    for kind, begin in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        content = Path(f"a/classes.{kind}").read_bytes()
        assert content.startswith(begin)
        assert content == Path(f"b/classes.{kind}").read_bytes()
        assert b"Date" not in content


HARNESS = """<!doctype html><body>
<iframe src="{page}" style="width:375px;height:600px"></iframe>
<iframe src="{page}" style="width:1440px;height:600px;color-scheme:dark"></iframe>
<pre id="found"></pre><script>
addEventListener("load", () => {{
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument, all = query => [...page.querySelectorAll(query)];
    all("details").forEach(details => {{ details.open = true }});
    const cut = all("svg text").filter(text => {{
      const [own, svg] = [text, text.ownerSVGElement].map(each => each.getBoundingClientRect());
      return own.left < svg.left - 1 || own.right > svg.right + 1 ||
        own.top < svg.top - 1 || own.bottom > svg.bottom + 1;
    }}).map(text => text.textContent);
    const wide = all(".wide").filter(box => box.tabIndex !== 0 && box.scrollWidth > box.clientWidth);
    found.push({{inner: frame.contentWindow.innerWidth, width: page.scrollingElement.scrollWidth, cut,
      unreachable: wide.length, ground: getComputedStyle(page.body).backgroundColor,
      smallest: Math.min(...all("svg[role=img]").map(svg => svg.getScreenCTM().a * 11))}});
  }}
  document.getElementById("found").textContent = JSON.stringify(found);
}});
</script></body>"""


@needs_browser
def test_in_a_browser_the_page_fits_a_telephone_follows_the_dark_and_cuts_nothing(tmp_path):
    labels = ("W" * 60, "a siren of " + "very " * 30 + "long name", "dog <b>", "cat", "rain")
    data = study_data(auto=True, labels=labels, scenes=("street_" * 20, "tram"), facts={"Prompts": "x" * 300})
    page = Path("page.html").resolve()
    page.write_text(study_page(data), "utf-8")
    for frame in frames(HARNESS, page, tmp_path):
        assert frame["cut"] == []
        assert frame["unreachable"] == 0
        assert frame["smallest"] >= 10.5
