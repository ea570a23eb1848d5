"""Figures show the numbers of their results; every frame equals the figure that is built there."""

import json
import math
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from support.drawn import assert_frames_equal_figures, built, content

import lossviz as lv
from lossviz import figures
from lossviz.figures import at_frame, dark, dark_map, number, percent, standalone, whole
from lossviz.figures.base.meshes import draw_relief
from lossviz.figures.base.themes import DARK

Z = np.arange(-16, 17) / 2
CURVES = lv.neuron.logit_curves(["sigmoid-mse", "sigmoid-ce"], z=Z)
MIRRORED = lv.neuron.logit_curves(["sigmoid-half-mse", "sigmoid-ce"], y=1.0, z=Z)
RUNS = [lv.descend(loss, w=2, b=2, steps=60) for loss in ("sigmoid-half-mse", "sigmoid-ce")]
WIDGET = lv.neuron.descend_widget(w=2, b=2, lr=0.005, steps=60)
STARTS = [k / 2 for k in range(1, 29)]
TIMES = {loss: lv.neuron.escape_times(loss, STARTS) for loss in ("sigmoid-half-mse", "sigmoid-ce")}
GRIDS = [lv.neuron.loss_grid("noisy-step", loss, points=21) for loss in ("sigmoid-mse", "sigmoid-ce")]
TRAJECTORIES = [
    run
    for rule in ("sgd", "adam")
    for run in lv.neuron.trajectories(
        "noisy-step", ["sigmoid-mse", "sigmoid-ce"], (5, -8), rule, lr=0.5, steps=40
    )
]
DIVERGED = lv.neuron.trajectories(
    "neuron-step", ["sigmoid-mse", "sigmoid-ce"], (1, 1), "sgd", lr=1e308, steps=40
)
HISTORY = lv.train(
    "moons", "mlp-16", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=3, steps=60, record_every=10
)
BOUNDARIES = lv.decision_boundaries(HISTORY, points=8)
FOUR = lv.train(
    "moons", "mlp-5", ["sigmoid-mse", "sigmoid-ce"] * 2, lr=0.5, seeds=3, steps=60, record_every=10,
    activation=["sigmoid", "sigmoid", "relu", "relu"],
)  # fmt: skip
BOUNDARIES_OF_FOUR = lv.decision_boundaries(FOUR, points=8)

# name -> (figure at a value of its slider, values of the slider to try)
MOVING: dict[str, tuple[Callable[..., go.Figure], list[float]]] = {
    "logit curves": (lambda at, **more: figures.logit_curves(CURVES, at=at, **more), [-8, -2.5, 0, 4, 8]),
    "logit curves, target 1": (lambda at, **more: figures.logit_curves(MIRRORED, at=at, **more), [-8, 0, 6]),
    "descents": (lambda at, **more: figures.descents(RUNS, at=int(at), **more), [0, 1, 30, 60]),
    "descents with the widget": (
        lambda at, **more: figures.descents(RUNS, at=int(at), widget=WIDGET, **more),
        [0, 30, 60],
    ),
    "escape times": (lambda at, **more: figures.escape_times(STARTS, TIMES, at=at, **more), [0.5, 4, 14]),
    "contours": (
        lambda at, **more: figures.loss_contours(GRIDS, TRAJECTORIES, step=int(at), **more),
        [0, 8, 40],
    ),
    "contours of a diverged trajectory": (
        lambda at, **more: figures.loss_contours(
            [lv.neuron.loss_grid("neuron-step", "sigmoid-mse", points=21)], DIVERGED[:1], step=int(at), **more
        ),
        [0, 2, 40],
    ),
    "training curves": (
        lambda at, **more: figures.training_curves(HISTORY, at=int(at), **more),
        [10, 30, 60],
    ),
    "training by layer": (
        lambda at, **more: figures.training_curves(HISTORY, at=int(at), view="layers", **more),
        [0, 30, 60],
    ),
    "training by saturated layer": (
        lambda at, **more: figures.training_curves(
            FOUR, at=int(at), view="layers", layers="saturated", **more
        ),
        [0, 30, 60],
    ),
    "training by seed": (
        lambda at, **more: figures.training_curves(HISTORY, at=int(at), view="seeds", **more),
        [0, 30, 60],
    ),
    "training curves of four runs": (
        lambda at, **more: figures.training_curves(
            FOUR, "cross_entropy", at=int(at), boundaries=BOUNDARIES_OF_FOUR, **more
        ),
        [10, 30, 60],
    ),
    "training curves with boundaries": (
        lambda at, **more: figures.training_curves(HISTORY, at=int(at), boundaries=BOUNDARIES, **more),
        [10, 30, 60],
    ),
}


def at_its_end(make: Callable[..., go.Figure], values: list[float]) -> Callable[..., go.Figure]:
    return lambda **more: make(values[-1], **more)


def of_metric(metric: str) -> Callable[..., go.Figure]:
    return lambda **more: figures.training_curves(HISTORY, metric, **more)


ALL: dict[str, Callable[..., go.Figure]] = {
    **{name: at_its_end(*how) for name, how in MOVING.items()},
    "terrains": lambda **more: figures.loss_terrains(GRIDS, TRAJECTORIES, 40, **more),
    **{f"training, {metric}": of_metric(metric) for metric in figures.TRAINING_METRICS},
}
MOVES = pytest.mark.parametrize("name", MOVING)
EVERY = pytest.mark.parametrize("name", ALL)
WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def texts(figure: go.Figure) -> str:
    written = [a.text for a in figure.layout.annotations]
    for trace in figure.data:
        if trace.type == "scatter" and trace.text is not None:
            written += list(trace.text)
    return " | ".join(re.sub(r"<.*?>", "", str(t)) for t in written)


# --- facts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [-4.0, 2.0, 4.0, 6.0, 8.0])
@WIDTHS
def test_logit_curves_show_the_ratio_and_the_values(z: float, narrow: bool) -> None:
    said = texts(figures.logit_curves(CURVES, at=z, narrow=narrow))
    i = int(np.abs(CURVES.z - z).argmin())
    p = 1 / (1 + math.exp(-z))
    assert f"{number(1 / (2 * p * (1 - p)))}×" in said  # (dL/dz of cross-entropy) / (that of squared error)
    for value in (*CURVES.gradient[:, i], *CURVES.curvature[:, i]):
        assert number(float(value)) in said


def test_the_ratio_is_infinite_where_the_first_gradient_underflows() -> None:
    far = lv.neuron.logit_curves(["sigmoid-mse", "sigmoid-ce"], z=[0.0, 400.0, 800.0])
    assert "∞×" in texts(figures.logit_curves(far, at=800))


@pytest.mark.parametrize("step", [0, 1, 37, 60])
def test_descents_show_the_outputs_on_their_discs(step: int) -> None:
    said = texts(figures.descents(RUNS, at=step))
    for run in RUNS:
        assert f"{run.output[step]:.2f}" in said
    assert f"{step} step" in said


def test_the_widgets_curve_is_drawn_in_a_colour_of_its_own() -> None:
    plain, with_widget = figures.descents(RUNS, at=10), figures.descents(RUNS, at=10, widget=WIDGET)
    (more,) = [t for t in with_widget.data if t.y is not None and np.array_equal(t.y, WIDGET.output)]
    assert len(with_widget.data) == len(plain.data) + 1
    assert more.line.color not in {t.line.color for t in plain.data}


@pytest.mark.parametrize("z0", [0.5, 8.0, 14.0])
def test_escape_times_show_the_steps_and_their_ratio(z0: float) -> None:
    said = texts(figures.escape_times(STARTS, TIMES, at=z0)).replace("\u2009", "")
    slow, fast = (row[STARTS.index(z0)].steps for row in TIMES.values())
    assert slow is not None
    assert fast is not None
    assert str(slow) in said
    assert str(fast) in said
    assert f"{number(slow / fast)}×".replace("\u2009", "") in said


def test_escape_times_say_never_beyond_the_limit() -> None:
    times = {**TIMES, "sigmoid-half-mse": [*TIMES["sigmoid-half-mse"][:-1], lv.EscapeTime(None, 1e9)]}
    assert "never" in texts(figures.escape_times(STARTS, times, at=14.0))


@WIDTHS
def test_contours_show_the_shares(narrow: bool) -> None:
    plateaus = texts(figures.loss_contours(GRIDS, overlay="plateau", narrow=narrow))
    curvature = texts(figures.loss_contours(GRIDS, overlay="negative-curvature", narrow=narrow))
    for grid in GRIDS:
        assert percent(grid.plateau_share()) in plateaus
        assert percent(grid.negative_curvature_share) in curvature
    nothing = texts(figures.loss_contours(GRIDS, overlay=None, narrow=narrow))
    assert "%" not in nothing


def test_contours_draw_the_trajectories() -> None:
    figure = figures.loss_contours(GRIDS, TRAJECTORIES)
    for run in TRAJECTORIES:
        drawn = [t for t in figure.data if t.type == "scatter" and t.x is not None and len(t.x) == 41]
        assert any(np.array_equal(t.x, run.weights[:, 0]) and np.array_equal(t.y, run.weights[:, 1])
                   for t in drawn)  # fmt: skip
        assert number(float(run.relative_loss[-1])) in texts(figure)


def test_contours_show_the_step_of_divergence() -> None:
    run = next(run for run in DIVERGED if run.diverged_at is not None)
    grid = lv.neuron.loss_grid("neuron-step", run.loss_name, points=21)
    assert f"diverged at step {run.diverged_at}" in texts(figures.loss_contours([grid], [run]))


def test_terrains_have_one_scene_a_grid_with_equal_axes() -> None:
    figure = figures.loss_terrains(GRIDS, TRAJECTORIES)
    surfaces = [t for t in figure.data if t.type == "mesh3d"]
    assert [s.scene for s in surfaces] == ["scene", "scene2"]
    first, second = figure.layout.scene.to_plotly_json(), figure.layout.scene2.to_plotly_json()
    assert first["zaxis"]["range"] == second["zaxis"]["range"]
    assert first["camera"] == second["camera"]
    for grid in GRIDS:
        assert percent(grid.plateau_share()) in texts(figure)


def test_the_frames_are_named_by_what_the_slider_says() -> None:
    names = {name: [f.name for f in make(at[0]).frames] for name, (make, at) in MOVING.items()}
    assert names["logit curves"] == [f"{z:g}" for z in CURVES.z]
    assert names["descents"] == [str(s) for s in range(61)]
    assert names["escape times"] == [f"{z:g}" for z in STARTS]
    assert names["training curves"] == [str(s) for s in HISTORY.steps]
    assert set(names["contours"]) >= {"0", "2", "40"}
    sparse = figures.descents(RUNS, at=7, every=10)
    assert [f.name for f in sparse.frames][:4] == ["0", "7", "10", "20"]


# --- frames --------------------------------------------------------------------------------------------


@MOVES
@WIDTHS
def test_frame_equals_the_figure_built_there(name: str, narrow: bool) -> None:
    assert_frames_equal_figures(*MOVING[name], narrow)


def test_a_frame_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no frame is called 'Speed'; there are Accuracy, Loss"):
        at_frame(figures.training_curves(HISTORY, running=True), "Speed")


def test_at_frame_of_a_still_figure_changes_nothing() -> None:
    still = at_frame(figures.descents(RUNS, at=10), 30)
    assert at_frame(still).to_json() == still.to_json()


@MOVES
def test_frames_do_not_depend_on_each_other(name: str) -> None:
    make, values = MOVING[name]
    figure = built(make, values[0])
    before = figure.to_json()
    last, first = at_frame(figure, values[-1]), at_frame(figure, values[0])
    assert at_frame(figure, values[-1]).to_json() == last.to_json()
    assert at_frame(figure, values[0]).to_json() == first.to_json()
    assert figure.to_json() == before, "at_frame does not change the figure"


def test_the_nearest_frame_is_taken() -> None:
    figure = figures.escape_times(STARTS, TIMES, at=8)
    assert content(figure, 4.1) == content(figure, 4.0)
    assert content(figure, 1e9) == content(figure, 14.0)


def test_a_figure_without_frames_stays_as_it_is() -> None:
    figure = figures.loss_terrains(GRIDS)
    assert content(figure, 3.0) == content(figure)


@MOVES
def test_figure_can_be_restored_from_its_json(name: str) -> None:
    make, values = MOVING[name]
    figure = built(make, values[0])
    again = figures.from_json(json.loads(figure.to_json()))
    assert json.loads(again.to_json()) == json.loads(figure.to_json())
    assert texts(at_frame(again, values[-1])) == texts(at_frame(figure, values[-1]))


class Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if key in ("src", "href") and value]


@pytest.mark.parametrize("name", ["escape times", "terrains"])
def test_a_page_of_its_own_needs_nothing_from_elsewhere(name: str) -> None:
    figure = built(ALL[name])
    page = standalone(figure, "start")
    sources = Sources()
    sources.feed(page)
    assert sources.found == []
    assert page.count("Plotly.newPlot") >= 1
    assert len(page) > 3e6, "plotly is included"
    for frame in figure.frames:
        assert f'"{frame.name}"' in page


# --- colours and template -------------------------------------------------------------------------------

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba\(\d+,\d+,\d+,")


@EVERY
@WIDTHS
def test_every_colour_has_a_dark_counterpart_or_is_neutral(name: str, narrow: bool) -> None:
    figure = built(ALL[name], narrow=narrow)
    neutral = {"rgba(0,0,0,", "rgba(255,255,255,", "rgba(20,26,34,"}
    used = set(COLOUR.findall(figure.to_json())) - neutral
    assert used <= set(dark_map())
    turned = set(COLOUR.findall(dark(figure).to_json())) - neutral
    assert not turned & set(dark_map())
    assert turned == {dark_map()[colour] for colour in used}


def test_no_dark_colour_is_a_light_colour() -> None:
    """Colours are replaced one after the other, so that a chain would be replaced twice."""
    assert not set(DARK) & set(DARK.values())
    assert not set(dark_map()) & set(dark_map().values())
    assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for pair in DARK.items() for colour in pair)


def test_dark_changes_colours_only() -> None:
    figure = figures.logit_curves(CURVES)
    light, night = json.loads(figure.to_json()), json.loads(dark(figure).to_json())

    def bleached(spec: Any) -> Any:
        return COLOUR.sub("?", json.dumps(spec, sort_keys=True))

    assert bleached(night) == bleached(light)


@pytest.fixture
def placeholder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make another template than Plotly's the default, as a user may have done."""
    pio.templates["placeholder"] = go.layout.Template(layout={"font": {"color": "#000001"}})
    monkeypatch.setattr(pio.templates, "default", "placeholder")
    yield
    del pio.templates["placeholder"]


@EVERY
@WIDTHS
def test_figures_do_not_use_the_default_template(
    name: str, narrow: bool, request: pytest.FixtureRequest
) -> None:
    plain = built(ALL[name], narrow=narrow)
    ours = built(ALL["logit curves"]).layout.template.layout
    assert plain.layout.template.layout.font.family == ours.font.family
    assert not plain.layout.template.data.to_plotly_json()
    request.getfixturevalue("placeholder")
    assert ALL[name](narrow=narrow).to_json() == plain.to_json()


@pytest.mark.parametrize("name", ["escape times", "terrains"])
def test_no_still_uses_plotlys_own_template(name: str, request: pytest.FixtureRequest) -> None:
    figure = built(ALL[name])
    before = at_frame(figure).to_json()
    request.getfixturevalue("placeholder")
    assert at_frame(figure).to_json() == before


@EVERY
def test_narrow_figure_shows_the_same_numbers(name: str) -> None:
    wide, narrow = built(ALL[name]), built(ALL[name], narrow=True)
    assert len(wide.data) == len(narrow.data)
    assert wide.to_json() != narrow.to_json() or name == "terrains"
    numbers = set(re.findall(r"\d+(?:\.\d+)? ?[×%]", texts(wide)))
    assert numbers <= set(re.findall(r"\d+(?:\.\d+)? ?[×%]", texts(narrow)))


# --- number format ---------------------------------------------------------------------------

SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def read(text: str) -> float:
    """The number that a text stands for."""
    sign, text = (-1, text[1:]) if text.startswith("−") else (1, text)
    lead, _, power = text.replace("\u2009", "").partition(" × 10")
    return (
        sign * float(lead.removeprefix("&gt;")) * 10.0 ** (int(power.translate(SUPERSCRIPTS)) if power else 0)
    )


@given(some.floats(1e-300, 1e300) | some.floats(0.9, 1.1) | some.floats(1e-5, 1e7))
@example(1.0)
@example(0.99949999)
@example(0.9995)
@example(999999.9)
@example(9.999e-5)
@example(9.96e8)
def test_number_is_equal_when_read_back(value: float) -> None:
    text = number(value)
    assert read(text) == pytest.approx(value, rel=0.051 if "×" in text else 0.0051)
    assert number(-value) == f"−{text}"
    assert "-" not in text
    assert "e" not in text


@given(some.integers(0, 10**12))
@example(1057)
def test_whole_writes_all_digits(count: int) -> None:
    first, *others = whole(count).split("\u2009")
    assert int(first + "".join(others)) == count
    assert len(first) <= 3
    assert all(len(three) == 3 for three in others)


@given(some.floats(1e-4, 1e6), some.floats(1e-4, 1e6))
def test_number_is_monotonic(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert read(number(low)) <= read(number(high))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞"), (28.308, "28.3"), (1.0, "1.00"),
        (0.0346, "0.0346"), (-0.5, "−0.500"),
        (1.5e7, "1.5 × 10⁷"), (3e-6, "3.0 × 10⁻⁶"), (9.99e-6, "1.0 × 10⁻⁵"),
    ],
)  # fmt: skip
def test_number_examples(value: float, text: str) -> None:
    assert number(value) == text


@given(some.floats(allow_nan=True, allow_infinity=True, allow_subnormal=False))
def test_every_float_can_be_formatted(value: float) -> None:
    assert number(value)


@given(some.floats(0, 1))
def test_percent_has_no_decimals(share: float) -> None:
    text = percent(share)
    if text == "under 1 %":
        assert 0 < share < 0.005
    else:
        assert float(text.removesuffix(" %")) == pytest.approx(100 * share, abs=0.5000001)


def test_percent_of_zero_and_one() -> None:
    assert (percent(0.0), percent(1.0), percent(1e-9), percent(0.27)) == ("0 %", "100 %", "under 1 %", "27 %")


# --- 3D surfaces -------------------------------------------------------------------------------------------


def surface_traces(height: np.ndarray) -> tuple[Any, Any]:
    """The mesh and the contour lines of heights over a grid."""
    figure = figures.from_json({"data": [], "layout": {}})
    across, up = np.arange(height.shape[1], dtype=float), np.arange(height.shape[0], dtype=float)
    draw_relief(figure, across, up, height, height, ends=(0, 4), tallest=4)
    return figure.data


def test_triangles_cover_the_grid_once_except_holes() -> None:
    height = np.random.default_rng(0).uniform(0, 4, (5, 7))
    height[2, 3], height[0, 0] = np.nan, np.inf
    mesh, _ = surface_traces(height)
    assert len(mesh.x) == 5 * 7 - 2
    corners = np.stack([np.stack([mesh.x[part], mesh.y[part]], axis=-1) for part in (mesh.i, mesh.j, mesh.k)])
    (ax, ay), (bx, by) = (corners[1] - corners[0]).T, (corners[2] - corners[0]).T
    assert np.allclose(np.abs(ax * by - ay * bx) / 2, 0.5), "half a cell each"
    assert len(mesh.i) == 2 * 4 * 6 - 6 - 1  # the holes: six halves, and one
    assert np.allclose(mesh.z, height[mesh.y.astype(int), mesh.x.astype(int)])


def test_contour_lines_are_at_integer_heights() -> None:
    across, up = np.meshgrid(np.arange(7.0), np.arange(5.0))
    _, lines = surface_traces(across / 2 + up / 4)
    x, y, z = (np.asarray(part, dtype=float) for part in (lines.x, lines.y, lines.z))
    finite = np.isfinite(x)
    assert set(np.round(z[finite])) == {1, 2, 3}
    assert np.allclose(x[finite] / 2 + y[finite] / 4, np.round(z[finite]))
