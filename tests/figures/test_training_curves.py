"""Training curves: their numbers, their frames, and the seed that a click means."""

import json
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from support.drawn import content

import lossviz as lv
from lossviz import figures
from lossviz.figures import number, percent
from lossviz.pages.race import controls

TWO = lv.train("moons", "mlp-16", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=3, steps=60, record_every=10)
FOUR = lv.train(
    "moons", "mlp-5", ["sigmoid-mse", "sigmoid-ce"] * 2, lr=0.5, seeds=3, steps=60, record_every=10,
    activation=["sigmoid", "sigmoid", "relu", "relu"],
)  # fmt: skip
METRICS = tuple(figures.TRAINING_METRICS)
HISTORIES = pytest.mark.parametrize("history", [TWO, FOUR], ids=["two", "four"])


def texts(figure: go.Figure) -> str:
    return " | ".join(re.sub(r"<.*?>", "", str(note.text)) for note in figure.layout.annotations)


@pytest.mark.parametrize("metric", METRICS)
def test_the_median_of_each_run_is_written(metric: str) -> None:
    written = texts(figures.training_curves(TWO, metric))
    write = percent if metric == "accuracy" else number
    for run in range(2):
        assert write(float(np.median(getattr(TWO, metric)[run, :, -1]))) in written


def test_the_frame_of_the_first_record_is_the_figure_that_is_built_there() -> None:
    at_the_end, at_the_start = (figures.training_curves(TWO, at=at) for at in (60, 0))
    assert content(at_the_end, 0) == content(at_the_start)


@pytest.mark.parametrize(
    ("view", "names"), [("curves", METRICS), ("seeds", METRICS), ("layers", ("gradient_norm", "saturated"))]
)
@HISTORIES
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_the_figure_of_a_running_training_has_a_frame_for_each_metric(
    history: lv.History, view: str, names: tuple[str, ...], narrow: bool
) -> None:
    def by(name: str) -> go.Figure:
        chosen = {"layers" if view == "layers" else "metric": name}
        return figures.training_curves(history, view=view, running=True, narrow=narrow, **chosen)

    labels = controls.LAYER_METRICS if view == "layers" else controls.METRICS
    made = {name: by(name) for name in names}
    specs = {name: json.loads(figure.to_json()) for name, figure in made.items()}
    expected = {name: content(spec) for name, spec in specs.items()}
    for base, figure in made.items():
        assert [labels[frame.name] for frame in figure.frames] == list(names)
        for label, name in labels.items():
            assert content(specs[base], label) == expected[name]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("step", [0, 30, 60])
@HISTORIES
def test_a_click_on_a_dot_of_the_rug_is_its_seed(history: lv.History, step: int, metric: str) -> None:
    figure = figures.training_curves(history, metric, at=step)
    assert figure.layout.meta["click"] == "x20y20"
    values = getattr(history, metric)[:, :, list(history.steps).index(step)]
    dots = [trace for trace in figure.data if trace.xaxis == "x20"]
    for run, trace in enumerate(dots):
        points = zip(trace.x, trace.y, strict=True)
        found = [figures.seed_at(history, metric, "curves", step, *point) for point in points]
        assert sorted(seed for seed in found if seed is not None) == [0, 1, 2]
        assert [values[run, seed] for seed in found] == sorted(values[run])
    assert figures.seed_at(history, metric, "curves", step, 0.5, 1e6) is None


def test_a_click_on_a_line_between_two_runs_is_its_seed() -> None:
    assert figures.training_curves(TWO, view="seeds").layout.meta["click"] == "xy"
    for seed in range(3):
        middle = TWO.cross_entropy[:, seed, 3].mean()
        assert figures.seed_at(TWO, "cross_entropy", "seeds", 30, 0.5, middle) == seed
    assert figures.seed_at(TWO, "cross_entropy", "seeds", 30, 0.5, 1e6) is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"metric": "Accuracy"},
            "metric must be one of accuracy, loss, cross_entropy, brier; got 'Accuracy'",
        ),
        ({"view": "Curves"}, "view must be one of curves, layers, seeds; got 'Curves'"),
        ({"layers": "Gradient"}, "layers must be one of gradient_norm, saturated; got 'Gradient'"),
    ],
)
def test_labels_of_the_page_are_no_values_of_the_function(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        figures.training_curves(TWO, **wrong)


def test_the_page_has_a_label_for_each_value() -> None:
    assert {row.label: name for name, row in figures.TRAINING_METRICS.items()} == controls.METRICS
    assert tuple(controls.Race.view.options) == (*controls.VIEWS, controls.TABLE)


def test_decision_boundaries_are_the_predictions_at_each_record() -> None:
    boundaries = lv.decision_boundaries(TWO, seed=1, points=8)
    a, b = np.meshgrid(boundaries.a, boundaries.b)
    training = lv.Training(TWO.settings)
    points = np.stack([a.ravel(), b.ravel()], axis=1)
    expected = [training.predict(points, seed=1) for _ in training]
    found = boundaries.predictions.reshape(len(TWO.steps), 2, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="decision boundaries need two features; iris has 4"):
        lv.decision_boundaries(lv.train("iris", "linear", "softmax-ce", 0.1, steps=1))
