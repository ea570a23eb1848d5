"""What a landscape says of itself, against direct evaluation and closed forms."""

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from torch import nn

import lossviz as lv
from lossviz.landscape.fidelity import PLANES, random_walk, walk_share
from lossviz.landscape.planes import random_plane
from lossviz.landscape.reparametrization import DOWN, hessian_matrix, rescale


@pytest.fixture(scope="module")
def trained() -> lv.landscape.RecordedTraining:
    return lv.landscape.record_training("moons", "mlp-16-16", "sigmoid-ce", "relu", seed=0, steps=120)


@pytest.fixture(scope="module")
def looks(trained: lv.landscape.RecordedTraining) -> dict[str, lv.landscape.PlaneFidelity]:
    return {plane: lv.landscape.plane_fidelity(trained, plane, points=9) for plane in PLANES}


def exact(study: lv.landscape.RecordedTraining, weights: np.ndarray) -> float:
    """The loss at flat weights, in float64."""
    model = copy.deepcopy(study.model).double()
    nn.utils.vector_to_parameters(torch.from_numpy(weights.astype(np.float64)), model.parameters())
    x, y = study.data
    with torch.no_grad():
        return float(study.loss_fn(model(x.double()), y.double() if y.is_floating_point() else y))


# --- the training ---------------------------------------------------------------------------------------


def test_a_study_is_a_member_of_the_race_of_the_same_settings() -> None:
    study = lv.landscape.record_training(
        "moons", "mlp-16", "sigmoid-ce", "relu", seed=1, steps=40, record_every=4
    )
    race = lv.train("moons", "mlp-16", ["sigmoid-ce"], lr=study.settings.lr, optimizer="momentum", seeds=2,
                    steps=40, batch=32, activation="relu", record_every=4)  # fmt: skip
    assert study.steps.tolist() == race.steps.tolist()
    assert study.loss == pytest.approx(race.loss[0, 1], rel=1e-6)
    for ours, theirs in zip(study.checkpoints, race.checkpoints(0, 1), strict=True):
        for name in theirs:  # a race multiplies many members at once, which rounds differently
            np.testing.assert_allclose(ours[name].numpy(), theirs[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("dataset", "loss", "guess"),
    [
        ("moons", "sigmoid-ce", np.log(2)),
        ("moons", "sigmoid-mse", 0.25),
        ("digits", "softmax-ce", np.log(10)),
    ],
)
def test_guessing_costs_what_it_costs(dataset: str, loss: str, guess: float) -> None:
    study = lv.landscape.record_training(dataset, "mlp-16", loss, steps=2)
    assert study.guess == pytest.approx(guess, rel=1e-6)
    assert study.loss[-1] == pytest.approx(exact(study, study.weights[-1]), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"dataset": "nowhere"}, KeyError), ({"seed": -1}, ValueError), ({"record_every": 0}, ValueError),
     ({"loss": "softmax-nothing"}, KeyError), ({"dataset": "digits"}, ValueError),
     ({"lr": 1e9, "loss": "sigmoid-half-mse", "dataset": "sine"}, ValueError)],
)  # fmt: skip
def test_a_wrong_setting_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        lv.landscape.record_training(
            **({"dataset": "moons", "network": "mlp-16", "loss": "sigmoid-ce"} | change)
        )


def test_a_training_that_leaves_the_finite_numbers_says_when() -> None:
    with pytest.raises(ValueError, match="left the finite numbers by step"):
        lv.landscape.record_training("line", "mlp-16", "mse", lr=1000.0)


# --- one plane ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", PLANES)
def test_both_losses_agree_at_the_end_and_are_those_of_the_weights(
    trained: lv.landscape.RecordedTraining, looks: dict[str, lv.landscape.PlaneFidelity], plane: str
) -> None:
    look = looks[plane]
    assert look.says[-1] == pytest.approx(look.had[-1], rel=1e-4)
    assert look.path.off_plane[-1] == pytest.approx(0, abs=1e-4)
    weights = random_walk(trained.weights) if plane == "A random walk" else trained.weights
    for record in (0, len(weights) // 2):
        assert look.had[record] == pytest.approx(exact(trained, weights[record]), rel=1e-4)
    assert (look.path.off_plane <= look.way + 1e-5).all()


def test_the_map_says_the_loss_at_the_projected_weights(
    trained: lv.landscape.RecordedTraining, looks: dict[str, lv.landscape.PlaneFidelity]
) -> None:
    plane = random_plane(trained.model, 0)
    look = looks["Random"]
    for record in (0, 7, 30):
        a, b = look.path.a[record], look.path.b[record]
        weights = plane.origin + a * plane.u.astype(float) + b * plane.v.astype(float)
        assert look.says[record] == pytest.approx(exact(trained, weights), rel=1e-4)
        away = trained.weights[record].astype(float) - weights
        assert abs(away @ plane.u) < 1e-3
        assert np.linalg.norm(away) == pytest.approx(look.path.off_plane[record], rel=1e-4)


def test_chance_is_what_random_planes_hold_in_the_mean(trained: lv.landscape.RecordedTraining) -> None:
    n = trained.weights.shape[1]
    shares = []
    path = trained.weights.astype(float) - trained.weights.mean(axis=0)
    random = np.random.default_rng(1)
    for _ in range(400):
        basis, _ = np.linalg.qr(random.standard_normal((n, 2)))
        shares.append(np.square(path @ basis).sum() / np.square(path).sum())
    look = lv.landscape.plane_fidelity(trained, "Random", points=3)
    assert look.chance == 2 / n
    assert np.mean(shares) == pytest.approx(2 / n, abs=4 * np.std(shares) / 20)


def test_a_walk_explains_itself_as_theory_says() -> None:
    # Antognini and Sohl-Dickstein: 6 / pi^2 (1 + 1/4) for a long walk in many dimensions
    assert walk_share(300, 3000, walks=4) == pytest.approx(7.5 / np.pi**2, abs=0.02)


def test_a_walk_ends_where_the_training_ends_from_as_far_away(trained: lv.landscape.RecordedTraining) -> None:
    walk = random_walk(trained.weights, seed=3)
    assert walk.shape == trained.weights.shape
    assert np.array_equal(walk[-1], trained.weights[-1])
    lengths = [np.linalg.norm(w[0].astype(float) - w[-1]) for w in (walk, trained.weights)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-5)


def test_its_own_plane_holds_more_than_any_other(looks: dict[str, lv.landscape.PlaneFidelity]) -> None:
    own = looks["Its path"].path.explained
    assert all(own > looks[plane].path.explained for plane in ("Random", "Curvature", "Three minima"))
    assert looks["A random walk"].chance is None


def test_the_three_minima_lie_on_their_plane(
    trained: lv.landscape.RecordedTraining, looks: dict[str, lv.landscape.PlaneFidelity]
) -> None:
    look = looks["Three minima"]
    assert look.minima[0] == pytest.approx([1, 0], abs=1e-5)
    assert look.minima.shape == (2, 2)
    other = lv.landscape.record_training("moons", "mlp-16-16", "sigmoid-ce", "relu", seed=1, steps=120)
    assert not np.array_equal(other.weights[-1], trained.weights[-1])


@pytest.mark.parametrize("plane", ["Random", "A random walk"])
def test_from_coarse_to_fine_only_the_surface_changes(
    trained: lv.landscape.RecordedTraining, looks: dict[str, lv.landscape.PlaneFidelity], plane: str
) -> None:
    stream = list(lv.landscape.plane_fidelity_stream(trained, plane, points=9))
    assert [look.surface.facts.stride for look in stream] == [8, 4, 2, 1]
    for look in stream:
        assert (look.path, look.chance) == (stream[0].path, looks[plane].chance)
        np.testing.assert_array_equal(look.says, looks[plane].says)
        np.testing.assert_array_equal(look.had, looks[plane].had)
    last, whole = stream[-1].surface, looks[plane].surface
    assert replace(last, loss=whole.loss) == whole
    np.testing.assert_allclose(last.loss, whole.loss, rtol=2e-6)  # other points share a product


def test_an_unknown_plane_is_refused(trained: lv.landscape.RecordedTraining) -> None:
    with pytest.raises(ValueError, match="plane must be one of Random, Its path"):
        lv.landscape.plane_fidelity(trained, "Sideways")


# --- all curvatures -------------------------------------------------------------------------------------


def test_the_whole_hessian_is_that_of_products_and_finite_differences(
    trained: lv.landscape.RecordedTraining,
) -> None:
    matrix = hessian_matrix(trained)
    assert np.array_equal(matrix, matrix.T)
    top = lv.sharpness(trained.model, trained.loss_fn, trained.data)
    assert np.linalg.eigvalsh(matrix)[-1] == pytest.approx(top, rel=1e-4)
    d = np.random.default_rng(0).standard_normal(len(matrix))
    d /= np.linalg.norm(d)
    h, w = 1e-4, trained.weights[-1].astype(float)
    second = (exact(trained, w + h * d) + exact(trained, w - h * d) - 2 * exact(trained, w)) / h**2
    assert d @ matrix @ d == pytest.approx(second, abs=2e-3)


def test_the_mean_curvature_of_random_directions_is_trace_over_n(
    trained: lv.landscape.RecordedTraining,
) -> None:
    eight = lv.landscape.eight_planes(trained, points=3)
    matrix = hessian_matrix(trained)
    assert eight.mean == pytest.approx(np.trace(matrix) / len(matrix))
    error = eight.random.std() / np.sqrt(len(eight.random))
    assert eight.random.mean() == pytest.approx(eight.mean, abs=4 * error)
    assert eight.down == int((np.linalg.eigvalsh(matrix) < DOWN).sum()) > 0
    u = random_plane(trained.model, 3).u.astype(float)
    assert eight.drawn[6] == pytest.approx(u @ matrix @ u / (u @ u))
    assert [look.surface.facts.method[-6:] for look in eight.landscapes] == [f"seed {k}" for k in range(8)]


# --- rescaling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [0.05, 0.5, 20.0])
def test_a_rescaled_network_is_the_same_function(trained: lv.landscape.RecordedTraining, c: float) -> None:
    other = trained.moved(trained.weights[-1] * rescale(trained.model, c))
    x, _ = trained.data
    with torch.no_grad():
        assert torch.allclose(other(x), trained.model(x), rtol=1e-4, atol=1e-5)


def test_the_sharpness_is_that_of_the_rescaled_network_and_the_slice_stands_still(
    trained: lv.landscape.RecordedTraining,
) -> None:
    facts = lv.landscape.rescaled(trained, most=8, ways=5, points=21)
    assert facts.c == pytest.approx([1 / 8, 8**-0.5, 1, 8**0.5, 8])
    for k, c in enumerate(facts.c):
        other = trained.moved(trained.weights[-1] * rescale(trained.model, float(c)))
        top = lv.sharpness(other, trained.loss_fn, trained.data)
        assert facts.sharpness[k] == pytest.approx(top, rel=1e-3)
    still = facts.filtered[facts.unchanged]
    assert facts.filtered == pytest.approx(np.tile(still, (5, 1)), rel=1e-5, abs=1e-6)
    assert not np.allclose(facts.plain[0], facts.plain[facts.unchanged], rtol=0.1)
    line = lv.profile(trained.model, trained.loss_fn, trained.data, span=1.0, points=21, progress=False)
    assert still == pytest.approx(line.loss, rel=1e-4)


@pytest.mark.parametrize("c", [0.0, -1.0, float("nan")])
def test_a_factor_that_is_not_above_zero_is_refused(trained: lv.landscape.RecordedTraining, c: float) -> None:
    with pytest.raises(ValueError, match="c must be a finite number above 0"):
        rescale(trained.model, c)


def test_only_relu_can_be_rescaled() -> None:
    with pytest.raises(ValueError, match="Linear, ReLU, Linear"):
        lv.landscape.rescaled(lv.landscape.record_training(activation="tanh", steps=2))


# --- figures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("relief", [False, True])
def test_a_plane_is_drawn_with_a_frame_for_each_record(
    looks: dict[str, lv.landscape.PlaneFidelity], plane: str, narrow: bool, relief: bool
) -> None:
    look = looks[plane]
    figure = lv.figures.one_plane(look, at=12, relief=relief, narrow=narrow)
    assert [int(frame.name) for frame in figure.frames] == look.steps.tolist()
    here = lv.figures.at_frame(figure, 120)
    words = [text.text for text in here.layout.annotations]
    assert f"the map says <b>{look.says[-1] / look.guess:.2f}</b>" in words
    assert "after 120 steps" in words


def test_a_hole_in_a_surface_is_drawn(looks: dict[str, lv.landscape.PlaneFidelity]) -> None:
    look = looks["Random"]
    loss = look.surface.loss.copy()
    loss[2, 3], loss[4, 4] = np.nan, np.inf
    figure = lv.figures.one_plane(replace(look, surface=replace(look.surface, loss=loss)))
    assert figure.frames


def test_surfaces_and_profiles_of_any_model_wear_the_house_style(
    looks: dict[str, lv.landscape.PlaneFidelity],
) -> None:
    look = looks["Its path"]
    for figure in (lv.figures.contour(look.surface, [look.path]), lv.figures.terrain(look.surface),
                   lv.figures.contour(look.surface, narrow=True)):  # fmt: skip
        assert figure.layout.template.layout.font.family.startswith('"Source Sans"')
        assert any(look.surface.facts.method in text.text for text in figure.layout.annotations)


@pytest.mark.parametrize(("draw", "drawn"), [(lv.figures.contour, "customdata"), (lv.figures.terrain, "z")])
def test_a_grid_finer_than_a_screen_is_thinned_and_says_so(
    looks: dict[str, lv.landscape.PlaneFidelity], draw: Callable[[lv.Surface], go.Figure], drawn: str
) -> None:
    axis = np.linspace(-1, 1, 1202)
    fine = replace(looks["Random"].surface, a=axis, b=2 * axis, loss=np.add.outer(axis, 5 * axis))
    figure = draw(fine)
    (trace,) = figure.data
    shown = [*range(0, 1202, 4), 1201]  # every 3rd would be 401 and the last
    assert np.array_equal(trace.x, axis[shown])
    assert np.array_equal(trace.y, 2 * axis[shown])
    assert np.array_equal(getattr(trace, drawn), fine.loss[np.ix_(shown, shown)])
    assert any("drawn at every 4th point" in text.text for text in figure.layout.annotations)
