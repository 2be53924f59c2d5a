"""From the statistics of a classification to the report of a study."""

import numpy as np
import pytest
from test_study_statistics import classified

from atmda.core.evaluation.gap import CENTRED
from atmda.report.study.confusion import confusion_of
from atmda.report.study.document import figures_of, study_page
from atmda.tasks.statistics import analyse, joined
from atmda.tasks.statistics.reported import GapRows, study_data


@pytest.fixture(scope="module")
def result():
    return classified(modalities=("none", "audio"), temperatures=(0.3, 0.6, "auto"))


def test_the_rows_of_the_statistics_become_every_figure(result):
    scenes = {"park": 0.0, "tram": 6.0}
    statistics = joined(
        [analyse(result, point={"scene": scene, "snr": snr}, n_samples=200) for scene, snr in scenes.items()]
    )
    X, T = result.table.embeddings, np.eye(3, 16, dtype=np.float32)
    rows = GapRows()
    rows.add({"dataset": "made up"}, [CENTRED], X, T, result.y)
    confusion = [confusion_of("park", result, cell) for cell in result.cells if cell.modality == "audio"][:1]
    data = study_data("A study", statistics, confusion=confusion, notes=["A note."], **vars(rows))
    names = [figure.name for figure in figures_of(data)]
    assert names == ["accuracy", "temperatures", "gains", "classes", "folds", "confusion", "reliability", "gap",
                     "gap_steps", "gap_points"]  # fmt: skip
    page = study_page(data)
    assert "A note." in page
    assert "temperatures chosen on training folds" in page


def test_average_gains_are_corrected_over_the_temperatures_that_were_compared(result):
    data = study_data("A study", analyse(result, n_samples=200))
    overall = [row for row in data.averages if "modality" not in row]
    assert [(row["temperature"], row["auto"]) for row in overall] == [(0.3, False), (0.6, False), (None, True)]
    smallest = min(overall, key=lambda row: row["p"])
    assert smallest["p_holm"] == pytest.approx(min(1.0, 3 * smallest["p"]))
