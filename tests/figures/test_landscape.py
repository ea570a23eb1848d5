"""Figures of surfaces and of plane fidelity: frames, texts, holes, and thinned grids."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

import lossviz as lv
from lossviz.landscape.fidelity import PLANES


@pytest.fixture(scope="module")
def training() -> lv.landscape.RecordedTraining:
    return lv.landscape.record_training("moons", "mlp-16-16", "sigmoid-ce", "relu", seed=0, steps=120)


@pytest.fixture(scope="module")
def fidelities(training: lv.landscape.RecordedTraining) -> dict[str, lv.landscape.PlaneFidelity]:
    return {plane: lv.landscape.plane_fidelity(training, plane, points=9) for plane in PLANES}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("relief", [False, True])
def test_one_plane_has_a_frame_for_each_record(
    fidelities: dict[str, lv.landscape.PlaneFidelity], plane: str, narrow: bool, relief: bool
) -> None:
    fidelity = fidelities[plane]
    figure = lv.figures.one_plane(fidelity, at=12, relief=relief, narrow=narrow)
    assert [int(frame.name) for frame in figure.frames] == fidelity.steps.tolist()
    last = lv.figures.at_frame(figure, 120)
    words = [text.text for text in last.layout.annotations]
    assert f"loss on the plane <b>{fidelity.plane_loss[-1] / fidelity.chance_loss:.2f}</b>" in words
    assert "after 120 steps" in words


def test_surface_with_nan_is_drawn(fidelities: dict[str, lv.landscape.PlaneFidelity]) -> None:
    fidelity = fidelities["random"]
    loss = fidelity.surface.loss.copy()
    loss[2, 3], loss[4, 4] = np.nan, np.inf
    figure = lv.figures.one_plane(replace(fidelity, surface=replace(fidelity.surface, loss=loss)))
    assert figure.frames


def test_surface_figures_have_the_template_and_name_the_method(
    fidelities: dict[str, lv.landscape.PlaneFidelity],
) -> None:
    fidelity = fidelities["path"]
    for figure in (
        lv.figures.contour(fidelity.surface, [fidelity.path]),
        lv.figures.terrain(fidelity.surface),
        lv.figures.contour(fidelity.surface, narrow=True),
    ):
        assert figure.layout.template.layout.font.family.startswith('"Source Sans"')
        assert any(fidelity.surface.facts.method in text.text for text in figure.layout.annotations)


@pytest.mark.parametrize(("draw", "drawn"), [(lv.figures.contour, "customdata"), (lv.figures.terrain, "z")])
def test_fine_grid_is_thinned_and_the_figure_says_so(
    fidelities: dict[str, lv.landscape.PlaneFidelity], draw: Callable[[lv.Surface], go.Figure], drawn: str
) -> None:
    axis = np.linspace(-1, 1, 1202)
    fine = replace(fidelities["random"].surface, a=axis, b=2 * axis, loss=np.add.outer(axis, 5 * axis))
    figure = draw(fine)
    (trace,) = figure.data
    shown = [*range(0, 1202, 4), 1201]  # every 3rd would be 401 and the last
    assert np.array_equal(trace.x, axis[shown])
    assert np.array_equal(trace.y, 2 * axis[shown])
    assert np.array_equal(getattr(trace, drawn), fine.loss[np.ix_(shown, shown)])
    assert any("drawn at every 4th point" in text.text for text in figure.layout.annotations)
