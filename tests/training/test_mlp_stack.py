"""Lock step changes nothing but the time: every member is the same model trained alone by a plain loop."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.alone import plain_run, row_cost
from torch import nn

import lossviz as lv
from lossviz import LOSSES, OPTIMIZERS, Network, Training, TrainingSettings, train
from lossviz.losses.gradients import gradient_of
from lossviz.networks.schedules import SCHEDULES
from lossviz.training.history import MEASURED
from lossviz.training.mlp_stack import Stack, can_stack
from lossviz.training.settings import MOST_RECORDS

STEPS, EVERY = 100, 20
SHORT = 40  # steps that tell one rule from another: what differs, differs in the first of them
FEW = 20  # steps of L-BFGS, which is not in lock step and walks up to twenty times in each
HOME = {"binary": "moons", "multiclass": "blobs", "regression": "sine"}
KINDS = {task: [name for name, row in LOSSES.items() if row.task == task] for task in HOME}
# What divides a gradient by its own size is thrown far by rounding: there the rate is low.
CALM = {"rmsprop": 0.001, "adam": 0.001, "adamw": 0.001, "lbfgs": 0.05}


def curve(wanted: TrainingSettings) -> np.ndarray:
    """(contestants, seeds, records) of the training loss."""
    return np.stack([shot.loss for shot in Training(wanted)], axis=-1)


# Every loss under two optimizers, and every optimizer under two losses of each kind.
RACED = [
    (task, optimizer, tuple(names if optimizer in ("sgd", "adam") else names[:2]))
    for task, names in KINDS.items()
    for optimizer in OPTIMIZERS
]


@pytest.mark.parametrize(("task", "optimizer", "names"), RACED, ids=[f"{t}-{o}" for t, o, _ in RACED])
def test_losses_under_optimizers_are_what_they_are_alone(
    task: str, optimizer: str, names: tuple[str, ...]
) -> None:
    steps = SHORT if OPTIMIZERS[optimizer].elementwise else FEW
    every = steps // 5
    wanted = TrainingSettings(
        HOME[task], "mlp-5", names, (CALM.get(optimizer, 0.02),) * len(names), optimizer, seeds=2,
        steps=steps, n=64, record_every=every,
    )  # fmt: skip
    race = curve(wanted)
    for contestant, name in enumerate(names):
        alone, _ = plain_run(wanted, contestant, 1, row_cost(name), every)
        np.testing.assert_allclose(race[contestant, 1], alone, rtol=1e-5, atol=1e-5, err_msg=name)


TWO: dict[str, Any] = {
    "dataset": "moons", "network": "mlp-6-5", "losses": ("sigmoid-mse", "sigmoid-ce"), "lr": (0.05, 0.02),
    "seeds": 2, "steps": STEPS, "n": 80, "record_every": EVERY,
}  # fmt: skip
# The first and the last: both contestants, both seeds. The others stand between them in the same stack, and
# the second seed of every contestant is followed under every optimizer above.
MEMBERS = ((0, 0), (1, 1))
OWN: dict[str, dict[str, Any]] = {
    **{schedule: {"schedule": schedule} for schedule in SCHEDULES},
    "weight decay": {"weight_decay": (0.3, None), "optimizer": "adamw", "lr": (0.001, 0.002)},
    "clipping": {"clip": (0.02, 0.0), "lr": (0.5, 0.2)},
    "clipped by one measure": {"clip": 0.01, "batch": 16},
    "another optimizer each": {"optimizer": ("momentum", "adam"), "lr": (0.01, 0.001)},
    "another network each": {"network": ("mlp-6-5", "mlp-4")},
    "another activation each": {"activation": ("sigmoid", "relu")},
    "another gain each": {"init_gain": (5.0, 1.0)},
    "one of them by a plain loop": {"optimizer": ("sgd", "lbfgs"), "lr": (0.05, 0.05), "steps": 40},
    "batches": {"batch": 16, "optimizer": "momentum", "lr": (0.02, 0.01)},
    "batches of all": {"batch": 1000},
    "wrong labels of a rare class": {"imbalance": 3.0, "label_noise": 0.2, "centred": True},
}


@pytest.mark.parametrize("own", OWN)
def test_a_contestants_own_settings_are_what_they_are_alone(own: str) -> None:
    wanted = TrainingSettings(**(TWO | {"steps": 2 * EVERY} | OWN[own]))
    race = curve(wanted)
    for contestant, seed in MEMBERS:
        # the row's own cost: L-BFGS turns the rounding of another formula into another step at once
        alone, _ = plain_run(wanted, contestant, seed, row_cost(wanted.losses[contestant]), EVERY)
        np.testing.assert_allclose(race[contestant, seed], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("own", ["cosine", "clipping", "another optimizer each", "batches"])
def test_stop_and_go_is_uninterrupted_bit_for_bit(own: str) -> None:
    wanted = TrainingSettings(**(TWO | OWN[own]))
    straight = list(Training(wanted))
    halting = Training(wanted)
    for steps in (3, 1, 16, 33):
        halting.advance(steps)
        halting.snapshot()
        halting.predict(np.zeros((3, 2)))
        halting.states()
    halting.advance(100)
    for name in MEASURED:
        np.testing.assert_array_equal(getattr(halting.snapshot(), name), getattr(straight[-1], name))


def test_many_members_are_in_work_a_block_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = TrainingSettings(**(TWO | {"batch": 16, "seeds": 3}))
    whole = curve(wanted)
    monkeypatch.setattr("lossviz.training.grouping.BLOCK", 1000)
    np.testing.assert_allclose(curve(wanted), whole, rtol=1e-5)


# --- the stack --------------------------------------------------------------------------------------------


def models(activation: str, outputs: int = 3) -> list[nn.Sequential]:
    return [lv.NETWORKS["mlp-7-4"].build(2, outputs, activation, seed=seed) for seed in range(5)]


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("shared", [True, False])
def test_forward_and_backward_are_those_of_autograd(activation: str, shared: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    members = models(activation)
    x = torch.randn(1 if shared else 5, 9, 2, generator=generator).expand(5, 9, 2)
    pull = torch.randn(5, 3, 9, generator=generator)
    stack = Stack(members)
    inputs = x[0].T.contiguous() if shared else x.transpose(1, 2).contiguous()
    values = stack.forward(inputs)
    for g, member in enumerate(members):
        z = member(x[g])
        torch.testing.assert_close(values[-1][g].T, z, rtol=1e-5, atol=1e-6)
        (z.T * pull[g]).sum().backward()
    stack.backward(inputs, values, pull.clone())
    flat = torch.stack([torch.cat([p.grad.flatten() for p in m.parameters()]) for m in members])
    torch.testing.assert_close(stack.gradient, flat, rtol=1e-5, atol=1e-6)
    if shared:
        torch.testing.assert_close(stack.logits(x[0])[2], members[2](x[0]), rtol=1e-5, atol=1e-6)


def test_a_row_is_in_the_order_of_the_parameters() -> None:
    members = models("tanh")
    stack = Stack(members)
    for row, member in zip(stack.weights, members, strict=True):
        assert torch.equal(row, nn.utils.parameters_to_vector(member.parameters()))
    assert stack.shapes == [tuple(p.shape) for p in members[0].parameters()]


def test_only_fully_connected_networks_are_stacked() -> None:
    assert can_stack(nn.Sequential(nn.Linear(2, 1)))
    assert can_stack(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)))
    for odd in (
        nn.Sequential(nn.Linear(2, 3), nn.ReLU()),
        nn.Sequential(nn.Linear(2, 3), nn.GELU(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1)),
        nn.Sequential(nn.Linear(2, 3, bias=False), nn.ReLU(), nn.Linear(3, 1)),
        lv.NETWORKS["cnn"].build(64, 10),
    ):
        assert not can_stack(odd)


def test_a_network_of_ones_own_is_raced_behind_the_same_interface() -> None:
    odd = Network(
        "mine", "Mine", lambda i, o, act: [nn.Linear(i, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, o)],
        formula="", convention="", source="",
    )  # fmt: skip
    wanted = TrainingSettings(**(TWO | {"network": (odd, "mlp-6")}))
    race = train(**(TWO | {"network": [odd, "mlp-6"]}))
    assert race.settings == wanted
    for contestant in range(2):
        alone, model = plain_run(wanted, contestant, 1, every=EVERY)
        np.testing.assert_allclose(race.loss[contestant, 1], alone, rtol=1e-5)
        last = race.checkpoints(contestant, 1)[-1]
        for name, value in model.state_dict().items():
            np.testing.assert_allclose(last[name], value, rtol=1e-4, atol=1e-5)
    assert np.isnan(race.gradient_norm[1, :, :, 2]).all(), "the shallower one has no third layer"


# --- slopes in closed form -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=25, deadline=None)
@given(spread=st.floats(0.01, 60), seed=st.integers(0, 999))
def test_a_slope_is_that_of_autograd(name: str, spread: float, seed: int) -> None:
    loss, generator = LOSSES[name], torch.Generator().manual_seed(seed)
    several = loss.task == "multiclass"
    z = spread * torch.randn((2, 6, 4) if several else (2, 6), generator=generator, dtype=torch.float64)
    y = torch.randint(0, 4 if several else 2, (6,), generator=generator)
    targets = y if several else y.double()
    mine = gradient_of(loss)(z.clone(), targets)
    for row, found in zip(z, mine, strict=True):
        same_to(1e-9, found, loss.gradient(row, targets), several)


def same_to(share: float, found: torch.Tensor, exact: torch.Tensor, several: bool) -> None:
    """Equal to a share of each slope, or for K logits of the largest slope of the example."""
    size = exact.abs().amax(dim=-1, keepdim=True) if several else exact.abs()
    assert ((found - exact).abs() <= share * size + 1e-37).all()


@pytest.mark.parametrize("name", [name for name, row in LOSSES.items() if row.gradient_function])
def test_a_slope_stays_right_in_float32_where_it_is_tiny(name: str) -> None:
    loss = LOSSES[name]
    if loss.task == "regression":
        return
    z = torch.tensor([-60.0, -17.0, 0.0, 17.0, 60.0])
    if loss.task == "multiclass":
        z = torch.stack([z, torch.zeros(5)], dim=1)
    for label in (0, 1):
        y = torch.full((5,), label)
        single = gradient_of(loss)(z, y if loss.task == "multiclass" else y.float())
        exact = loss.gradient(z.double(), y if loss.task == "multiclass" else y.double())
        same_to(1e-5, single.double(), exact, loss.task == "multiclass")


# --- what is seen of a member -----------------------------------------------------------------------------


def test_distance_is_how_far_the_weights_have_come() -> None:
    race = train(**TWO)
    for contestant in range(2):
        states = race.checkpoints(contestant, 1)
        ways = [
            math.sqrt(sum(float(((now[k] - states[0][k]).astype(float) ** 2).sum()) for k in now))
            for now in states
        ]
        np.testing.assert_allclose(race.distance[contestant, 1], ways, rtol=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_saturated_units_are_those_whose_mean_slope_is_small(activation: str) -> None:
    race = train(**(TWO | {"activation": activation, "init_gain": 20.0, "lr": [20.0, 20.0]}))
    data, _ = race.settings.data()
    x = torch.tensor(data.x, dtype=torch.float32)
    slope = {
        "tanh": lambda z: 1 - torch.tanh(z) ** 2,
        "relu": lambda z: (z > 0).float(),
        "sigmoid": lambda z: 4 * torch.sigmoid(z) * torch.sigmoid(-z),
    }[activation]
    for contestant, name in enumerate(race.settings.losses):
        model = lv.NETWORKS["mlp-6-5"].build(2, 1, activation)
        model.load_state_dict({k: torch.tensor(v) for k, v in race.checkpoints(contestant, 0)[-1].items()})
        with torch.no_grad():
            first = model[0](x)
            second = model[2](model[1](first))
            p = torch.sigmoid(model(x)).double()
        shares = [float((slope(z).mean(dim=0) < 0.05).float().mean()) for z in (first, second)]
        shares.append(float((4 * p * (1 - p) < 0.05).double().mean()))
        np.testing.assert_allclose(race.saturated[contestant, 0, -1], shares, rtol=1e-6, err_msg=name)


# --- memory ------------------------------------------------------------------------------------------------


def test_however_long_a_race_it_has_a_thousand_records_at_most() -> None:
    for steps in (1000, 1001, 5000, 100_000):
        wanted = TrainingSettings(**(TWO | {"steps": steps, "record_every": 1}))
        assert steps / wanted.interval <= MOST_RECORDS
    assert TrainingSettings(**(TWO | {"steps": 1000, "record_every": 1})).interval == 1


def test_weights_are_kept_at_chosen_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert train(**TWO).checkpoint_steps.tolist() == [0, 20, 40, 60, 80, 100]
    chosen = train(**(TWO | {"checkpoints": (0, 58, 100)}))
    assert chosen.checkpoint_steps.tolist() == [0, 60, 100]
    assert len(chosen.checkpoints(0, 0)) == 3
    nothing = train(**(TWO | {"checkpoints": ()}))
    assert nothing.checkpoint_steps.tolist() == []
    with pytest.raises(IndexError, match="kept no weights"):
        nothing.checkpoints(0, 0)
    monkeypatch.setattr(
        "lossviz.training.trainer.MOST_KEPT", 3 * 4 * 2 * 2 * 59
    )  # three times all the weights
    assert train(**TWO).checkpoint_steps.tolist() == [0, 40, 80, 100]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schedule": "no such"}, "unknown schedule 'no such'; known: constant"),
        ({"weight_decay": -1.0}, r"weight_decay must be a number in \[0, 1e\+12\]; got -1.0"),
        ({"clip": math.inf}, "clip must be a finite number of at least 0; got inf"),
        ({"weight_decay": 0.1, "optimizer": "lbfgs"}, "lbfgs takes its step by a search along a line, and"),
        ({"imbalance": 0.5}, r"imbalance must be a number in \[1, 1000\]; got 0.5"),
        ({"label_noise": 1.5}, r"label_noise must be a number in \[0, 1\]; got 1.5"),
        ({"optimizer": ("sgd", "adam", "sgd")}, "optimizer must be one for all or one a loss; got 3 for 2"),
        ({"network": "mlp-1024-1024-1024-1024-1024", "seeds": 8}, "this race is too large: its 2 losses × 8"),
        ({"checkpoints": (500,)}, "a step of checkpoints must be a whole number from 0 to 100; got 500"),
    ],
)
def test_a_bad_setting_is_named(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, KeyError), match=sentence):
        TrainingSettings(**(TWO | change))
