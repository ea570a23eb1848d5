"""One torch thread, examples of hypothesis that are the same in every run, and quick pages."""

import gc
from functools import cache
from typing import Any

import torch
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner

settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("reproducible")
torch.set_num_threads(1)

# Each AppTest reads what every installed package says of itself, nine tenths of its time: once is enough.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def pytest_collection_finish() -> None:
    """What is loaded stays: out of the garbage collector's sight, which then has little to look through."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says loudly that browser tests were skipped, if they were."""
    reasons = (str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    if any("no Chromium" in reason for reason in reasons):
        terminalreporter.write_sep("!", "no Chromium on the PATH: the browser tests were NOT run", red=True)
