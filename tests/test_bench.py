"""The benchmarks run: what nobody runs for a while breaks unseen."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.picture import PAGE, PICTURE, picture
from tests.test_architecture import ROOT


@pytest.mark.long
def test_the_quick_benchmarks_run() -> None:

    done = subprocess.run([sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for title in ("Stages beside", "by how many sites", "over 200,000 rows", "nothing happened", "Until a command",
                  "readers, a download", "Publishing beside", "What capture costs", "after few changes",
                  "of the working warehouse"):  # fmt: skip
        assert title in done.stdout


def test_the_picture_of_the_figures_is_drawn_from_their_tables() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(PAGE.read_text(encoding="utf-8")), (
        "run `python -m bench.picture`"
    )
