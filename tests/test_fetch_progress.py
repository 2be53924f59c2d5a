"""What people see while it downloads."""

from __future__ import annotations

import pytest

from atmda.cli import transfers as module
from atmda.cli.console import Console
from atmda.cli.transfers import Transfers, format_bytes
from atmda.datasets.remotes import Remote

A, B = Remote("a.zip", "http://x/a"), Remote("b.zip", "http://x/b")


def test_in_a_log_a_line_tells_how_far_how_fast_and_how_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with Transfers(Console(), "set") as transfers:
        transfers.planned(4_000_000_000)
        transfers.downloaded(A, 1_000_000_000, 2_000_000_000)  # left by an earlier run
        now[0] = 100.0
        transfers.downloaded(A, 1_500_000_000, 2_000_000_000)
        transfers.downloaded(B, 1, 2_000_000_000)
    assert capsys.readouterr().err == "set: 1.5 GB of 4.0 GB, 5 MB/s, 8 min left\n"


@pytest.mark.parametrize("console", [Console(quiet=True)])
def test_quiet_is_quiet(console: Console, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(module, "LINE_EVERY", -1.0)
    with Transfers(console, "set") as transfers:
        transfers.downloaded(A, 1, 2)
        transfers.notice("trying again")
        transfers.unpacked("all", 1)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_a_bar_shows_each_file_and_all_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with Transfers(Console(), "set") as transfers:
        transfers.planned(4_000_000)
        transfers.downloaded(A, 500_000, 2_000_000)
        transfers.downloaded(B, 500_000, 2_000_000)
        transfers.notice("b.zip: the connection broke; trying again in 1 s.")
        transfers.unpacked("part", 1000)
        transfers._bar.refresh()
    shown = capsys.readouterr().err
    assert "a.zip" in shown and "set in all" in shown and "unpacking part" in shown and "0.5/2.0 MB" in shown
    assert "trying again in 1 s." in shown


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (6_023_741_708, "6.0 GB"), (66e9, "66.0 GB")]
)
def test_sizes_are_said_as_people_say_them(count: float, words: str) -> None:
    assert format_bytes(count) == words
