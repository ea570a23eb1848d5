"""Networks: initialized as torch does, the gain of the output layer, and no global state."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from lossviz import NETWORKS, train
from lossviz.networks.table import ACTIVATIONS, Network

NAMES = [*NETWORKS, "mlp-3-7"]


def inputs_of(name: str) -> int:
    return 64 if name == "cnn" else 5


@pytest.mark.parametrize("name", NAMES)
def test_network_maps_examples_to_logits(name: str) -> None:
    model = NETWORKS[name].build(inputs_of(name), 3)
    z = model(torch.zeros(11, inputs_of(name)))
    assert z.shape == (11, 3)
    assert z.dtype == torch.float32
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    one, two, other = (
        list(NETWORKS[name].build(inputs_of(name), 2, seed=seed).parameters()) for seed in (4, 4, 5)
    )
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_global_random_state_is_unchanged(name: str) -> None:
    torch.manual_seed(12)
    np.random.seed(12)  # noqa: NPY002  # the legacy global state is what is tested
    expected = torch.rand(3), np.random.rand(3)  # noqa: NPY002
    torch.manual_seed(12)
    np.random.seed(12)  # noqa: NPY002
    NETWORKS[name].build(inputs_of(name), 2, seed=99)
    assert torch.equal(torch.rand(3), expected[0])
    np.testing.assert_array_equal(np.random.rand(3), expected[1])  # noqa: NPY002


@pytest.mark.parametrize("gain", [0.0, 0.5, 20.0])
@pytest.mark.parametrize("name", NAMES)
def test_gain_multiplies_only_the_output_layer(name: str, gain: float) -> None:
    plain = NETWORKS[name].build(inputs_of(name), 3, seed=1)
    scaled = NETWORKS[name].build(inputs_of(name), 3, init_gain=gain, seed=1)
    *hidden, weight, bias = zip(plain.parameters(), scaled.parameters(), strict=True)
    for before, after in hidden:
        assert torch.equal(before, after)
    for before, after in (weight, bias):
        torch.testing.assert_close(after, gain * before, rtol=0, atol=0)
    x = torch.rand(6, inputs_of(name), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(scaled(x), gain * plain(x), rtol=1e-5, atol=1e-6)


def plain(name: str) -> list[nn.Module]:
    """The layers with weights, as torch initializes them."""
    if name == "cnn":
        return [nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 32, 3, padding=1), nn.Linear(512, 3)]
    return [nn.Linear(n, m) for n, m in pairwise((5, *map(int, name.split("-")[1:]), 3))]


@pytest.mark.parametrize("seed", [0, 7, 2**40])
@pytest.mark.parametrize("name", NAMES)
def test_initialization_is_bit_equal_to_that_of_torch_after_manual_seed(name: str, seed: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        theirs = [parameter for layer in plain(name) for parameter in layer.parameters()]
    ours = NETWORKS[name].build(inputs_of(name), 3, seed=seed).parameters()
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_layers_of_any_kind_are_initialized_as_torch_does(double_by_default: None) -> None:
    def layers(inputs: int, outputs: int, activation: type[nn.Module]) -> list[nn.Module]:
        return [nn.Linear(inputs, 8), nn.BatchNorm1d(8), nn.Bilinear(8, 8, 3), nn.MultiheadAttention(8, 2),
                nn.Embedding(4, 5), nn.LSTM(3, 4), nn.PReLU(), nn.Linear(8, outputs)]  # fmt: skip

    row = Network("mine", "Mine", layers, "", "", "")
    ours = row.build(5, 2, seed=4)
    torch.set_default_dtype(torch.float32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        theirs = nn.Sequential(*layers(5, 2, nn.Tanh))
    for (name, mine), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert mine.dtype == other.dtype, name
        assert torch.equal(mine, other), name


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_mlp_equals_the_same_sequential_model(activation: str) -> None:
    ours = NETWORKS["mlp-3-7"].build(5, 2, activation, seed=8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(8)
        f = ACTIVATIONS[activation]
        theirs = nn.Sequential(nn.Linear(5, 3), f(), nn.Linear(3, 7), f(), nn.Linear(7, 2))
    x = torch.linspace(-2, 2, 20).reshape(4, 5)
    assert torch.equal(ours(x), theirs(x))


def test_weights_have_the_bound_of_torch() -> None:
    for layer in NETWORKS["mlp-64-64"].build(10, 10):
        if isinstance(layer, nn.Linear):
            bound = 1 / math.sqrt(layer.in_features)
            assert 0.9 * bound < float(layer.weight.detach().abs().max()) <= bound
            assert float(layer.bias.detach().abs().max()) <= bound


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("mlp")])
def test_name_gives_the_layer_sizes(name: str) -> None:
    widths = [5, *map(int, name.split("-")[1:]), 2]
    linear = [layer for layer in NETWORKS[name].build(5, 2) if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == list(pairwise(widths))


@pytest.mark.parametrize("name", ["neuron", "linear"])
def test_network_without_a_hidden_layer_is_affine(name: str) -> None:
    model = NETWORKS[name].build(3, 1)
    a, b = torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([[0.0, 3.0, 1.0]])
    torch.testing.assert_close(model((a + b) / 2), (model(a) + model(b)) / 2)


def test_cnn_convolves_an_image() -> None:
    model = NETWORKS["cnn"].build(64, 10)
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [16, 32]
    image = torch.zeros(1, 64)
    image[0, 9] = 1.0  # row 1, column 1: a 3 x 3 kernel spreads it over rows and columns 0 to 2
    change = model[:2](image) - model[:2](torch.zeros(1, 64))
    touched = change.abs().sum(dim=(0, 1)) > 0
    assert touched[:3, :3].all()
    assert int(touched.sum()) == 9


@pytest.fixture
def double_by_default():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_initialization_does_not_depend_on_torchs_default_dtype(double_by_default: None) -> None:
    found = NETWORKS["mlp-16"].build(2, 1, seed=3)
    again = train("moons", "mlp-16", ["sigmoid-ce"], 0.1, "adam", steps=3, batch=8)
    assert torch.get_default_dtype() == torch.float64
    torch.set_default_dtype(torch.float32)
    wanted = NETWORKS["mlp-16"].build(2, 1, seed=3)
    for one, other in zip(found.parameters(), wanted.parameters(), strict=True):
        assert torch.equal(one, other)
    assert again == train("moons", "mlp-16", ["sigmoid-ce"], 0.1, "adam", steps=3, batch=8)


@pytest.mark.parametrize("inputs", [2, 63, 784])
def test_cnn_takes_only_8_by_8_pixels(inputs: int) -> None:
    with pytest.raises(ValueError, match=f"cnn takes 64 inputs, 8 × 8 pixels; got {inputs}"):
        NETWORKS["cnn"].build(inputs, 10)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"inputs": 0}, "inputs must be a whole number of at least 1; got 0"),
        ({"outputs": 0}, "outputs must be a whole number of at least 1; got 0"),
        ({"activation": "step"}, "activation must be one of tanh, relu, sigmoid; got 'step'"),
        ({"init_gain": -1.0}, r"init_gain must be a number in \[0, 1000\]; got -1.0"),
        ({"init_gain": math.nan}, r"init_gain must be a number in \[0, 1000\]; got nan"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"seed": 0.5}, "seed must be a whole number from 0"),
    ],
)
def test_invalid_argument_is_named(arguments: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        NETWORKS["mlp-16"].build(**{"inputs": 2, "outputs": 1, **arguments})  # type: ignore[arg-type]
