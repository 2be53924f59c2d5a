"""Units are handed out again where a worker died, halved where that is no help, and never lost."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from atmda.core.clip import Clip
from atmda.core.embeddings.handing_out import Done, Ended, hand_out
from atmda.core.embeddings.units import Item, Unit, Windows, clip_units

CLIPS = [Clip(Path(f"{index:03}.wav"), f"{index:03}") for index in range(100)]


class Scripted:
    """Workers, of which `deaths` happen to units that hold a name: as many as it says, or for ever."""

    def __init__(self, workers: int, deaths: dict[str, float]) -> None:
        self.workers, self.deaths, self.busy, self.given = workers, deaths, [], []

    def free(self) -> int:
        return self.workers - len(self.busy)

    def give(self, unit: Unit) -> None:
        assert self.free()
        self.busy.append(unit)
        self.given.append(unit)

    def ended(self) -> Sequence[Ended[list[str]]]:
        unit = self.busy.pop()  # the latest first
        names = [item.name for item in unit.items]
        for name, times in self.deaths.items():
            if name in names and times > 0:
                self.deaths[name] -= 1
                return [Ended(unit, died="ActorDiedError")]
        return [Ended(unit, names)]


def units(size: int = 16) -> list[Unit]:
    return list(clip_units(CLIPS, np.arange(100), size))


def names_of(done: list[Done[list[str]]]) -> list[str]:
    return [name for own in sorted(done, key=lambda own: own.unit.number) for names in own.results for name in names]


def test_every_unit_is_done_once_whatever_the_number_of_workers() -> None:
    for workers in (1, 3, 20):
        done = list(hand_out(iter(units()), Scripted(workers, {})))
        assert names_of(done) == [clip.name for clip in CLIPS]
        assert all(len(own.results) == 1 for own in done)


def test_a_unit_whose_worker_died_three_times_is_done_whole_the_fourth() -> None:
    crew = Scripted(2, {"020": 3})
    done = list(hand_out(iter(units()), crew))
    assert names_of(done) == [clip.name for clip in CLIPS]
    assert [unit.number for unit in crew.given].count(1) == 4
    assert not any(own.lost for own in done)


@pytest.mark.parametrize("deadly", ["000", "037", "099"])
def test_what_kills_every_worker_is_found_by_halving_and_the_rest_is_kept_in_order(deadly: str) -> None:
    crew = Scripted(2, {deadly: 1000})
    done = list(hand_out(iter(units()), crew))
    assert names_of(done) == [clip.name for clip in CLIPS if clip.name != deadly]
    lost = [(item.name, reason) for own in done for item, reason in own.lost]
    assert lost == [(deadly, "the worker that read it died, 4 times (ActorDiedError)")]
    assert 1000 - crew.deaths[deadly] <= 4 + 4 + 4  # the unit, its halves down to two, the clip


def test_two_that_kill_are_both_found() -> None:
    done = list(hand_out(iter(units()), Scripted(1, {"017": 1000, "018": 1000})))
    assert sorted(item.name for own in done for item, _ in own.lost) == ["017", "018"]
    assert len(names_of(done)) == 98


def test_windows_are_halved_down_to_one_and_come_back_in_order() -> None:
    spans = tuple((float(start), start + 1.0) for start in range(8))
    item: Item = Windows(CLIPS[0], 3, tuple(range(8)), spans)
    unit: Unit | None = Unit(0, (CLIPS[1], item))  # type: ignore[arg-type]
    parts = [unit]
    while any(part.halves() for part in parts):
        parts = [half for part in parts for half in (part.halves() or (part,))]
    assert parts == sorted(parts, key=lambda part: part.begin)
    assert [part.items[0].name for part in parts[1:]] == [f"000#t={start},{start + 1}" for start in range(8)]


def test_what_is_done_already_does_not_move_the_other_units() -> None:
    rows = np.asarray([3, 40, 41, 99])
    found = [(unit.number, [item.name for item in unit.items]) for unit in clip_units(CLIPS, rows, 16)]
    assert found == [(0, ["003"]), (2, ["040", "041"]), (6, ["099"])]
