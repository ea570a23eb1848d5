"""Waiting for what another thread does, with an end."""

import time
from collections.abc import Callable


def until(good: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)
