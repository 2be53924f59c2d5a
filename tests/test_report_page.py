"""The report of classify in a real browser, where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from atmda.cli import app

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [500, 1440])  # headless Chromium has no window narrower than 500
def test_the_page_is_no_wider_than_the_window_and_complains_of_nothing(tmp_path, width):
    rng = np.random.default_rng(0)
    names = np.array(["air conditioner", "children playing", "dog bark <b>", "street music", "jackhammer"])
    y = rng.integers(0, 5, 60)
    X = (np.eye(5)[y] + rng.standard_normal((60, 5))).astype(np.float32)
    np.savez("e.npz", embeddings=X, clips=[f"c{i}" for i in range(60)], labels=names[y], folds=np.arange(60) % 10)
    arguments = [
        "classify",
        "--embeddings",
        "e.npz",
        "--mode",
        "sv,knn",
        "--metric",
        "accuracy,macro_f1",
        "--save-results",
        "res",
    ]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    page = Path("res/report.html").read_text("utf-8")
    assert "<b>" not in page
    frame = "<script>document.title = 'w' + document.documentElement.scrollWidth + 'of' + innerWidth</script></body>"
    Path("page.html").write_text(page.replace("</body>", frame), "utf-8")
    command = [str(BROWSER), *FLAGS.split(), f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr"]
    command += [f"--window-size={width},900", "--dump-dom", Path("page.html").resolve().as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"<title>w(\d+)of(\d+)</title>", ran.stdout)
    assert found is not None
    assert int(found[1]) <= int(found[2])
    assert "CONSOLE" not in ran.stderr
