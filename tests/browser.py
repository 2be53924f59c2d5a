"""Pages in headless Chromium, at the width of a telephone and of a desk, the latter in the dark."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --allow-file-access-from-files --virtual-time-budget=10000 "
    "--enable-logging=stderr --window-size=1500,900 --dump-dom"
)


def frames(harness: str, page: Path, folder: Path) -> list[dict[str, Any]]:
    """What `harness`, a page with two frames of `{page}`, found in each; neither is wider than its frame.

    A harness writes a JSON list of {inner, width, ground, ...} into the element `found`.
    """
    path = folder / "harness.html"
    path.write_text(harness.format(page=page.resolve().as_uri()), "utf-8")
    command = [str(BROWSER), *FLAGS.split(), f"--user-data-dir={folder / 'profile'}", path.resolve().as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    told = re.search(r'<pre id="found">(\[.*?\])</pre>', ran.stdout)
    assert told is not None, ran.stderr
    found: list[dict[str, Any]] = json.loads(told[1])
    assert "CONSOLE" not in ran.stderr
    assert [frame["inner"] for frame in found] == [375, 1440]
    assert [frame["ground"] for frame in found] == ["rgb(255, 255, 255)", "rgb(22, 22, 22)"]
    assert all(frame["width"] <= frame["inner"] for frame in found)
    return found
