"""The status and the explanation of runs with a known sharpness."""

import numpy as np
import pytest

from lossviz.stability.result import WINDOW, EdgeRun


def run_of(ratio: list[float], diverged_at: int | None = None) -> EdgeRun:
    values = np.array(ratio, dtype=float)
    if diverged_at is not None:
        values[diverged_at:] = np.nan
    return EdgeRun(
        "mse", "sgd", 0.5, 4.0, False, np.where(np.isnan(values), np.nan, 1.0), 4 * values, 9, diverged_at
    )


@pytest.mark.parametrize(
    ("ratio", "state", "value"),
    [
        ([0.2] * 50 + [0.4] * 150, "below", 0.4),
        ([0.5] * 50 + [1.0] * 150, "at", 1.0),
        ([0.5] * 50 + [1.2] * 150, "above", 1.2),
        ([0.5] * 50 + [1.0] * 50 + [0.8] * WINDOW, "left", 0.8),
        ([0.5], "below", 0.5),
    ],
)
def test_status_is_that_of_the_last_steps(ratio: list[float], state: str, value: float) -> None:
    status = run_of(ratio).status()
    assert status.state == state
    assert status.ratio == pytest.approx(value)


def test_status_depends_only_on_the_steps_before() -> None:
    run = run_of([0.5] * 150 + [1.0] * 150)
    assert run.status(100).state == "below"
    assert run.status(299).state == "at"
    assert run.status(10**6) == run.status()
    assert run.status(-5) == run.status(0)


def test_smoothed_sharpness_is_the_mean_of_two_steps() -> None:
    run = run_of([1.0, 1.2, 0.8, 1.2, 0.8])
    np.testing.assert_allclose(run.smoothed_sharpness, 4 * np.array([1.0, 1.1, 1.0, 1.0, 1.0]))


def test_explanation_names_the_last_crossing_of_the_edge() -> None:
    run = run_of([1.5, 0.5, 0.8, 1.1, 1.4, 2.0, 9.0], diverged_at=5)
    assert run.crossed_at == 3
    assert "from step 3 on" in run.explanation
    assert "0.5 x 4.4 = 2.2 > 2" in run.explanation
