import json

import numpy as np
import pytest

from atmda.core.embeddings.table import EmbeddingTable
from atmda.core.evaluation.grid import run_grid
from atmda.core.evaluation.metrics import METRICS
from atmda.core.evaluation.selection import Chooser
from atmda.core.evaluation.splits import by_fold
from atmda.core.methods.backgrounds import Backgrounds
from atmda.core.methods.base import Training
from atmda.report.classification import as_document
from atmda.tasks.results import ClassifyResult
from atmda.tasks.statistics import analyse, averaged, joined

CLASSES = ("dog", "rain", "siren")


def classified(noise=0.8, several=False, own=False, **grid):
    """A grid over 120 clips of 40 recordings in four folds, with a background that all clips share."""
    rng = np.random.default_rng(0)
    y, source = np.arange(120) // 3 % 3, np.arange(120) // 3
    text, scene = rng.standard_normal((3, 16)), rng.standard_normal(16)
    X = text[y] + noise * (2 * rng.standard_normal((40, 16))[source] + 2 * scene + rng.standard_normal((120, 16)))
    X, text, scene = (
        np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32) for rows in (X, text, scene)
    )
    truth = (y[:, None] == np.arange(3)) | (rng.random((120, 3)) < 0.2) if several else y
    training, folds, sources = Training(3, text, X, truth), source % 4 + 1, [f"r{s}" for s in source]
    table = EmbeddingTable([f"c{i}" for i in range(120)], X, folds=folds, sources=sources)
    backgrounds = Backgrounds(text=scene[None], audio=scene[None], own=X[::-1].copy() if own else None)
    metrics = grid.pop("metrics", ("map",) if several else ("accuracy",))
    settings = {"modes": ("zs", "sv"), "modalities": ("none", "audio"), "temperatures": (0.3, 0.6)} | grid
    chooser = Chooser(training, folds, sources, backgrounds, METRICS.get(metrics[0]))
    cells = run_grid(
        training,
        by_fold(folds),
        backgrounds=backgrounds,
        metrics=metrics,
        logit_scale=10.0,
        chooser=chooser,
        **settings,
    )
    return ClassifyResult(table, CLASSES, truth, cells, metrics, {})


@pytest.fixture(scope="module")
def result():
    return classified()


def test_every_cell_lies_within_its_interval_and_every_gain_is_told_against_its_own_mode(result):
    found = analyse(result, point={"scene": "park"})
    assert [row["mode"] for row in found.gains] == ["zs", "zs", "sv", "sv"]
    assert all(row["scene"] == "park" for rows in found.tables().values() for row in rows)
    for row in found.cells:
        assert row["low"] < row["value"] < row["high"]
        assert (row["n"], row["sources"]) == (120, 40)
    values = {(row["mode"], row["modality"], row["temperature"]): row["value"] for row in found.cells}
    for row in found.gains:
        assert row["before"] == values[row["mode"], "none", None]
        assert row["difference"] == pytest.approx(row["after"] - row["before"])
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["p"] <= row["p_holm"] <= 1


def test_statistics_are_one_json_document_with_the_same_columns_in_every_row_of_a_table(result):
    tables = analyse(result, groups={"scene": ["park", "tram"] * 60}).tables()
    json.dumps(dict(tables), allow_nan=False)
    for name in ("cells", "gains", "by_fold", "by_class", "by_group", "reliability"):
        assert len({tuple(row) for row in tables[name]}) == 1, name


def test_a_grid_without_unadapted_cells_is_told_against_its_own_unadapted_scores(result):
    alone = classified(modalities=("audio",))
    pick = ("mode", "temperature", "before", "after", "low", "high", "p")
    told = [[{name: row[name] for name in pick} for row in analyse(one).gains] for one in (result, alone)]
    assert told[0] == told[1]


def test_breakdowns_add_up_to_the_whole(result):
    found = analyse(result, groups={"scene": ["park", "tram", "tram"] * 40})
    for cell, row in zip(result.cells, found.cells, strict=True):
        right = (cell.predicted == result.y).sum()
        for part in (found.by_fold, found.by_class, found.by_group):
            own = [r for r in part if all(r[k] == row[k] for k in ("mode", "modality", "temperature"))]
            assert sum(r["value"] * r["n"] for r in own) == pytest.approx(right)
            assert all(r["low"] <= r["value"] <= r["high"] for r in own)
        bins = [r for r in found.reliability if all(r[k] == row[k] for k in ("mode", "modality", "temperature"))]
        assert sum(r["n"] for r in bins) == 120
        assert sum(r["accuracy"] * r["n"] for r in bins if r["n"]) == pytest.approx(right)


def test_the_same_clips_in_ten_scenes_do_not_count_as_ten_times_as_many(result):
    one = analyse(result)
    ten = joined([analyse(result, point={"scene": scene}) for scene in range(10)])
    by_mode, by_mode_of_ten = (averaged(part, ("mode", "temperature")) for part in (one, ten))
    for row, other in zip(by_mode, by_mode_of_ten, strict=True):
        assert other["cells"] == 10 * row["cells"]
        assert [other[k] for k in ("low", "high", "p")] == pytest.approx(
            [row[k] for k in ("low", "high", "p")], abs=1e-6
        )
    assert ten.gains[0]["p_holm"] >= one.gains[0]["p_holm"]


def test_one_background_for_all_clips_cannot_change_macro_map_and_that_is_said():
    alike, own = analyse(classified(several=True)), analyse(classified(several=True, own=True))
    for row in alike.gains:
        assert row["cannot_change"]
        assert row["difference"] == pytest.approx(0, abs=1e-6)
        assert row["p"] is row["p_holm"] is None
    assert any("macro mAP cannot change" in note for note in alike.notes)
    assert not any(row["cannot_change"] for row in own.gains)
    assert any(abs(row["difference"]) > 1e-3 for row in own.gains)
    assert all(row["low"] <= row["difference"] <= row["high"] for row in own.gains)
    assert all(row["low"] < row["value"] < row["high"] for row in own.cells)
    assert not own.notes


def test_a_temperature_chosen_on_training_folds_is_set_beside_the_best_in_hindsight():
    result = classified(modes=("zs",), temperatures=("auto", 0.3))
    (row,) = analyse(result).hindsight
    fixed = max(cell.accuracy for cell in result.cells if cell.temperature == 0.3)
    assert row["best"] >= fixed
    assert row["regret"] == pytest.approx(row["best"] - row["chosen"])
    assert row["chosen"] == next(cell for cell in result.cells if cell.temperature == "auto").accuracy
    assert 0 <= row["lowest"] <= row["highest"] <= 1.5


def test_where_recordings_are_not_known_that_is_said_and_clips_are_drawn(result):
    table = EmbeddingTable(result.table.clips, result.table.embeddings, folds=result.folds)
    found = analyse(ClassifyResult(table, CLASSES, result.y, result.cells, result.metrics, {}))
    assert found.cells[0]["sources"] == 120
    assert "not known" in found.notes[0]


def test_classify_counts_clips_of_one_recording_for_as_many_as_are_independent(result):
    table = EmbeddingTable(result.table.clips, result.table.embeddings, folds=result.folds)
    by_clip = as_document(ClassifyResult(table, CLASSES, result.y, result.cells, result.metrics, {}))
    by_source = as_document(result)
    assert (by_clip["interval_by"], by_source["interval_by"]) == ("clip", "source")
    for narrow, wide in zip(by_clip["results"], by_source["results"], strict=True):
        assert (
            wide["interval"][0] < narrow["interval"][0] < wide["accuracy"] < narrow["interval"][1] < wide["interval"][1]
        )
