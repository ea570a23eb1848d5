"""What is slow to import waits for the first page, and is then loaded and frozen."""

import os
import subprocess
import sys

SCRIPT = """
import gc, os, sys
from lossviz.ui import warm

warm.HEAD_START = {head_start}
thread = warm.start()
assert warm.start() is thread
if warm.HEAD_START > 1:  # nothing is loaded before a title is out
    thread.join(0.3)
    assert thread.is_alive() and "torch" not in sys.modules
    warm.title_is_written()
else:  # nobody came: it is loaded all the same
    thread.join(60)
assert not thread.is_alive()
assert os.environ["OMP_NUM_THREADS"] == "1"  # for threads that never ask torch how many there are
assert sys.modules["torch"].get_num_threads() == 1
assert gc.get_freeze_count() > 10_000
frozen = gc.get_freeze_count()
kept = [[] for _ in range(1000)]
warm.freeze_once_more()
assert gc.get_freeze_count() >= frozen + 1000
"""


def run(head_start: float) -> None:
    plain = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    script = SCRIPT.format(head_start=head_start)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120, env=plain)


def test_loading_waits_for_the_first_title() -> None:
    run(600.0)


def test_loading_begins_without_a_viewer() -> None:
    run(0.01)
