"""Numbers at either end of what a float can hold: refused with a sentence, or drawn; never an error."""

import io
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from support.pages import opened, payload

import lossviz as lv
from lossviz.training.ranges import MAX_VALUE, RANGES
from lossviz.training.snapshot import LAYER_METRICS, METRICS

# The views that draw a metric.
VIEWS = {
    **dict.fromkeys(lv.figures.TRAINING_METRICS, ("curves", "seeds")),
    **dict.fromkeys(LAYER_METRICS, ("layers",)),
}
EXTREMES = (0.0, -0.0, 5e-324, 2.2e-308, 1e308, -1e308, math.inf, -math.inf, math.nan)


@pytest.fixture(scope="module")
def history() -> lv.History:
    return lv.train("moons", "mlp-4", ["sigmoid-mse", "sigmoid-ce"], 0.5, seeds=3, steps=4, record_every=2)


def reloaded(history: lv.History) -> lv.History:
    file = io.BytesIO()
    history.save(file)
    file.seek(0)
    return lv.History.load(file)


@pytest.mark.parametrize("name", METRICS)
def test_a_history_file_with_an_extreme_number_is_refused_or_drawn(history: lv.History, name: str) -> None:
    values = {
        repr(value): value for value in (*EXTREMES, *RANGES.get(name, ()), MAX_VALUE, -1.0, 2.5)
    }.values()
    for value, all_of_it in product(values, (False, True)):
        changed = getattr(history, name).copy()
        changed.flat[:: 1 if all_of_it else 2] = value
        given = replace(history, **{name: changed})
        low, high = RANGES.get(name, (-math.inf, math.inf))
        if math.isnan(value) or (low <= value <= high and not MAX_VALUE < abs(value) < math.inf):
            found = reloaded(given)
            layers = name if name in LAYER_METRICS else "gradient_norm"
            metric = name if name in lv.figures.TRAINING_METRICS else "accuracy"
            for view in VIEWS.get(name, ("curves",)):
                figure = lv.figures.training_curves(found, metric, view=view, layers=layers, frames=False)
                figure.to_json()
        else:
            with pytest.raises(
                ValueError, match=f"^this is not a whole lossviz history file: its {name} must be"
            ):
                reloaded(given)


@pytest.mark.parametrize("at", [-2, 5, 2**62])
def test_a_history_file_diverges_at_a_step_of_its_own(history: lv.History, at: int) -> None:
    with pytest.raises(ValueError, match="its diverged_at must be a step, at most 4, or -1 for none"):
        reloaded(replace(history, diverged_at=np.full_like(history.diverged_at, at)))


def test_a_surface_of_extreme_losses_and_coordinates_is_drawn() -> None:
    model, data = torch.nn.Linear(2, 1), (torch.zeros(8, 2), torch.zeros(8, 1))
    found = lv.surface(model, torch.nn.functional.mse_loss, data, points=3, progress=False)
    grids = [np.array(EXTREMES).reshape(3, 3), *(np.full((3, 3), value) for value in EXTREMES)]
    axes = [found.a, np.array([-1e308, 0.0, 1e308]), np.array([0.0, 5e-324, 1e-323])]
    facts = [
        found.facts,
        replace(found.facts, weights=10**4000, examples=10**4000, stride=10**4000, subset=True),
    ]
    for loss, a, told in product(grids, axes, facts):
        file = io.BytesIO()
        replace(found, a=a, b=a, loss=loss, facts=told).save(file)
        file.seek(0)
        opened = lv.Surface.load(file)
        for figure in (lv.figures.contour(opened), lv.figures.terrain(opened)):
            assert all(len(note.text) < 400 for note in figure.layout.annotations)


@pytest.mark.parametrize("value", [*EXTREMES[:4], 1e6, -1e6, 1e-300, -5e-324])
def test_this_number_can_be_any(value: float) -> None:
    app = opened("numbers", {"numbers_view": "This number?", "numbers_value": repr(value)})
    assert app.session_state["numbers_value"] == value
    assert payload(app)["wide"]["data"]
