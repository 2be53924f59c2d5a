"""Examples in, one HTML file out that holds all it shows: pictures and sound as data URIs, no script, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from atmda.core.audio import open_audio
from atmda.core.device import usable_cores
from atmda.core.files import check_writable, publish, unwritable
from atmda.core.parallel import one_threaded_pool
from atmda.core.text import printable
from atmda.errors import AudioError
from atmda.report.html import environment
from atmda.report.listening.example import Example
from atmda.report.listening.sound import ReadAudio, Sound, read_sound
from atmda.report.listening.spectrogram import HEIGHT, WIDTH
from atmda.report.listening.timeline import STEPS, Timeline
from atmda.report.listening.words import clock, hertz, lasting, score

NAME = "report.html"
ELSEWHERE = "Choose another `report` folder, or make room."
#: each holds one example's samples and spectrum; most of the time goes into MP3
MOST_THREADS = 8


@dataclass(frozen=True)
class Section:
    """Examples under one heading, with a sentence on what they are."""

    heading: str
    about: str
    examples: Sequence[Example]


@dataclass(frozen=True)
class Total:
    """A label in the whole of the recordings; `share`: of what was recorded."""

    label: str
    detections: int
    seconds: float
    share: float


@dataclass(frozen=True)
class Overview:
    """What was heard when, drawn above the examples: totals of each label, and timelines by their headings."""

    totals: Sequence[Total]
    timelines: Mapping[str, Timeline]


@dataclass(frozen=True)
class _Card:
    """An example and its number on the page; `sound` or why there is none; `shown`: the number of an earlier one."""

    number: int
    example: Example
    sound: Sound | None = None
    without: str = ""
    shown: int | None = None


def check_page(folder: Path) -> None:
    """Raises AtmdaError where the page could not be written into `folder`, before hours of work."""
    check_writable(folder / NAME, asked=folder, hint=ELSEWHERE)


def write_page(
    folder: Path,
    title: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    *,
    overview: Overview | None = None,
    temperature: float | None = None,
    no_audio: bool = False,
    read_audio: ReadAudio = open_audio,
) -> Path:
    """Write `folder`/report.html and give its path. The same arguments and recordings give the same bytes.

    `facts` stand below the title. `temperature`: how much of the background profiles was taken off, to be said.
    `no_audio` leaves out sound and spectrograms, from which speech could be made out and sound be made again; nothing
    is read then. A recording that cannot be read any more is shown without sound, with the reason.
    Raises AtmdaError where the page cannot be written.
    """
    templates = environment()
    templates.filters |= {"clock": clock, "lasting": lasting, "hertz": hertz, "score": score, "printable": printable}
    page = templates.get_template("listening/page.html.j2").render(
        title=title,
        facts=facts,
        sections=_numbered(sections, None if no_audio else read_audio),
        overview=overview,
        temperature=temperature,
        no_audio=no_audio,
        steps=STEPS,
        picture=(WIDTH, HEIGHT),
    )
    path = folder / NAME
    try:
        with publish(path) as temporary:
            temporary.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise unwritable(path, error, ELSEWHERE) from error
    return path


def _numbered(sections: Sequence[Section], read_audio: ReadAudio | None) -> list[tuple[Section, list[_Card]]]:
    """The cards of each section; a stretch that stands in an earlier section is referred to and not held twice."""
    shown: dict[tuple[str, float, float | None], int] = {}
    examples = [example for section in sections for example in section.examples]
    earlier = [
        shown.setdefault((example.filename, example.start, example.end), number)
        for number, example in enumerate(examples, 1)
    ]

    def card(number: int) -> _Card:
        example, first = examples[number - 1], earlier[number - 1]
        return _Card(number, example, shown=first) if first != number else _card(number, example, read_audio)

    with one_threaded_pool(min(MOST_THREADS, usable_cores())) as pool:
        cards = iter(list(pool.map(card, range(1, len(examples) + 1))))
    return [(section, list(islice(cards, len(section.examples)))) for section in sections]


def _card(number: int, example: Example, read_audio: ReadAudio | None) -> _Card:
    if read_audio is None:
        return _Card(number, example)
    if example.path is None:
        return _Card(number, example, without="Without sound: where the recording lies is not known.")
    try:
        sound = read_sound(example.path, example.filename, example.start, example.end, read_audio)
    except AudioError as error:
        return _Card(number, example, without=f"Without sound: {error.reason}.")
    return _Card(number, example, sound)
