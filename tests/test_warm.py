"""What is slow to import waits for the first page, and is then loaded and frozen."""

import os
import subprocess
import sys

SCRIPT = """
import gc, os, sys
from lossviz.ui import warm

def load(head_start):
    warm.HEAD_START = head_start
    thread = warm.start()
    assert warm.start() is thread
    return thread

def loaded(thread):
    assert not thread.is_alive()
    assert os.environ["OMP_NUM_THREADS"] == "1"  # for threads that never ask torch how many there are
    assert sys.modules["torch"].get_num_threads() == 1
    assert gc.get_freeze_count() > 10_000

first = load(600)  # nothing is loaded before a title is out
first.join(0.3)
assert first.is_alive() and "torch" not in sys.modules
warm.title_is_written()
loaded(first)
frozen = gc.get_freeze_count()
kept = [[] for _ in range(1000)]
warm.freeze_once_more()
assert gc.get_freeze_count() >= frozen + 1000

for once in (warm._written, warm.start):
    once.cache_clear()
gc.unfreeze()
second = load(0.01)  # nobody came: it is loaded all the same
second.join(60)
loaded(second)
"""


def test_loading_waits_for_the_first_title_but_not_for_ever() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120, env=plain)
