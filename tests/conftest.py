"""One torch thread (or OMP_NUM_THREADS), examples of hypothesis that are the same each time, quick pages.

What is slow to import is imported where tests run: xdist's own process, which starts the others, has no
need of it.
"""

import gc
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from xdist import is_xdist_controller

# What pages ask the core for and wait for; each gives the same for the same, which the core's own tests hold.
EXPENSIVE = {
    "": ("descend",),
    "codes": (
        "ambiguous_posteriors", "bit_errors", "digit_bits", "digits_table", "many_classes",
        "separable_labelings", "dichotomies",
    ),
    "landscape": ("eight_planes", "plane_fidelity", "record_training", "rescaled"),
    "likelihood": ("consistency", "sample_likelihood"),
    "metrics": ("score_history", "threshold_curve"),
    "neuron": ("escape_times", "loss_grid", "trajectories"),
    "stability": ("edge_runs",),
}  # fmt: skip

# The files that take longest begin first, so that no worker is left alone with one of them at the end.
LONGEST = ("test_memory.py", "test_many_viewers.py", "test_contract.py", "test_followed_sliders.py")


def pytest_sessionstart(session: pytest.Session) -> None:
    if is_xdist_controller(session):
        return
    # A page's script runs in a thread of its own, which takes not torch's word for it but OpenMP's default.
    threads = int(os.environ.setdefault("OMP_NUM_THREADS", "1"))
    import torch
    from hypothesis import settings
    from streamlit import config
    from streamlit.components.v2 import manifest_scanner

    settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=50)
    settings.load_profile("reproducible")
    torch.set_num_threads(threads)
    # Each AppTest reads what every installed package says of itself, nine tenths of its time: once is enough.
    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
    _quick_plotly()
    # And a full garbage collection after each run takes longer with every result that tests have kept.
    config.set_option("runner.postScriptGC", False)
    config.set_option("client.showErrorDetails", "full")  # a test says what went wrong, a page does not


def _quick_plotly() -> None:
    """A quarter of the time of building a figure: the same names taken apart, the same arrays looked at.

    What is asked here is the same every time, so that nothing that Plotly checks is checked the less.
    """
    import numpy as np
    from _plotly_utils import basevalidators
    from plotly import basedatatypes

    basedatatypes._str_to_dict_path_full = cache(basedatatypes._str_to_dict_path_full)
    basevalidators.fullmatch = cache(basevalidators.fullmatch)
    asked = basevalidators.nw.from_native
    mere = (np.ndarray, list, tuple)  # no data frame of any library
    basevalidators.nw.from_native = lambda v, **how: v if type(v) in mere else asked(v, **how)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish() -> None:
    """What is loaded stays: out of the garbage collector's sight, which then has little to look through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="module", autouse=True)
def computed_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where pages are opened, what a page has computed is there for its code, its link and its presets."""
    with pytest.MonkeyPatch.context() as patch:
        if {"opened", "PageView"} & set(vars(request.module)):
            from support.remembering import remember

            import lossviz as lv

            for topic, names in EXPENSIVE.items():
                home = getattr(lv, topic) if topic else lv
                for name in names:
                    patch.setattr(home, name, remember(getattr(home, name)))
            patch.setattr(lv.figures, "training_curves", remember(lv.figures.training_curves))
        yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says loudly that browser tests were skipped, if they were."""
    reasons = (str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    if any("no Chromium" in reason for reason in reasons):
        terminalreporter.write_sep("!", "no Chromium on the PATH: the browser tests were NOT run", red=True)
