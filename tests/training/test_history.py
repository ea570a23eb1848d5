"""Snapshots are stacked along the axis of records."""

import numpy as np

from lossviz import History, Snapshot, TrainingSettings
from lossviz.training.snapshot import LAYER_METRICS, METRICS


def test_snapshots_are_stacked_along_the_third_axis() -> None:
    def snapshot(step: int) -> Snapshot:
        shapes = {name: (2, 3, 4) if name in LAYER_METRICS else (2, 3) for name in METRICS}
        fields = {name: np.full(shape, float(step + k)) for k, (name, shape) in enumerate(shapes.items())}
        return Snapshot(step=step, **fields)

    settings = TrainingSettings("moons", "linear", ("sigmoid-mse", "sigmoid-ce"), (0.1, 0.2), seeds=3)
    layers = ("0", "2", "4", "6")
    history = History.from_snapshots(settings, layers, [snapshot(0), snapshot(10)], np.full((2, 3), -1))
    assert history.steps.tolist() == [0, 10]
    assert LAYER_METRICS == ("gradient_norm", "saturated")
    for offset, name in enumerate(METRICS):
        curve = getattr(history, name)
        layered = name in LAYER_METRICS
        assert curve.shape == ((2, 3, 2, 4) if layered else (2, 3, 2))
        np.testing.assert_array_equal(curve[1, 2, :, 0] if layered else curve[1, 2], [offset, offset + 10])
