"""What the contract of all pages tries on each: its views, found from its controls, and settings of them.

A new page needs nothing here. Settings that draw another kind of picture, or show a slider that no view shows
at first, are added to SETTINGS.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
from support.pages import controls_of

import lossviz as lv
from lossviz.pages import discover
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui.table import Page

MORE_CLASSES = "Cross-entropy, more classes"
SMALL_NET = {"network": "mlp-16"}
# Of a page, by view: values of controls, by their keys without the page's prefix.
SETTINGS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "start_here": [
        ("Number", {"p": 0.07, "loss": "Cross-entropy"}),
        ("Curve", {"q": 0.83, "weather": "dry"}),
        ("Training", {"step": 60}),
        ("Logarithm", {"n": 1000}),
        ("Unit", {"classes": 1}),
        ("Sign", {"sigma": 0.1}),
    ],
    "stuck_neuron": [
        ("Slope", {"z": -2.3, "target": 1, "half": "true"}),
        ("Learning curve", {"step": 60, "w": 0.6, "own": "0.005", "widget": "true"}),
        ("Escape time", {"z0": 3.5, "rate": "0.5"}),
    ],
    "two_weights": [
        ("From above", {"step": 40, "mark": "Bends down", "a": -0.5, "optimizer": ["adam", "lbfgs"],
                        "rate": "0.2"}),
        ("From above", {"model": "iris", "mark": "Nothing"}),
        ("In relief", {"step": 20}),
    ],
    "race": [
        ("Curves", {"step": 20, "seeds": 2, "data": "digits", "network": "linear",
                    "losses": "softmax-mse, softmax-ce"}),
        ("Layers", {"step": 10, "seeds": 1, "data": "wine", "losses": "softmax-mse, softmax-ce",
                    "own": "0.5"}),
        ("Seeds", {"step": 20, "seeds": 2}),
    ],
    "edge_of_stability": [
        ("Network", {"rate": "0.05", "optimizer": "adam", "step": 35, "network": "mlp-12", "seed": 3,
                     "activation": "relu"}),
        ("Network", {"rate": "1", "losses": "mse, sigmoid-ce", "network": "mlp-12", "step": 600}),
        ("Bowl", {"product": 2.2, "beta": 0.3, "rule": "Nesterov"}),
        ("Bowl", {"product": 4.4, "beta": 0.98}),
    ],
    "landscape": [
        *(("One plane", {"plane": plane, "step": 24} | SMALL_NET)
          for plane in Landscape.plane.options),
        *(("One plane", {"normalize": by, "drawn": "In relief"})
          for by in Landscape.normalize.options),
        *(("One plane", {"points": points} | SMALL_NET) for points in Landscape.points.options),
        ("Eight planes", {"normalize": "By layer", "activation": "tanh"}),
        ("Rescaled", {"scale": -7, "seed": 2, "loss": "squared error"}),
    ],
    "gallery": [
        ("Outlier", {"far": 33, "losses": ["hit-or-miss", "log-cosh", "huber"], "near": 3, "reach": 12}),
        ("Outlier", {"fit": "A line", "far": 12, "km": 24, "losses": ["hit-or-miss", "quantile"],
                     "share": 0.3}),
        ("Shape", {"residual": -1.3, "numbers": ["gaussian-nll", "poisson-nll", "hit-or-miss"], "sigma": 0.3,
                   "count": 7, "unit": "bits"}),
        ("Shape", {"against": "logit", "logit": -3.3, "y": 0.25, "binary": ["focal", "tanh-mse"],
                   "gamma": 3.5}),
        ("Shape", {"against": "probability", "probability": 0.07, "y": 1}),
        ("Shape", {"against": "margin", "margin": 0.5, "binary": ["zero-one", "squared-hinge"]}),
        ("Shape", {"against": "lead", "lead": 2.2, "k": 3, "smoothing": 0.3}),
        ("Which one?", {"predict": "One of several", "misses": "A few wild ones"}),
    ],
    "likelihood": [
        ("Noise", {"noise": "Laplace", "width": "0.5", "plain": True}),
        *(("Noise", {"noise": noise}) for noise in Likelihood.noise.options[1:]),
        *(("Noise", {"sample": sample, "m": 1.3}) for sample in Likelihood.sample.options),
        ("One bar", {"toward": 40, "unit": "nats"}),
        ("One bar", {"q_c": 0, "p_a": 33.5}),
        ("One bar", {"p_a": 100, "p_b": 0, "p_c": 0, "p_d": 0}),
        ("More data", {"slope": "0.25", "weight": "Intercept"}),
    ],
    "numbers": [
        *(("Term by term", {"score": score}) for score in Numbers.score.options[1:] if score != MORE_CLASSES),
        ("Term by term", {"score": MORE_CLASSES, "actual": "0 1", "predicted": "0.9 0.1\n0.3 0.8"}),
        ("Term by term", {"actual": "1 " * 40, "predicted": "0.5, " * 40}),
        ("Term by term", {"actual": "1 0 0", "predicted": "0 1 0"}),
        *(("As written", {"case": case}) for case in Numbers.case.options[1:]),
        ("As written", {"case": "Too few digits", "z": 30.5}),
        ("As written", {"case": "Softmax twice", "margin": -2, "classes": 2}),
        ("This number?", {"value": 1.461}),
        ("This number?", {"value": -3, "classes": 1000}),
        ("This number?", {"value": 5000, "classes": 3, "counts": "1 2 3"}),
        ("This number?", {"of": "Accuracy"}),
        ("This number?", {"of": "Accuracy", "accuracy": 95, "counts": "950 50"}),
        ("This number?", {"of": "Accuracy", "accuracy": 33.3, "groups": 3}),
    ],
    "metric": [
        ("Training", {"data": "breast-cancer", "measure": "f1", "step": 39, "seed": 1}),
        ("Training", {"data": "diabetes", "error": "mae", "step": 9}),
        ("Threshold", {"cut": -2.2}),
        ("Threshold", {"who": "bold three", "cut": -0.2}),
        ("Calibration", {"seen": 18}),
    ],
    "output_codes": [
        ("The network", {"step": 40, "labels": "Suit the data", "loss": "Cross-entropy",
                         "rate": "Each its own"}),
        ("Unions", {"labelling": 7, "code": "gray"}),
        ("Unions", {"code": "your own", "words": "01 10 11"}),
        ("Meaning", {"torn": 17, "between": "two, three bits apart"}),
        ("Spare words", {"step": 30, "decode": "Likeliest word", "spread": "Overlapping"}),
        ("One bit off", {"threshold": 0.3, "order": "By word", "loss": "Cross-entropy"}),
        ("At scale", {"measure": "Log loss", "centred": "true"}),
        ("At scale", {"show": "Attributes, to 1024"}),
        ("At scale", {"show": "Arbitrary, to 1024", "size": 6}),
    ],
}  # fmt: skip

# Without these a view would train for seconds; what is shown then, the tests of the page look at.
LESS_WORK: dict[str, dict[str, str]] = {"race": {"race_step": "0"}}
# Views in which the followed slider has frames only as far as a training has come, or was made short here.
SHORTER = {("race", "Curves"), ("race", "Layers"), ("race", "Seeds"), ("edge_of_stability", "Network"),
           ("landscape", "One plane")}  # fmt: skip
# Sliders with a frame for every other value: they stand for a step of hundreds.
EVERY_OTHER = ("home_step", "neuron_step", "weights_step")


@dataclass(frozen=True)
class Case:
    """A page as a link opens it."""

    page: Page
    view: str
    query: dict[str, Any] = field(hash=False)
    controls: tuple[Any, ...] = field(hash=False)

    def __str__(self) -> str:
        settings = [f"{key.partition('_')[2]}={value}" for key, value in self.query.items()]
        return " ".join([self.page.name, self.view, *settings])[:70].replace("\n", " ")


def _controls(page: Page) -> tuple[Any, Any]:
    """A page's control of the views, if it has one, and all its controls; none if it has no controls.py."""
    try:
        controls = controls_of(page)
    except ModuleNotFoundError:
        return None, ()
    return getattr(controls, "view", None), tuple(controls.all)


def views() -> Iterator[Case]:
    """Every view of every page, as it is without a word in the address."""
    for page in discover():
        if not page.has_picture:
            continue
        control, controls = _controls(page)
        for view in control.options if control else ("",):
            query = {control.key: view} if control and view != control.default else {}
            yield Case(page, view, LESS_WORK.get(page.name, {}) | query, controls)


def cases() -> Iterator[Case]:
    """Every view, and every row of SETTINGS."""
    for case in views():
        yield case
        prefix = case.controls[0].key.partition("_")[0] if case.controls else ""
        for view, settings in SETTINGS.get(case.page.name, ()):
            if view == case.view:
                given = {
                    f"{prefix}_{key}": value if isinstance(value, list) else str(value)
                    for key, value in settings.items()
                }
                yield Case(case.page, view, case.query | given, case.controls)


def make_small(patch: pytest.MonkeyPatch) -> None:
    """Fewer steps, seeds and points where their number proves nothing; the code on a page says so too."""
    for name, value in {
        "two_weights.surfaces.POINTS": 21,
        "edge_of_stability.network.STEPS": 20,
        "output_codes.network.SEEDS": 2,
        "output_codes.one_bit_off.EPOCHS": 2,
        "output_codes.at_scale.EPOCHS": 1,
        "output_codes.at_scale.STEPS": 4,
    }.items():
        patch.setattr(f"lossviz.pages.{name}", value)
    patch.setattr(lv.landscape, "record_training", partial(lv.landscape.record_training, steps=60))


def frame_values(case: Case, slide: Any) -> list[float]:
    """The values of a followed slider that must have a frame; of one that is SHORTER, the first of them."""
    values = slide.low + slide.step * np.arange(round((slide.high - slide.low) / slide.step) + 1)
    if case.query.get("codes_code") == "your own":  # as many as the words that are given can be divided
        values = values[: 2 ** len(case.query["codes_words"].split()) - 2]
    return list(values[:: 2 if slide.key in EVERY_OTHER else 1])
