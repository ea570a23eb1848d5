"""What is slow to import waits for the first title, is then imported by one thread, and frozen."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SCRIPT = """
import gc, os, pkgutil, sys, threading
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import lossviz.ui
from lossviz.ui import preload

HEAVY = {"PIL", "contourpy", "joblib", "numpy", "pandas", "plotly", "pyarrow", "scipy", "sklearn", "torch"}

def heavy():
    core = {m for m in sys.modules if m.startswith("lossviz.") and not m.startswith("lossviz.ui")}
    return {m for m in sys.modules if m.partition(".")[0] in HEAVY} | core

# What a viewer's thread imports up to the title of any page is light, but for what the server has by then.
preload.import_for_a_title()
import streamlit
known = heavy()
for module in pkgutil.walk_packages(lossviz.ui.__path__, "lossviz.ui."):
    if module.name != "lossviz.pages.contents":
        import_module(module.name)
light = {
    "lossviz.common", "lossviz.common.app_files", "lossviz.common.parsing", "lossviz.common.plain_text",
    "lossviz.figures", "lossviz.figures.base", "lossviz.figures.base.fonts",
}
assert heavy() - known <= light, heavy() - known

def loaded(thread):
    assert not thread.is_alive()
    assert os.environ["OMP_NUM_THREADS"] == "1"  # for threads that never ask torch how many there are
    assert sys.modules["torch"].get_num_threads() == 1
    assert gc.get_freeze_count() > 10_000

first = preload.Preload(head_start=600)  # nothing is imported before a title is out
with ThreadPoolExecutor(16) as viewers:  # and all who ask for it wait for the same thread
    (thread,) = set(viewers.map(lambda _: first.start(), range(64)))
thread.join(0.3)
assert thread.is_alive() and "torch" not in sys.modules
first.title_is_written()
loaded(thread)
frozen = gc.get_freeze_count()
kept = [[] for _ in range(1000)]
first.freeze_once_more()
assert gc.get_freeze_count() >= frozen + 1000
frozen = gc.get_freeze_count()
kept += [[] for _ in range(1000)]
first.freeze_once_more()  # once
assert gc.get_freeze_count() == frozen

# Nothing of the core is left to be imported by a page, nor a part of a figure by its first picture.
known = heavy()
import lossviz as lv
for name in lv.__all__:
    getattr(lv, name)
run = lv.descend("sigmoid-ce", w=2, b=2, lr=0.15, steps=5)
lv.figures.standalone(lv.figures.descents([run, run], at=3), "step")
assert heavy() == known, heavy() - known

gc.unfreeze()
second = preload.Preload(head_start=0.01)  # nobody came: it is imported all the same
thread = second.start()
thread.join(60)
loaded(thread)
"""


def test_importing_waits_for_the_first_title_but_not_for_ever_and_then_is_whole() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], timeout=120, env=plain, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
