"""No valid choice takes more memory than a small server has: every view at its heaviest settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.heaviest import HEAVIEST, view_of

from lossviz import pages

HERE = Path(__file__).parent
MOST = 250  # MB above what a server takes at rest
LINES = sum(map(len, HEAVIEST.values())) + 1


def test_every_view_of_every_page_is_measured() -> None:
    assert set(HEAVIEST) == {page.name for page in pages.discover() if page.section}
    for page, rows in HEAVIEST.items():
        choice = view_of(page)
        assert {view for view, _ in rows} == set(choice.options if choice else [""]), page


@pytest.mark.browser  # though it needs none: a process for each view takes as long as a browser
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each page is measured in a child process")
def test_no_view_takes_more_than_250_mb_at_its_heaviest_settings() -> None:
    paths = os.pathsep.join([str(HERE.parent), str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, str(HERE / "support" / "heaviest.py")],
        capture_output=True,
        text=True,
        timeout=600,  # some fifteen seconds where nothing else runs
        env=os.environ | {"PYTHONPATH": paths},
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == LINES, done.stderr[-2000:]
    assert [one["fault"] for one in found if one["fault"]] == []
    assert {one["name"]: one["mb"] for one in found if one["mb"] > MOST} == {}
