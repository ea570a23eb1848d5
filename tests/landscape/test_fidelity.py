"""Recorded trainings, plane fidelity, curvatures and rescaling against direct evaluation and closed forms."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import lossviz as lv
from lossviz.landscape.fidelity import PLANES
from lossviz.landscape.full_hessian import hessian_matrix
from lossviz.landscape.planes import random_plane
from lossviz.landscape.random_planes import NEGATIVE
from lossviz.landscape.random_walk import random_walk, random_walk_explained
from lossviz.landscape.rescaling import rescaling_factors


@pytest.fixture(scope="module")
def training() -> lv.landscape.RecordedTraining:
    return lv.landscape.record_training("moons", "mlp-16-16", "sigmoid-ce", "relu", seed=0, steps=120)


@pytest.fixture(scope="module")
def fidelities(training: lv.landscape.RecordedTraining) -> dict[str, lv.landscape.PlaneFidelity]:
    return {plane: lv.landscape.plane_fidelity(training, plane, points=9) for plane in PLANES}


def float64_loss(training: lv.landscape.RecordedTraining, weights: np.ndarray) -> float:
    """The loss at flat weights, in float64."""
    model = copy.deepcopy(training.model).double()
    nn.utils.vector_to_parameters(torch.from_numpy(weights.astype(np.float64)), model.parameters())
    x, y = training.data
    with torch.no_grad():
        return float(training.loss_fn(model(x.double()), y.double() if y.is_floating_point() else y))


# --- recorded training ----------------------------------------------------------------------------------


def test_recorded_training_equals_a_member_of_a_history() -> None:
    training = lv.landscape.record_training(
        "moons", "mlp-16", "sigmoid-ce", "relu", seed=1, steps=40, record_every=4
    )
    history = lv.train(
        "moons", "mlp-16", ["sigmoid-ce"], lr=training.settings.lr, optimizer="momentum", seeds=2, steps=40,
        batch=32, activation="relu", record_every=4,
    )  # fmt: skip
    assert training.steps.tolist() == history.steps.tolist()
    assert training.loss == pytest.approx(history.loss[0, 1], rel=1e-6)
    for single, member in zip(training.checkpoints, history.checkpoints(0, 1), strict=True):
        for name in member:  # `train` multiplies many members at once, which rounds differently
            np.testing.assert_allclose(single[name].numpy(), member[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("dataset", "loss", "chance_loss"),
    [
        ("moons", "sigmoid-ce", np.log(2)),
        ("moons", "sigmoid-mse", 0.25),
        ("digits", "softmax-ce", np.log(10)),
    ],
)
def test_chance_loss_is_that_of_zero_logits(dataset: str, loss: str, chance_loss: float) -> None:
    training = lv.landscape.record_training(dataset, "mlp-16", loss, steps=2)
    assert training.chance_loss == pytest.approx(chance_loss, rel=1e-6)
    assert training.loss[-1] == pytest.approx(float64_loss(training, training.weights[-1]), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "error"),
    [({"dataset": "nowhere"}, KeyError), ({"seed": -1}, ValueError), ({"record_every": 0}, ValueError),
     ({"loss": "softmax-nothing"}, KeyError), ({"dataset": "digits"}, ValueError),
     ({"lr": 1e9, "loss": "sigmoid-half-mse", "dataset": "sine"}, ValueError)],
)  # fmt: skip
def test_invalid_setting_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        lv.landscape.record_training(
            **({"dataset": "moons", "network": "mlp-16", "loss": "sigmoid-ce"} | change)
        )


def test_diverging_training_names_the_step() -> None:
    with pytest.raises(ValueError, match="the training diverged by step"):
        lv.landscape.record_training("line", "mlp-16", "mse", lr=1000.0)


# --- one plane ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", PLANES)
def test_true_loss_is_that_of_the_weights_and_equals_plane_loss_at_the_end(
    training: lv.landscape.RecordedTraining, fidelities: dict[str, lv.landscape.PlaneFidelity], plane: str
) -> None:
    fidelity = fidelities[plane]
    assert fidelity.plane_loss[-1] == pytest.approx(fidelity.true_loss[-1], rel=1e-4)
    assert fidelity.path.off_plane[-1] == pytest.approx(0, abs=1e-4)
    weights = random_walk(training.weights) if plane == "random-walk" else training.weights
    for record in (0, len(weights) // 2):
        assert fidelity.true_loss[record] == pytest.approx(float64_loss(training, weights[record]), rel=1e-4)
    assert (fidelity.path.off_plane <= fidelity.distance + 1e-5).all()


def test_plane_loss_is_that_of_the_projected_weights(
    training: lv.landscape.RecordedTraining, fidelities: dict[str, lv.landscape.PlaneFidelity]
) -> None:
    plane = random_plane(training.model, 0)
    fidelity = fidelities["random"]
    for record in (0, 7, 30):
        a, b = fidelity.path.a[record], fidelity.path.b[record]
        weights = plane.origin + a * plane.u.astype(float) + b * plane.v.astype(float)
        assert fidelity.plane_loss[record] == pytest.approx(float64_loss(training, weights), rel=1e-4)
        difference = training.weights[record].astype(float) - weights
        assert abs(difference @ plane.u) < 1e-3
        assert np.linalg.norm(difference) == pytest.approx(fidelity.path.off_plane[record], rel=1e-4)


def test_expected_explained_is_the_mean_over_random_planes(training: lv.landscape.RecordedTraining) -> None:
    n = training.weights.shape[1]
    shares = []
    path = training.weights.astype(float) - training.weights.mean(axis=0)
    random = np.random.default_rng(1)
    for _ in range(400):
        basis, _ = np.linalg.qr(random.standard_normal((n, 2)))
        shares.append(np.square(path @ basis).sum() / np.square(path).sum())
    fidelity = lv.landscape.plane_fidelity(training, "random", points=3)
    assert fidelity.expected_explained == 2 / n
    assert np.mean(shares) == pytest.approx(2 / n, abs=4 * np.std(shares) / 20)


def test_random_walk_explained_agrees_with_the_theory() -> None:
    # Antognini and Sohl-Dickstein: 6 / pi^2 (1 + 1/4) for a long walk in many dimensions
    assert random_walk_explained(300, 3000, walks=4) == pytest.approx(7.5 / np.pi**2, abs=0.02)


def test_random_walk_has_the_start_distance_and_the_end_of_the_path(
    training: lv.landscape.RecordedTraining,
) -> None:
    walk = random_walk(training.weights, seed=3)
    assert walk.shape == training.weights.shape
    assert np.array_equal(walk[-1], training.weights[-1])
    lengths = [np.linalg.norm(w[0].astype(float) - w[-1]) for w in (walk, training.weights)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-5)


def test_pca_plane_explains_more_than_any_other(fidelities: dict[str, lv.landscape.PlaneFidelity]) -> None:
    own = fidelities["path"].path.explained
    assert all(own > fidelities[plane].path.explained for plane in ("random", "curvature", "minima"))
    assert fidelities["random-walk"].expected_explained is None


def test_three_minima_lie_on_their_plane(
    training: lv.landscape.RecordedTraining, fidelities: dict[str, lv.landscape.PlaneFidelity]
) -> None:
    fidelity = fidelities["minima"]
    assert fidelity.minima[0] == pytest.approx([1, 0], abs=1e-5)
    assert fidelity.minima.shape == (2, 2)
    other = lv.landscape.record_training("moons", "mlp-16-16", "sigmoid-ce", "relu", seed=1, steps=120)
    assert not np.array_equal(other.weights[-1], training.weights[-1])


@pytest.mark.parametrize("plane", ["random", "random-walk"])
def test_stream_changes_only_the_surface(
    training: lv.landscape.RecordedTraining, fidelities: dict[str, lv.landscape.PlaneFidelity], plane: str
) -> None:
    stream = list(lv.landscape.plane_fidelity_stream(training, plane, points=9))
    assert [fidelity.surface.facts.stride for fidelity in stream] == [8, 4, 2, 1]
    for fidelity in stream:
        assert (fidelity.path, fidelity.expected_explained) == (
            stream[0].path,
            fidelities[plane].expected_explained,
        )
        np.testing.assert_array_equal(fidelity.plane_loss, fidelities[plane].plane_loss)
        np.testing.assert_array_equal(fidelity.true_loss, fidelities[plane].true_loss)
    last, whole = stream[-1].surface, fidelities[plane].surface
    assert replace(last, loss=whole.loss) == whole
    np.testing.assert_allclose(last.loss, whole.loss, rtol=2e-6)  # other points share a product


def test_unknown_plane_is_refused(training: lv.landscape.RecordedTraining) -> None:
    with pytest.raises(ValueError, match="plane must be one of random, path"):
        lv.landscape.plane_fidelity(training, "sideways")


# --- all curvatures -------------------------------------------------------------------------------------


def test_hessian_matrix_equals_products_and_finite_differences(
    training: lv.landscape.RecordedTraining,
) -> None:
    matrix = hessian_matrix(training)
    assert np.array_equal(matrix, matrix.T)
    top = lv.sharpness(training.model, training.loss_fn, training.data)
    assert np.linalg.eigvalsh(matrix)[-1] == pytest.approx(top, rel=1e-4)
    d = np.random.default_rng(0).standard_normal(len(matrix))
    d /= np.linalg.norm(d)
    h, w = 1e-4, training.weights[-1].astype(float)
    second = (
        float64_loss(training, w + h * d) + float64_loss(training, w - h * d) - 2 * float64_loss(training, w)
    ) / h**2
    assert d @ matrix @ d == pytest.approx(second, abs=2e-3)


def test_mean_curvature_of_random_directions_is_trace_over_n(
    training: lv.landscape.RecordedTraining,
) -> None:
    eight = lv.landscape.eight_planes(training, points=3)
    matrix = hessian_matrix(training)
    assert eight.mean_curvature == pytest.approx(np.trace(matrix) / len(matrix))
    error = eight.random_curvatures.std() / np.sqrt(len(eight.random_curvatures))
    assert eight.random_curvatures.mean() == pytest.approx(eight.mean_curvature, abs=4 * error)
    assert eight.negative == int((np.linalg.eigvalsh(matrix) < NEGATIVE).sum()) > 0
    u = random_plane(training.model, 3).u.astype(float)
    assert eight.plane_curvatures[6] == pytest.approx(u @ matrix @ u / (u @ u))
    assert [fidelity.surface.facts.method[-6:] for fidelity in eight.planes] == [
        f"seed {k}" for k in range(8)
    ]


# --- rescaling ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [0.05, 0.5, 20.0])
def test_rescaled_network_is_the_same_function(training: lv.landscape.RecordedTraining, c: float) -> None:
    other = training.model_with(training.weights[-1] * rescaling_factors(training.model, c))
    x, _ = training.data
    with torch.no_grad():
        assert torch.allclose(other(x), training.model(x), rtol=1e-4, atol=1e-5)


def test_sharpness_is_that_of_the_rescaled_network_and_filter_normalized_loss_is_constant(
    training: lv.landscape.RecordedTraining,
) -> None:
    result = lv.landscape.rescaled(training, max_factor=8, factors=5, points=21)
    assert result.c == pytest.approx([1 / 8, 8**-0.5, 1, 8**0.5, 8])
    for k, c in enumerate(result.c):
        other = training.model_with(training.weights[-1] * rescaling_factors(training.model, float(c)))
        top = lv.sharpness(other, training.loss_fn, training.data)
        assert result.sharpness[k] == pytest.approx(top, rel=1e-3)
    unscaled = result.filter_normalized_loss[result.unscaled]
    assert result.filter_normalized_loss == pytest.approx(np.tile(unscaled, (5, 1)), rel=1e-5, abs=1e-6)
    assert not np.allclose(result.plain_loss[0], result.plain_loss[result.unscaled], rtol=0.1)
    line = lv.profile(training.model, training.loss_fn, training.data, span=1.0, points=21, progress=False)
    assert unscaled == pytest.approx(line.loss, rel=1e-4)


@pytest.mark.parametrize("c", [0.0, -1.0, float("nan")])
def test_rescaling_factor_must_be_positive(training: lv.landscape.RecordedTraining, c: float) -> None:
    with pytest.raises(ValueError, match="c must be a finite number above 0"):
        rescaling_factors(training.model, c)


def test_only_relu_networks_can_be_rescaled() -> None:
    with pytest.raises(ValueError, match="Linear, ReLU, Linear"):
        lv.landscape.rescaled(lv.landscape.record_training(activation="tanh", steps=2))
