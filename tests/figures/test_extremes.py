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
from lossviz.training.history import MEASURED
from lossviz.training.ranges import LARGEST, RANGES

DRAWN = {  # a field that is drawn: the views, and what they are asked to show
    "loss": (("Curves", "Loss"), ("Seeds", "Loss")),
    "accuracy": (("Curves", "Accuracy"), ("Seeds", "Accuracy")),
    "cross_entropy": (("Curves", "Cross-entropy"), ("Seeds", "Cross-entropy")),
    "brier": (("Curves", "Brier"), ("Seeds", "Brier")),
    "gradient_norm": (("Layers", "Gradient"),),
    "saturated": (("Layers", "Saturated"),),
}
EXTREMES = (0.0, -0.0, 5e-324, 2.2e-308, 1e308, -1e308, math.inf, -math.inf, math.nan)


@pytest.fixture(scope="module")
def race() -> lv.History:
    return lv.train("moons", "mlp-4", ["sigmoid-mse", "sigmoid-ce"], 0.5, seeds=3, steps=4, record_every=2)


def again(race: lv.History) -> lv.History:
    file = io.BytesIO()
    race.save(file)
    file.seek(0)
    return lv.History.load(file)


@pytest.mark.parametrize("name", MEASURED)
def test_a_race_file_with_an_extreme_number_is_refused_or_drawn(race: lv.History, name: str) -> None:
    values = {repr(value): value for value in (*EXTREMES, *RANGES.get(name, ()), LARGEST, -1.0, 2.5)}.values()
    for value, all_of_it in product(values, (False, True)):
        changed = getattr(race, name).copy()
        changed.flat[:: 1 if all_of_it else 2] = value
        given = replace(race, **{name: changed})
        low, high = RANGES.get(name, (-math.inf, math.inf))
        if math.isnan(value) or (low <= value <= high and not LARGEST < abs(value) < math.inf):
            found = again(given)
            for view, shade in DRAWN.get(name, (("Curves", "Accuracy"),)):
                lv.figures.training_curves(found, shade, view=view, layers=shade, frames=False).to_json()
        else:
            with pytest.raises(
                ValueError, match=f"^this is not a whole lossviz race file: its {name} must be"
            ):
                again(given)


@pytest.mark.parametrize("at", [-2, 5, 2**62])
def test_a_race_file_diverges_at_a_step_of_its_own(race: lv.History, at: int) -> None:
    with pytest.raises(ValueError, match="its diverged_at must be a step, at most 4, or -1 for none"):
        again(replace(race, diverged_at=np.full_like(race.diverged_at, at)))


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
