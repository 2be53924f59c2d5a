"""Windows become detections: which labels count, and which windows are one."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atmda.core.detection.choice import Choice
from atmda.core.detection.merging import detections
from atmda.core.detection.window import ScoredWindow
from atmda.datasets.thresholds import read_thresholds
from atmda.errors import SettingsError

LABELS = ("dog", "siren", "car_horn")


def window(start: float, *confidences: float, end: float | None = None, **more: Any) -> ScoredWindow:
    """Two seconds from `start`; scores are a tenth of the confidences."""
    p = np.asarray(confidences, np.float32)
    values: dict[str, Any] = {
        "filename": "a.wav", "path": None, "start": start, "end": start + 2 if end is None else end,
        "scores": p / 10, "unadapted_scores": p / 10, "confidences": p, "unadapted_confidences": p,
    }  # fmt: skip
    return ScoredWindow(**{**values, **more})


def heard(windows: list[ScoredWindow], choice: Choice | None = None, merge: float | None = None) -> list[Any]:
    found = detections(windows, choice or Choice(LABELS, None, 0.5), merge)
    return [(d.start, d.end, d.label, d.windows) for d in found]


def test_each_window_gives_its_surest_label_unless_more_are_asked_for() -> None:
    windows = [window(0, 0.2, 0.5, 0.3), window(2, 0.6, 0.1, 0.3)]
    assert heard(windows, Choice(LABELS)) == [(0, 2, "siren", 1), (2, 4, "dog", 1)]
    two = heard(windows, Choice(LABELS, top_k=2))
    assert [label for _, _, label, _ in two] == ["siren", "car_horn", "dog", "car_horn"]  # in the order of labels


def test_a_label_must_reach_its_own_threshold_or_the_one_for_all() -> None:
    choice = Choice(LABELS, top_k=None, min_confidence=0.7, thresholds={"dog": 0.2})
    assert choice.chosen(window(0, 0.2, 0.7, 0.69)) == [1, 0]  # exactly 0.7 and 0.2 are enough


def test_of_labels_that_are_equally_sure_the_greater_score_wins() -> None:
    full = window(0, 1.0, 1.0, 1.0, scores=np.asarray([3, 9, 5], np.float32))
    assert Choice(LABELS).chosen(full) == [1]
    assert Choice(LABELS, top_k=2).chosen(full) == [1, 2]


def test_silence_and_a_class_without_prototype_are_never_heard() -> None:
    assert Choice(LABELS).chosen(window(0, 0.9, 0.1, 0.0, silent=True)) == []
    lacking = window(0, 0.0, 0.0, 0.0, scores=np.asarray([-np.inf, -np.inf, -np.inf], np.float32))
    assert Choice(LABELS, top_k=None).chosen(lacking) == []


def test_a_threshold_for_a_label_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'cat'"):
        Choice(LABELS, thresholds={"cat": 0.5})


def test_windows_that_overlap_touch_or_lie_within_the_gap_are_one_detection() -> None:
    windows = [window(start, 0.9, 0.0, 0.0) for start in (0, 1, 3, 6, 9.5)]
    assert heard(windows, merge=0) == [(0, 5, "dog", 3), (6, 8, "dog", 1), (9.5, 11.5, "dog", 1)]
    assert heard(windows, merge=1) == [(0, 8, "dog", 4), (9.5, 11.5, "dog", 1)]
    assert heard(windows, merge=1.5) == [(0, 11.5, "dog", 5)]
    assert len(heard(windows)) == 5


def test_a_gap_of_three_tenths_holds_windows_that_are_three_tenths_apart() -> None:
    apart = [window(0.1, 0.9, 0, 0, end=0.2), window(0.1 + 0.1 + 0.3, 0.9, 0, 0)]
    assert apart[1].start - apart[0].end > 0.3 - 1e-16
    wide = [window(0, 0.9, 0, 0, end=0.4), window(0.7 + 1e-13, 0.9, 0, 0)]
    assert len(heard(apart, merge=0.3)) == len(heard(wide, merge=0.3)) == 1
    assert len(heard([wide[0], window(0.700001, 0.9, 0, 0)], merge=0.3)) == 2


def test_a_merged_detection_has_the_maximum_the_mean_and_what_its_surest_window_says() -> None:
    profile = np.zeros(3, np.float32)
    windows = [
        window(0, 0.5, 0.5, 0.0, profile=profile),
        window(2, 0.9, 0.1, 0.0, profile=profile, unadapted_confidences=np.asarray([0.2, 0.1, 0.7], np.float32)),
        window(4, 0.7, 0.3, 0.0, profile=profile, note="mended"),
    ]
    (dog,) = detections(windows, Choice(LABELS, 1, 0.5), 0)
    assert (dog.start, dog.end, dog.windows, dog.note) == (0, 6, 3, "mended")
    assert dog.confidence == pytest.approx(0.9) and dog.mean_confidence == pytest.approx(0.7)
    assert dog.score == pytest.approx(0.09)
    assert dog.unadapted == ("car_horn", pytest.approx(0.7))
    assert next(detections([window(0, 0.9, 0, 0)], Choice(LABELS))).unadapted is None


def test_a_recorders_start_gives_detections_their_time_of_day() -> None:
    midnight = datetime(2024, 7, 5, 23, 59, 59, tzinfo=timezone.utc)
    (dog,) = detections([window(0.5, 0.9, 0, 0, recorded=midnight, site="north")], Choice(LABELS))
    assert (dog.row()["start_time"], dog.row()["end_time"], dog.site) == (
        "2024-07-05T23:59:59.500+00:00", "2024-07-06T00:00:01.500+00:00", "north",
    )  # fmt: skip


def test_recordings_are_not_merged_with_each_other() -> None:
    windows = [window(8, 0.9, 0, 0), window(0, 0.9, 0, 0, filename="b.wav")]
    assert heard(windows, merge=100) == [(8, 10, "dog", 1), (0, 2, "dog", 1)]


def test_detections_come_by_start_then_end_then_the_order_of_labels() -> None:
    random = np.random.default_rng(3)
    windows = [window(float(k), *random.random(3)) for k in range(300)]
    for merge in (None, 0.0, 1.0, 3.0):
        found = heard(windows, Choice(LABELS, None, 0.7), merge)
        keys = [(start, end, LABELS.index(label)) for start, end, label, _ in found]
        assert keys == sorted(keys)
        assert sum(n for *_, n in found) == sum(len(Choice(LABELS, None, 0.7).chosen(w)) for w in windows)
        if merge is not None:
            for label in LABELS:
                mine = [one for one in found if one[2] == label]
                assert all(before[1] + merge < after[0] for before, after in pairwise(mine))


def test_detections_are_told_while_windows_still_come() -> None:
    def endless() -> Any:
        k = 0
        while True:
            yield window(4.0 * k, 0.9, 0.0, 0.0)
            k += 1

    assert next(detections(endless(), Choice(LABELS), 0)).end == 2


def test_windows_out_of_order_and_a_negative_gap_are_refused() -> None:
    with pytest.raises(ValueError, match=r"a\.wav: a window at 0 s follows one at 2 s"):
        heard([window(2, 0.9, 0, 0), window(0, 0.9, 0, 0)])
    with pytest.raises(ValueError, match="-1"):
        heard([], merge=-1)


@pytest.mark.parametrize(
    "text",
    [
        "label,threshold\ndog,0.4\nCar Horn,1\n",
        "dog,0.4\ncar_horn,1",
        "threshold;note;Label\n0.4;near the gate;Dog\n1;;car horn\n",
        "dog\t.4\r\n\r\ncar horn\t1e0\r\n",
    ],
)
def test_thresholds_are_read_with_a_header_or_without(text: str, tmp_path: Path) -> None:
    path = tmp_path / "thresholds.csv"
    path.write_text(text)
    assert read_thresholds(path, LABELS) == {"dog": 0.4, "car_horn": 1.0}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dog,0.4\nsirens,0.5\n", "line 2 is for 'sirens', which is not among the labels. Did you mean siren?"),
        ("label,threshold\ncat,0.5\n", "line 2 is for 'cat', which is not among the labels. The labels are: dog, "),
        ("dog,0.4\nDog,0.5\n", "line 2 is the second for 'dog'."),
        ("dog,40\n", "line 1 has the threshold '40'. Give a number between 0 and 1, as 0.6."),
        ("label,threshold\ndog,high\n", "line 2 has the threshold 'high'."),
        ("dog,nan\n", "line 1 has the threshold 'nan'."),
        ("dog\n", "line 1 has the threshold ''."),
        ("dog, loud,0.4\n", "line 1 has more cells than columns. Put a label with a comma in quotes."),
        ("", "there is nothing in it."),
    ],
)
def test_a_table_of_thresholds_that_cannot_be_is_refused_with_its_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "thresholds.csv"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_thresholds(path, LABELS)
    assert told in str(refused.value)
    assert refused.value.setting == "thresholds"
