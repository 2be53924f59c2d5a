"""The page of a run over long recordings, made up window by window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import numpy.typing as npt

from atmda.core.audio import open_audio
from atmda.core.detection.detection import Detection
from atmda.core.detection.window import ScoredWindow
from atmda.report.listening.choosing import APART, Pool
from atmda.report.listening.document import Overview, Section, Total, write_page
from atmda.report.listening.example import Example, Profiles
from atmda.report.listening.hours import Heard, Hours
from atmda.report.listening.sound import ReadAudio
from atmda.report.listening.timeline import timeline
from atmda.report.listening.words import decibels, lasting, score

#: a change of confidence below it is not worth a look
LEAST_CHANGE = 0.01
SPREAD = f"The first three of each label come first; examples of one recording lie at least {APART:g} s apart."
CLOCK, FROM_START = "By hour of the day", "From the start of each recording"


class ListeningPage:
    """What a run heard, and its surest, most doubtful and most changed windows.

    Memory holds a few windows of each kind and the hours in which something was heard, however many windows come.
    Recordings come one after another, the windows of each, and the detections of each label, in order of their starts.

        page = ListeningPage(labels, {"Recordings": "forest"}, temperature=0.5)
        for window in windows: page.add(window)
        for detection in detections: page.add_detection(detection)
        page.write(Path("listen"))
    """

    def __init__(
        self,
        labels: Sequence[str],
        facts: Mapping[str, str],
        *,
        thresholds: npt.ArrayLike = 0.0,
        temperature: float | None = None,
        multi_label: bool = False,
        keep: int = 8,
        no_audio: bool = False,
        title: str = "What is heard when",
    ) -> None:
        """`labels`: the c classes. `facts`: what is said of the run, by name.

        `thresholds`: least confidence of a detection, one number or (c,). `temperature`: how much of the background
        profile is taken off; None where nothing is. `multi_label`: each class is judged by itself, so the most
        doubtful are those nearest their threshold, not those whose two best labels are nearest.
        `keep`: examples of each kind. `no_audio`: leave out what can be heard, as `write_page` does.
        """
        self._labels, self._facts, self._title = tuple(labels), dict(facts), title
        self._thresholds = np.broadcast_to(np.asarray(thresholds, np.float32), (len(self._labels),))
        self._temperature, self._multi_label, self._no_audio = temperature, multi_label, no_audio
        self._index = {label: c for c, label in enumerate(self._labels)}
        self._hours = Hours()
        self._surest, self._doubtful, self._changed = Pool(keep), Pool(keep), Pool(keep)
        self._adapted = False

    def add(self, window: ScoredWindow) -> None:
        """A window that was scored, whatever it holds."""
        self._hours.add_window(window.filename, window.start, window.end, window.recorded)
        self._adapted |= window.profile is not None
        p = window.confidences
        label = int(p.argmax())
        confidence = float(p[label])
        if window.silent or not confidence >= self._thresholds[label]:
            return
        self._surest.offer(confidence, label, window)
        if self._multi_label:
            self._doubtful.offer(float(self._thresholds[label]) - confidence, label, window)
        elif len(p) > 1:
            self._doubtful.offer(float(np.partition(p, -2)[-2]) - confidence, label, window)
        if window.profile is not None:
            before = window.unadapted_confidences
            change = float(np.abs(p - before).max())
            other = int(before.argmax()) != label
            if other or change >= LEAST_CHANGE:
                self._changed.offer(change + other, label, window)

    def add_detection(self, detection: Detection) -> None:
        """A detection, for the timeline and the totals."""
        self._hours.add_detection(
            detection.filename, self._index[detection.label], detection.start, detection.end, detection.start_time
        )

    def write(self, folder: Path, read_audio: ReadAudio = open_audio) -> Path:
        """Write `folder`/report.html, and give its path.

        `read_audio` opens the parts of recordings that are shown: `open_audio`, with a `Reading` of one's own or for
        paths of another kind. Raises AtmdaError where the page cannot be written.
        """
        overview = self._overview()
        seconds = sum(sum(bins.recorded.values()) for bins in (self._hours.clock, self._hours.unknown))
        facts = {**self._facts, "Looked at": f"{lasting(seconds)} in {self._hours.recordings:,} recordings"}
        return write_page(
            folder, self._title, facts, self._sections(), overview=overview,
            temperature=self._temperature if self._adapted else None, no_audio=self._no_audio, read_audio=read_audio,
        )  # fmt: skip

    def _overview(self) -> Overview:
        sums: dict[int, Heard] = {}
        recorded = 0.0
        for bins in (self._hours.clock, self._hours.unknown):
            recorded += sum(bins.recorded.values())
            for by_label in bins.heard.values():
                for label, heard in by_label.items():
                    total = sums.setdefault(label, Heard())
                    total.detections += heard.detections
                    total.seconds += heard.seconds
        order = sorted(sums, key=lambda label: (-sums[label].seconds, label))
        totals = [
            Total(self._labels[c], sums[c].detections, sums[c].seconds, min(1.0, sums[c].seconds / max(recorded, 1e-9)))
            for c in order
        ]
        drawn = {
            CLOCK: timeline(self._hours.clock, self._labels, clock=True),
            FROM_START: timeline(self._hours.unknown, self._labels, clock=False),
        }
        return Overview(totals, {heading: found for heading, found in drawn.items() if found is not None})

    def _sections(self) -> list[Section]:
        doubt = (
            "The windows whose best label is nearest its threshold. "
            if self._multi_label
            else "The windows whose two best labels are nearly as likely. "
        )
        changed = "The windows that adaptation to the background gave another label, then those it changed most. "
        if not self._adapted:
            changed, spread = "There is no background here, so nothing was changed.", ""
        else:
            spread = SPREAD
        surest = "The windows whose best label has the highest confidence. "
        return [
            Section("Surest", surest + SPREAD, [self._example(window) for window in self._surest.chosen()]),
            Section("Most doubtful", doubt + SPREAD, [self._example(window) for window in self._doubtful.chosen()]),
            Section("Most changed", changed + spread, [self._example(window) for window in self._changed.chosen()]),
        ]

    def _example(self, window: ScoredWindow) -> Example:
        best = (-window.confidences).argsort(kind="stable")
        first = int(best[0])
        facts = {"Confidence": f"{window.confidences[first]:.3f}, score {score(float(window.scores[first]))}"}
        if len(best) > 1:
            facts["Second"] = f"{self._labels[int(best[1])]}, {window.confidences[int(best[1])]:.3f}"
        if window.profile is not None:
            before = int(window.unadapted_confidences.argmax())
            facts["Not adapted"] = f"{self._labels[before]}, {window.unadapted_confidences[before]:.3f}"
        if window.recorded is not None:
            facts["Time"] = _moment(window.recorded, window.start)
        if window.site:
            facts["Site"] = window.site
        facts["Level"] = decibels(window.level)
        if window.note:
            facts["Note"] = window.note
        adapted = None if window.profile is None else window.scores
        profiles = Profiles(self._labels, window.unadapted_scores, window.profile, adapted)
        return Example(self._labels[first], window.filename, window.path, window.start, window.end, facts, profiles)


def _moment(recorded: datetime, later: float) -> str:
    """The time `later` seconds after a recording began, as the clocks of the place show it."""
    if recorded.tzinfo is None:
        return (recorded + timedelta(seconds=later)).isoformat(" ", "seconds")
    moment = (recorded.astimezone(timezone.utc) + timedelta(seconds=later)).astimezone(recorded.tzinfo)
    return moment.isoformat(" ", "seconds")
