"""Event-based and segment-based agreement: by hand, and against sed_eval."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from atmda.core.detection.detection import Detection
from atmda.core.evaluation.events import Agreement, Event, event_based, segment_based


def dogs(*times: tuple[float, float], filename: str = "a.wav", label: str = "dog") -> list[Event]:
    return [Event(filename, start, end, label) for start, end in times]


def test_an_event_is_found_by_one_detection_that_begins_within_the_collar() -> None:
    found = event_based(dogs((1, 2), (5, 6), (8, 9)), dogs((1.2, 9), (1.1, 2), (5.3, 6)), collar=0.2)["dog"]
    assert found == Agreement(there=3, detected=3, agreed=1)
    assert (found.precision, found.recall, found.f1) == (1 / 3, 1 / 3, 1 / 3)


def test_an_offset_may_be_off_by_the_collar_or_half_the_event() -> None:
    there = dogs((0, 4))
    assert [event_based(there, dogs((0, end)), collar=0.5, offset_fraction=0.5)["dog"].agreed for end in (2, 1.9)] == [
        1, 0,
    ]  # fmt: skip
    assert event_based(dogs((0, 0.2)), dogs((0, 0.7)), collar=0.5, offset_fraction=0.5)["dog"].agreed == 1


def test_as_many_pairs_are_made_as_can_be() -> None:
    # the first detection suits both events, the second the first event alone
    there, detected = dogs((1.0, 2.0), (1.1, 3.0)), dogs((1.0, 2.4), (1.2, 1.6))
    assert event_based(there, detected, collar=0.5, offset_fraction=0.5)["dog"].agreed == 2


def test_labels_and_recordings_do_not_answer_for_each_other() -> None:
    there = dogs((1, 2)) + dogs((1, 2), filename="b.wav", label="siren")
    detected = [Detection("a.wav", 1, 2, "siren", 0.9, 0.1, 0.9), Detection("b.wav", 1, 2, "siren", 0.9, 0.1, 0.9)]
    for found in (event_based(there, detected), segment_based(there, detected)):
        assert found == {"dog": Agreement(1, 0, 0), "siren": Agreement(1, 2, 1)}
        assert sum(found.values(), Agreement()) == Agreement(2, 2, 1)


def test_a_label_is_in_each_segment_that_it_touches_once() -> None:
    # there: seconds 0, 1, 2 and 5; detected: 2, 3, 4 and 5
    found = segment_based(dogs((0.9, 2.1), (2.5, 3.0), (5, 6)), dogs((2.2, 4.4), (4.5, 5.5)))["dog"]
    assert found == Agreement(there=4, detected=4, agreed=2)
    assert segment_based(dogs((0, 1)), dogs((0.5, 1.0)), segment=0.25)["dog"] == Agreement(4, 2, 2)


def test_a_ratio_of_nothing_is_no_number() -> None:
    nothing = event_based([], [])
    assert nothing == {} and isnan(sum(nothing.values(), Agreement()).f1)
    missed = event_based(dogs((1, 2)), [])["dog"]
    assert isnan(missed.precision) and missed.recall == missed.f1 == 0.0


def test_numbers_are_those_of_sed_eval() -> None:
    sed_eval = pytest.importorskip("sed_eval", reason="sed_eval is not installed (it needs dcase_util)")
    containers = pytest.importorskip("dcase_util.containers")
    random = np.random.default_rng(7)
    labels = ["dog", "horn", "siren"]

    def drawn(n: int, filename: str) -> list[Event]:
        starts, lengths = random.uniform(0, 40, n), random.uniform(0.1, 4, n)
        return [
            Event(filename, float(start), float(start + length), str(random.choice(labels)))
            for start, length in zip(starts, lengths, strict=True)
        ]

    def listed(events: list[Event]) -> list[dict[str, object]]:
        rows = [{"filename": e.filename, "onset": e.start, "offset": e.end, "event_label": e.label} for e in events]
        return containers.MetaDataContainer(rows)  # type: ignore[no-any-return]

    files = [(drawn(40, name), drawn(50, name)) for name in ("a.wav", "b.wav")]
    there, detected = ([e for pair in files for e in pair[side]] for side in (0, 1))
    for collar, fraction in ((0.2, None), (1.0, None), (0.5, 0.5)):
        theirs = sed_eval.sound_event.EventBasedMetrics(
            labels, evaluate_offset=fraction is not None, t_collar=collar, percentage_of_length=fraction or 0.5
        )
        for events, found in files:
            theirs.evaluate(listed(events), listed(found))
        _same(event_based(there, detected, collar=collar, offset_fraction=fraction), theirs)
    for segment in (1.0, 0.1):
        theirs = sed_eval.sound_event.SegmentBasedMetrics(labels, time_resolution=segment)
        for events, found in files:
            theirs.evaluate(listed(events), listed(found))
        _same(segment_based(there, detected, segment=segment), theirs)


def _same(ours: dict[str, Agreement], theirs: object) -> None:
    overall = sum(ours.values(), Agreement())
    for mine, reference in [
        (overall, theirs.results_overall_metrics()),  # type: ignore[attr-defined]
        *((ours[label], theirs.results_class_wise_metrics()[label]) for label in ours),  # type: ignore[attr-defined]
    ]:
        f = reference["f_measure"]
        assert (mine.precision, mine.recall) == pytest.approx((f["precision"], f["recall"]), abs=1e-12)
        assert mine.f1 == pytest.approx(f["f_measure"], abs=1e-12)
