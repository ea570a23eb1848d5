"""Planes and projections against closed forms: normalization, PCA, interpolation, Hessian directions."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make, mlp, state
from torch import nn

from lossviz.landscape.checkpoint_planes import interpolation_plane, pca_plane
from lossviz.landscape.directions import direction_plane
from lossviz.landscape.evaluation import losses_at
from lossviz.landscape.planes import hessian_plane, random_plane
from lossviz.landscape.projection import project
from lossviz.landscape.surface import surface
from lossviz.losses.base import MeanLoss
from lossviz.losses.table import LOSSES
from lossviz.networks.table import NETWORKS
from lossviz.training.train import train


def _by_parameter(plane, flat: np.ndarray) -> dict[str, np.ndarray]:
    sizes = np.cumsum([int(np.prod(shape)) for shape in plane.shapes])[:-1]
    return {
        name: part.reshape(shape)
        for name, shape, part in zip(plane.names, plane.shapes, np.split(flat, sizes), strict=True)
    }


def test_filter_normalization_gives_each_filter_the_length_of_the_models() -> None:
    model, _ = make("cnn")
    plane = random_plane(model)
    own, moved = _by_parameter(plane, plane.origin), _by_parameter(plane, plane.u)
    for name in own:
        if own[name].ndim > 1:
            lengths = [np.linalg.norm(w[name].reshape(len(own[name]), -1), axis=1) for w in (own, moved)]
            np.testing.assert_allclose(*lengths, rtol=1e-5)
        else:
            assert not moved[name].any()


def test_layer_normalization_and_biases() -> None:
    model = mlp(3, 5, 2)
    plane = random_plane(model, normalize="layer", include_bias=True)
    own, moved = _by_parameter(plane, plane.origin), _by_parameter(plane, plane.v)
    for name in own:
        np.testing.assert_allclose(np.linalg.norm(own[name]), np.linalg.norm(moved[name]), rtol=1e-5)
    drawn = random_plane(model, normalize="none")
    assert drawn.lengths[0] > 3 * drawn.origin.std()


def test_filters_of_transposed_convolutions_are_on_the_second_axis() -> None:
    model = nn.Sequential(nn.ConvTranspose2d(4, 3, 2))
    plane = random_plane(model)
    own, moved = (_by_parameter(plane, flat)["0.weight"] for flat in (plane.origin, plane.u))
    lengths = (np.linalg.norm(w.transpose(1, 0, 2, 3).reshape(3, -1), axis=1) for w in (own, moved))
    np.testing.assert_allclose(*lengths, rtol=1e-5)


def test_same_seed_gives_the_same_plane_and_changes_no_state() -> None:
    model = mlp(2, 4, 1)
    before = state(model)
    one, same, other = random_plane(model, 3), random_plane(model, 3), random_plane(model, 4)
    assert np.array_equal(one.u, same.u)
    assert not np.array_equal(one.u, other.u)
    assert state(model) == before


def test_filter_normalized_surface_is_invariant_to_rescaling_a_relu_network() -> None:
    """L. Dinh et al. (2017): the same function, other weights. Powers of two, so that both are exact."""
    torch.manual_seed(0)
    model = mlp(4, 16, 3, activation=nn.ReLU)
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin[0].weight.mul_(64), twin[0].bias.mul_(64), twin[2].weight.div_(64)
    data = (torch.randn(60, 4), torch.randint(0, 3, (60,)))
    slices = [surface(m, F.cross_entropy, data, points=7).loss for m in (model, twin)]
    np.testing.assert_allclose(*slices, rtol=1e-6)
    planes = [(m, random_plane(m, normalize="none")) for m in (model, twin)]
    plain = [surface(m, F.cross_entropy, data, plane, points=3).loss for m, plane in planes]
    assert not np.allclose(*plain, rtol=0.1)


def test_pca_of_a_random_walk_agrees_with_the_theory() -> None:
    """J. Antognini and J. Sohl-Dickstein (2018): the k-th component explains 6 / (pi k)^2."""
    steps = np.random.default_rng(0).normal(size=(400, 5000))
    walk = [{"w": torch.from_numpy(point)} for point in steps.cumsum(axis=0)]
    found = pca_plane(walk).explained
    assert found is not None
    np.testing.assert_allclose(found, [6 / np.pi**2, 6 / (2 * np.pi) ** 2], atol=0.02)


def test_path_in_a_plane_has_its_coordinates_and_distances() -> None:
    rng = np.random.default_rng(0)
    base = np.linalg.qr(rng.normal(size=(50, 3)))[0].T
    t = np.linspace(0, 1, 12)[:, None]
    points = 5 + 3 * np.cos(3 * t) * base[0] + t * base[1]
    plane = pca_plane([{"w": torch.from_numpy(p)} for p in points])
    assert plane.explained is not None
    assert plane.explained.sum() == pytest.approx(1)
    path = project([{"w": torch.from_numpy(p)} for p in points], plane)
    assert path.explained == pytest.approx(1)
    assert path.off_plane.max() < 1e-6
    assert (path.a[-1], path.b[-1]) == pytest.approx((0, 0), abs=1e-9)
    assert np.hypot(path.a[0], path.b[0]) == pytest.approx(np.linalg.norm(points[0] - points[-1]))
    lifted = project([{"w": torch.from_numpy(p + 2 * base[2])} for p in points], plane)
    np.testing.assert_allclose(lifted.off_plane, 2, rtol=1e-9)
    (low, high), _ = plane.window
    assert low < path.a.min() <= path.a.max() < high


def test_explained_share_of_a_path_is_the_sum_of_the_components() -> None:
    walk = np.random.default_rng(1).normal(size=(30, 200)).cumsum(axis=0)
    states = [{"w": torch.from_numpy(p)} for p in walk]
    plane = pca_plane(states)
    assert plane.explained is not None
    assert project(states, plane).explained == pytest.approx(plane.explained.sum())


def test_modules_and_state_dicts_give_the_same_plane() -> None:
    models = []
    for seed in range(4):
        torch.manual_seed(seed)
        models.append(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))
    states = [m.state_dict() for m in models]
    one, other = pca_plane(models), pca_plane(states)
    assert one.names == other.names == ("0.weight", "0.bias", "1.weight", "1.bias")
    assert np.array_equal(one.u, other.u)

    class HasCheckpoints:
        checkpoints = states

    assert np.array_equal(pca_plane(HasCheckpoints()).u, one.u)
    assert np.array_equal(pca_plane(states, model=models[0]).u, one.u)


def test_checkpoints_of_a_history_give_a_plane() -> None:
    history = train("moons", "mlp-16", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=2, steps=30)
    states = history.checkpoints(1, 0)
    plane, path = pca_plane(states), project(states, pca_plane(states))
    tensors = [{name: torch.from_numpy(value) for name, value in state.items()} for state in states]
    assert np.array_equal(plane.u, pca_plane(tensors).u)
    assert np.array_equal(path.a, project(tensors, plane).a)
    assert np.array_equal(pca_plane(history).u, pca_plane(history.checkpoints(0, 0)).u)
    through = interpolation_plane(states[0], states[-1])
    np.testing.assert_allclose(through.origin + through.u, plane.origin, rtol=1e-6, atol=1e-6)

    data, _ = history.settings.data()
    model = NETWORKS["mlp-16"].build(2, 1)
    loss_fn = MeanLoss(LOSSES["sigmoid-ce"])
    at_end = losses_at(model, loss_fn, (data.x, data.y.astype(float)), plane, [0.0], [0.0])
    np.testing.assert_allclose(at_end, history.loss[1, 0, -1], rtol=1e-5)


def test_plane_that_moves_frozen_parameters_is_refused_with_advice() -> None:
    model = mlp(2, 4, 3)
    model[0].requires_grad_(False)
    states = [{name: value + k**2 for name, value in model.state_dict().items()} for k in range(3)]
    loss_fn, data = F.cross_entropy, (torch.ones(4, 2), torch.ones(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"'0.weight'.*pca_plane\(checkpoints, model\)"):
        surface(model, loss_fn, data, pca_plane(states), points=2)
    assert surface(model, loss_fn, data, pca_plane(states, model), points=2).loss.shape == (2, 2)


def test_interpolation_plane_contains_its_models() -> None:
    torch.manual_seed(0)
    a, b, c = (mlp(2, 4, 1) for _ in range(3))
    data = (torch.randn(20, 2), torch.randn(20, 1))
    plane = interpolation_plane(a, b, c)
    path = project([a, b, c], plane)
    np.testing.assert_allclose(path.a[:2], [0, 1], atol=1e-6)
    np.testing.assert_allclose(path.b[:2], [0, 0], atol=1e-6)
    assert path.off_plane.max() < 1e-5
    assert plane.lengths[0] == pytest.approx(plane.lengths[1])
    at_b = surface(a, F.mse_loss, data, plane, span=((1.0, 2.0), (0.0, 1.0)), points=2).loss[0, 0]
    assert at_b == pytest.approx(float(F.mse_loss(b(data[0]), data[1]).detach()), rel=1e-5)
    two = interpolation_plane(a, b)
    assert abs(two.cosine) < 1e-5
    assert two.window[0][0] < 0 < 1 < two.window[0][1]


def test_hessian_plane_is_spanned_by_eigenvectors() -> None:
    model = nn.Linear(3, 1, bias=False)
    x = torch.eye(3) * torch.tensor([3.0, 2.0, 1.0])
    plane = hessian_plane(model, nn.MSELoss(reduction="sum"), (x, torch.zeros(3, 1)))
    np.testing.assert_allclose(np.abs(plane.u), [1, 0, 0], atol=1e-5)
    np.testing.assert_allclose(np.abs(plane.v), [0, 1, 0], atol=1e-5)
    assert plane.axes[0] == "eigenvector of 18"


def test_directions_in_all_three_forms() -> None:
    model = mlp(2, 3, 1)
    named = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    listed = [torch.full_like(p, 2.0) for p in model.parameters()]
    plane = direction_plane(model, named, listed)
    assert (plane.u == 1).all()
    assert (plane.v == 2).all()
    assert np.array_equal(direction_plane(model, plane.u, plane.v.tolist()[:0] or plane.v).v, plane.v)


def test_shared_parameters_appear_once_and_frozen_ones_do_not() -> None:
    model = mlp(3, 3, 3)
    model[2].weight = model[0].weight
    model[2].bias.requires_grad_(False)
    assert random_plane(model).names == ("0.weight", "0.bias")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: random_plane(m, normalize="wild"), "'wild'"),
        (lambda m: random_plane(m, seed=-1), "seed"),
        (lambda m: random_plane(nn.ReLU()), "no parameters"),
        (lambda m: random_plane("model"), "torch.nn.Module"),
        (lambda m: random_plane(nn.LazyLinear(2)), "no shape yet"),
        (
            lambda m: random_plane(nn.Bilinear(1, 1, 1, dtype=torch.complex64)),
            "complex64; a loss surface needs",
        ),
        (lambda m: random_plane(copy.deepcopy(m).requires_grad_(False)), "requires grad"),
        (lambda m: random_plane(nn.Linear(2, 2, device="meta")), "meta"),
        (lambda m: direction_plane(m, np.ones(3), np.ones(3)), "shape"),
        (lambda m: direction_plane(m, [torch.ones(2)], [torch.ones(2)]), "4 tensors"),
        (lambda m: direction_plane(m, {"x": torch.ones(2)}, {}), "'0.bias'"),
        (lambda m: direction_plane(m, [torch.ones(1)] * 4, []), "shape"),
        (lambda m: direction_plane(m, np.zeros(13), np.ones(13)), "not zero"),
        (lambda m: direction_plane(m, "north", np.ones(13)), "numbers; got str"),
        (lambda m: direction_plane(m, np.ones(13) * 1j, np.ones(13)), "real numbers; got complex"),
        (lambda m: direction_plane(m, np.full(13, np.nan), np.ones(13)), "finite"),
        (lambda m: pca_plane([m, m]), "at least 3"),
        (lambda m: pca_plane([m, m, m]), "equal"),
        (lambda m: pca_plane([]), "empty"),
        (lambda m: pca_plane(3), "int"),
        (lambda m: pca_plane([{"w": np.array(["a"])}] * 3), "numbers"),
        (
            lambda m: pca_plane([{"w": torch.tensor([k, np.nan])} for k in range(3)]),
            "checkpoint 0 are not all",
        ),
        (lambda m: random_plane(nn.Linear), "the class Linear"),
        (lambda m: pca_plane([1, 2, 3]), "state_dict"),
        (lambda m: pca_plane([m, m, nn.Linear(2, 3)]), "'0.weight'"),
        (lambda m: project([nn.Linear(2, 3)], random_plane(m)), "'0.weight'"),
        (lambda m: interpolation_plane(m, m), "same weights"),
        (lambda m: hessian_plane(nn.Linear(1, 1, bias=False), None, ()), "at least 2"),
    ],
)
def test_invalid_argument_is_named(call, message: str) -> None:
    model = mlp(2, 3, 1)
    before = state(model)[:2]
    with pytest.raises(ValueError, match=message):
        call(model)
    assert state(model)[:2] == before


def test_a_frozen_table_of_integers_is_no_part_of_a_plane() -> None:
    model = mlp(2, 3, 1)
    model.register_parameter("table", nn.Parameter(torch.arange(3), requires_grad=False))
    assert "table" not in random_plane(model).names


class LoRA(nn.Module):
    """A fresh adapter: B is 0, so that moving A alone changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(4, 3).requires_grad_(False)
        self.a, self.b = nn.Parameter(torch.randn(2, 4)), nn.Parameter(torch.zeros(3, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + x @ self.a.T @ self.b.T


def test_a_plane_that_leaves_weights_of_zero_where_they_are_says_so() -> None:
    model, data = LoRA(), (torch.randn(9, 4), torch.randint(0, 3, (9,)))
    with pytest.warns(UserWarning, match=r"only some of the weights: 'b' is all 0, .*normalize='none' moves"):
        plane = random_plane(model)
    assert plane.still == ("b",)
    facts = surface(model, F.cross_entropy, data, plane, points=3).facts
    assert (facts.still, facts.method) == (
        "'b'",
        "random, filter-normalized, seed 0; 'b' is all 0 and not moved",
    )
    assert random_plane(model, normalize="none").still == ()
    assert random_plane(mlp(2, 3, 1)).still == ("0.bias", "2.bias")


class Scale(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((3,), value))


def zeros() -> nn.Module:
    model = nn.Linear(2, 3)
    nn.init.zeros_(model.weight)
    return model


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (zeros(), {}, r"'weight' is all 0, .* and 'bias' has at most one axis, .*include_bias=True"),
        (zeros(), {"normalize": "layer"}, "'weight' is all 0"),
        (Scale(1.0), {}, r"'scale' has at most one axis, as biases \(include_bias=True moves them\)$"),
        (Scale(1.0), {"normalize": "none"}, "include_bias=True"),
        (Scale(0.0), {"include_bias": True}, "'scale' is all 0.*normalize='none'"),
        (nn.BatchNorm1d(3), {}, "'weight', 'bias' have at most one axis"),
    ],
)
def test_a_plane_that_moves_nothing_is_refused_with_advice(
    model: nn.Module, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        random_plane(model, **options)
