"""The page to look and listen: what it holds, what it keeps in memory, and that nothing in it acts or calls out."""

import base64
import csv
import io
import re
import zlib
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile as sf
from browser import frames, needs_browser

from atmda.core.audio import open_audio
from atmda.core.detection.detection import Detection
from atmda.core.detection.window import ScoredWindow
from atmda.errors import AtmdaError
from atmda.report.listening import Example, ListeningPage, Section, write_page

LABELS = ("rain", "siren", "dog")
EVIL = '<script>alert("1")</script>"><img src=http://evil.example/x onerror=alert(2)>'


class Parsed(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text += data + " "

    def all(self, tag, name):
        return [value for t, n, value in self.attributes if (t, n) == (tag, name)]


def scored(name, start, confidences, before=None, seconds=1.0, path=None, **more):
    p = np.asarray(confidences, np.float32)
    q = p if before is None else np.asarray(before, np.float32)
    profile = None if before is None else (q - p) * 2
    return ScoredWindow(name, path, start, start + seconds, p, q, p, q, profile, **more)


def detection(name, start, end, label, **more):
    return Detection(name, start, end, label, 0.9, 0.2, 0.9, **more)


def written(page, folder="out", **more):
    return page.write(Path(folder), **more).read_text("utf-8")


def titles(page):
    """The headings of the examples by section."""
    parts = re.split(r'<h2 id="section-\d+">', page)[1:]
    return [[re.sub(r"<.*?>", "", found) for found in re.findall(r"<h3.*?>(.*?)</h3>", part)] for part in parts]


def tables(page):
    links = [value for value in Parsed(page).all("a", "href") if value.startswith("data:text/csv")]
    return [list(csv.DictReader(io.StringIO(base64.b64decode(link.partition(",")[2]).decode()))) for link in links]


@pytest.fixture
def small_page(write_tone):
    """A page of two recordings, one of which adaptation changed, with what it was asked to hold."""

    def make(labels=LABELS, names=("one.wav", "two.wav"), **more):
        page = ListeningPage(labels, {"Recordings": "a park"}, temperature=0.5, **more)
        recorded = datetime(2024, 7, 5, 18, 44, 10, tzinfo=timezone(timedelta(hours=2)))
        for number, name in enumerate(names):
            path = write_tone(Path("park") / f"{number}.wav", 440.0 * (number + 1), 2.0)
            confidences = [(0.2, 0.7, 0.1), (0.1, 0.5, 0.4)][number]
            page.add(scored(name, 0.5, confidences, (0.8, 0.1, 0.1), path=path, recorded=recorded, site="park"))
            start_time = recorded + timedelta(seconds=0.5)
            page.add_detection(detection(name, 0.5, 1.5, labels[1], start_time=start_time))
        return page

    return make


def test_labels_and_names_are_text_whatever_they_hold(small_page):
    page = small_page((EVIL, EVIL + "2", "=1+1"), (EVIL, "evil\u202e\udc80.wav"), title=EVIL)
    parsed = Parsed(written(page))
    assert {"script", "iframe", "object"}.isdisjoint(parsed.tags)
    assert not [name for _, name, _ in parsed.attributes if name.startswith("on")]
    assert EVIL in parsed.text
    assert "\u202e" not in parsed.text


def assert_needs_nothing_outside_itself(page):
    refers = [value for _, name, value in Parsed(page).attributes if name in ("src", "href", "srcset", "action")]
    assert refers
    assert all(value.startswith(("data:", "#")) for value in refers)
    assert "http" not in re.sub("http-equiv", "", page)
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_the_page_needs_nothing_outside_itself(small_page):
    assert_needs_nothing_outside_itself(written(small_page()))


def test_the_same_windows_give_the_same_bytes(small_page):
    assert small_page().write(Path("a")).read_bytes() == small_page().write(Path("b")).read_bytes()


def test_without_audio_nothing_is_read_and_nothing_of_the_sound_is_in_the_page(small_page):
    def never(*_):
        raise AssertionError("a recording was read")

    page = written(small_page(no_audio=True), read_audio=never)
    parsed = Parsed(page)
    assert {"audio", "img"}.isdisjoint(parsed.tags)
    assert "data:audio" not in page
    assert "data:image" not in page
    assert "left out of this page" in parsed.text


def test_the_sound_of_a_window_is_that_window_at_a_level_that_can_be_heard(small_page, write_tone):
    path = write_tone(Path("quiet.wav"), 440.0, 2.0)
    samples, rate = sf.read(path)
    sf.write(path, np.concatenate([samples, samples * 0]) * 0.02, rate)
    page = ListeningPage(LABELS, {})
    page.add(scored("quiet.wav", 1.5, (0.1, 0.8, 0.1), path=path))
    parsed = Parsed(written(page))
    sound = base64.b64decode(parsed.all("audio", "src")[0].partition(",")[2])
    heard, rate = sf.read(io.BytesIO(sound))
    assert len(heard) / rate == pytest.approx(1.0, abs=0.06)
    assert np.abs(heard[: rate // 4]).max() == pytest.approx(0.7, abs=0.05)
    assert np.abs(heard[rate * 3 // 4 :]).max() < 0.01
    assert "37 dB louder" in parsed.text


def test_an_example_whose_recording_is_gone_is_shown_without_sound_and_says_why(small_page):
    page = small_page()
    Path("park/0.wav").unlink()
    parsed = Parsed(written(page))
    assert len(parsed.all("audio", "src")) == 1
    assert "Without sound: it cannot be opened (No such file or directory)." in parsed.text


def test_a_window_that_is_shown_already_is_not_held_twice(small_page):
    page = written(small_page())
    assert titles(page)[2] == ["siren two.wav, 0:00.5 to 0:01.5", "siren one.wav, 0:00.5 to 0:01.5"]
    assert page.count("Shown above") == 4
    assert page.count("data:audio") == 2


def test_the_three_profiles_stand_in_numbers_with_their_winners(small_page):
    parsed = Parsed(written(small_page()))
    text = " ".join(parsed.text.replace("\u2212", "-").split())
    assert re.search("Scores; adapted is clip - 0.5 . background", text)
    assert "siren 0.100 -1.200 0.700 highest" in text
    assert "rain 0.800 highest 1.200 highest 0.200" in text


def test_the_most_doubtful_have_two_likely_labels_and_the_most_changed_another_one():
    page = ListeningPage(LABELS, {}, thresholds=(0.3, 0.3, 0.5), keep=1, temperature=0.5)
    page.add(scored("sure.wav", 0, (0.1, 0.8, 0.1), (0.1, 0.75, 0.15)))
    page.add(scored("doubtful.wav", 0, (0.45, 0.44, 0.11), (0.45, 0.44, 0.11)))
    page.add(scored("below.wav", 0, (0.31, 0.2, 0.49), (0.9, 0.05, 0.05)))
    page.add(scored("silent.wav", 0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), silent=True))
    page.add(scored("changed.wav", 0, (0.3, 0.6, 0.1), (0.5, 0.4, 0.1)))
    found = [[title.split()[1] for title in section] for section in titles(written(page))]
    assert found == [["sure.wav,"], ["doubtful.wav,"], ["changed.wav,"]]


def test_of_labels_judged_by_themselves_the_most_doubtful_is_nearest_its_threshold():
    page = ListeningPage(LABELS, {}, thresholds=0.5, multi_label=True, keep=1)
    page.add(scored("both.wav", 0, (0.95, 0.95, 0.1)))
    page.add(scored("near.wav", 0, (0.1, 0.51, 0.1)))
    assert titles(written(page))[1] == ["siren near.wav, 0:00 to 0:01"]


def test_one_event_or_one_label_does_not_take_all_places():
    page = ListeningPage(LABELS, {}, keep=5)
    for step in range(40):  # an alarm of 40 s, in windows that overlap
        page.add(scored("alarm.wav", step * 1.0, (0.0, 0.99 - step / 1e4, 0.0), seconds=2.0))
    for number in range(9):
        page.add(scored(f"siren{number}.wav", 0.0, (0.0, 0.98, 0.0)))
        page.add(scored(f"dog{number}.wav", 0.0, (0.0, 0.0, 0.5 - number / 100)))
    surest = titles(written(page))[0]
    assert [title.split()[1] for title in surest] == [
        "alarm.wav,",
        "alarm.wav,",
        "siren0.wav,",
        "dog0.wav,",
        "dog1.wav,",
    ]


def many_windows(rng, recordings):
    for number in range(recordings):
        p = rng.dirichlet(np.ones(len(LABELS)), 40).astype(np.float32)
        q = rng.dirichlet(np.ones(len(LABELS)), 40).astype(np.float32)
        yield [scored(f"{number:03}.wav", 2.0 * i, p[i], q[i], seconds=4.0) for i in range(40)]


def test_what_is_kept_depends_neither_on_the_order_of_recordings_nor_grows_with_them():
    recordings = list(many_windows(np.random.default_rng(0), 60))
    pages = []
    for order in (recordings, recordings[::-1]):
        page = ListeningPage(LABELS, {}, keep=4)
        most = 0
        for windows in order:
            for window in windows:
                page.add(window)
            most = max(most, len(page._surest), len(page._doubtful), len(page._changed))
        assert most <= 2 * 4 * 8 + 1
        held = [candidate.window for candidate in page._surest._held.values()]
        assert all(window.scores.base is None and window.confidences.base is None for window in held)
        pages.append(titles(written(page)))
    assert pages[0] == pages[1]
    best = max((w for windows in recordings for w in windows), key=lambda w: w.confidences.max())
    assert best.filename in pages[0][0][0]


def test_the_timeline_counts_what_overlaps_once_and_splits_what_spans_hours():
    page = ListeningPage(LABELS, {}, no_audio=True)
    recorded = datetime(2024, 7, 5, 22, 59)
    for start in range(0, 115, 5):
        page.add(scored("a.wav", start, (0, 1, 0), seconds=10.0, recorded=recorded))
    page.add_detection(detection("a.wav", 50.0, 60.0, "siren", start_time=recorded + timedelta(seconds=50)))
    page.add_detection(detection("a.wav", 55.0, 65.0, "siren", start_time=recorded + timedelta(seconds=55)))
    page.add(scored("b.wav", 0, (0, 1, 0), seconds=60.0, recorded=datetime(2024, 7, 7)))
    text = written(page)
    assert [tuple(row.values()) for row in tables(text)[0]] == [
        ("2024-07-05", "22", "siren", "2", "10.000", "60.000"),
        ("2024-07-05", "23", "siren", "0", "5.000", "60.000"),
        ("2024-07-07", "0", "", "0", "0.000", "60.000"),
    ]
    assert re.search(r"siren\s+2\s+15\.0 s\s+8\.3%", Parsed(text).text)


@pytest.mark.parametrize(
    ("days", "rows", "first"), [(3, 3, "2024-02-28"), (200, 29, "2024-02-26"), (900, 31, "2024-02")]
)
def test_many_days_are_drawn_as_weeks_or_months(days, rows, first):
    page = ListeningPage(LABELS, {}, no_audio=True)
    for day in (0, days - 1):
        recorded = datetime(2024, 2, 28, 6) + timedelta(days=day)
        page.add(scored(f"{day}.wav", 0, (1, 0, 0), recorded=recorded))
        page.add_detection(detection(f"{day}.wav", 0, 1, "rain", start_time=recorded))
    text = written(page)
    assert f'viewBox="0 0 24 {rows}"' in text
    assert tables(text)[0][0][{3: "day", 200: "week", 900: "month"}[days]] == first
    assert [row["hour"] for row in tables(text)[0]] == ["6", "6"]


@pytest.mark.parametrize(("seconds", "column", "last"), [(600, "minute", "9"), (30 * 3600, "hour", "5")])
def test_without_a_start_time_the_timeline_counts_from_the_start_of_each_recording(seconds, column, last):
    page = ListeningPage(LABELS, {}, no_audio=True)
    page.add(scored("a.wav", 0, (1, 0, 0), seconds=seconds))
    page.add_detection(detection("a.wav", seconds - 20, seconds, "rain"))
    row = tables(written(page))[0][-1]
    assert (row[column], row["label"], row["heard_seconds"]) == (last, "rain", "20.000")


def test_an_hour_that_the_clocks_skip_has_no_sound():
    page = ListeningPage(LABELS, {}, no_audio=True)
    recorded = datetime(2024, 3, 31, 1, tzinfo=ZoneInfo("Europe/Paris"))
    for start in (0, 3600):
        page.add(scored("a.wav", start, (1, 0, 0), seconds=3600, recorded=recorded))
    assert [row["hour"] for row in tables(written(page))[0]] == ["1", "3"]


def picture(parsed):
    """The pixels of the first spectrogram, 0 (loud) to 15, by the format's own rules."""
    png = base64.b64decode(next(v for v in parsed.all("img", "src")).partition(",")[2])
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    content = png[png.index(b"IDAT") + 4 :]
    lines = np.frombuffer(zlib.decompressobj().decompress(content), np.uint8).reshape(height, -1)[:, 1:]
    return np.stack([lines >> 4, lines & 15], axis=2).reshape(height, -1)[:, :width]


@pytest.mark.parametrize(
    ("rate", "frequency", "height"), [(16_000, 1000, np.log(2) / np.log(9)), (192_000, 48_000, 0.5)]
)
def test_a_tone_is_a_line_at_its_frequency(rate, frequency, height, write_tone):
    page = ListeningPage(LABELS, {}, keep=1)
    page.add(scored("a.wav", 0, (1, 0, 0), path=write_tone(Path("a.wav"), frequency, 1.0, rate)))
    parsed = Parsed(written(page))
    lines = picture(parsed)[:, 40:-40].mean(axis=1)
    assert lines.min() == 0
    assert 1 - lines.argmin() / len(lines) == pytest.approx(height, abs=0.02)
    assert ("Recorded at 192 kHz: the player holds what lies below 16 kHz" in parsed.text) == (rate == 192_000)


def test_24_examples_of_the_worst_sound_stay_near_5_megabytes():
    sf.write("noise.wav", np.random.default_rng(0).uniform(-0.9, 0.9, 48_000 * 14), 48_000)
    page = ListeningPage(LABELS, {}, keep=1)
    page.add(scored("noise.wav", 0, (1, 0, 0), seconds=14.0, path=Path("noise.wav")))
    parsed = Parsed(written(page))
    assert 24 * sum(len(value) for value in parsed.all("audio", "src") + parsed.all("img", "src")) < 5.5e6
    assert "The first 12 s of 14 s." in parsed.text


def test_a_page_of_found_examples_keeps_their_order_and_has_no_timeline(write_tone):
    path = write_tone(Path("a.wav"), 440.0, 3.0)
    found = [
        Example(f"{rank}.", "a.wav", path, 3.0 - rank, 4.0 - rank, {"Score": f"{1 / rank:.3f}"}) for rank in (1, 2)
    ]
    written_at = write_page(Path("out"), "breaking glass", {"Store": "s"}, [Section("Nearest", "", found)])
    text = written_at.read_text("utf-8")
    assert titles(text) == [["1. a.wav, 0:02 to 0:03", "2. a.wav, 0:01 to 0:02"]]
    assert "svg" not in Parsed(text).tags


def test_a_folder_that_cannot_be_written_is_named(small_page):
    Path("taken").write_text("")
    with pytest.raises(AtmdaError, match=r"taken.*cannot be written"):
        small_page(no_audio=True).write(Path("taken"))


HARNESS = """<!doctype html><body>
<iframe src="{page}" style="width:375px;height:600px"></iframe>
<iframe src="{page}" style="width:1440px;height:600px;color-scheme:dark"></iframe>
<pre id="found"></pre><script>
addEventListener("load", async () => {{
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument, players = [...page.querySelectorAll("audio")];
    page.querySelectorAll("details").forEach(details => {{ details.open = true }});
    await Promise.all(players.map(player => player.readyState || player.error ||
      new Promise(done => {{ player.onloadedmetadata = player.onerror = done }})));
    found.push({{inner: frame.contentWindow.innerWidth, width: page.scrollingElement.scrollWidth,
      ground: getComputedStyle(page.body).backgroundColor, durations: players.map(player => player.duration),
      pictures: [...page.images].map(image => image.naturalWidth)}});
  }}
  document.getElementById("found").textContent = JSON.stringify(found);
}});
</script></body>"""


@needs_browser
def test_in_a_browser_the_page_fits_a_telephone_follows_the_dark_and_plays(small_page, tmp_path):
    long = "street_" * 30 + "<b>.wav"
    page = small_page((EVIL, "a siren of " + "very " * 30 + "long name", "dog"), (long, "two.wav"))
    for day in range(80):
        recorded = datetime(2024, 1, 1) + timedelta(days=day)
        page.add(scored(f"{day}.wav", 0, (0.1, 0.2, 0.1), seconds=60, recorded=recorded))
    for frame in frames(HARNESS, page.write(Path("out")), tmp_path):
        assert frame["durations"] == pytest.approx([1.0, 1.0], abs=0.1)
        assert frame["pictures"] == [560, 560]


def test_a_part_of_a_recording_is_opened_as_it_is_told(small_page):
    asked = []

    def read(path, name, start, end):
        asked.append((path.name, name, start, end))
        return open_audio(path, name, start, end)

    small_page().write(Path("out"), read_audio=read)
    assert sorted(asked) == [("0.wav", "one.wav", 0.5, 1.5), ("1.wav", "two.wav", 0.5, 1.5)]
