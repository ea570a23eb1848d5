"""Training several losses at once, one step of all members after another, so that it can be watched.

`Training` is the race in motion: advance it, look at it, go on. `train` runs one to its end. Each member
is an ordinary torch model with its own torch optimizer; a member that leaves the finite numbers stops and
the others go on.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lossviz.loss import Loss
from lossviz.losses import LOSSES, targets_for
from lossviz.networks import NETWORKS
from lossviz.optimizers import OPTIMIZERS
from lossviz.race import Floats, Race, RaceSettings, Snapshot, State, race_settings, stack


class Batches:
    """Rows of the training set for one seed: the same order for every contestant."""

    def __init__(self, n: int, size: int, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._n, self._size = n, min(size, n)
        self._order = torch.empty(0, dtype=torch.int64)

    def __next__(self) -> Tensor | slice:
        if not self._size:
            return slice(None)
        if len(self._order) < self._size:  # a last, smaller batch is dropped
            self._order = torch.randperm(self._n, generator=self._generator)
        rows, self._order = self._order[: self._size], self._order[self._size :]
        return rows


class _Member:
    """One model in the race, with its loss and its optimizer."""

    def __init__(self, settings: RaceSettings, contestant: int, seed: int, inputs: int, classes: int) -> None:
        self.loss: Loss = LOSSES[settings.losses[contestant]]
        outputs = classes if self.loss.task == "multiclass" else 1
        network = NETWORKS[settings.network]
        self.model = network.build(inputs, outputs, settings.activation, settings.init_gain, seed)
        rule = OPTIMIZERS[settings.optimizer]
        self.optimizer = rule.build(self.model.parameters(), settings.lr[contestant])
        self.layers = {
            name: list(module.parameters())
            for name, module in self.model.named_children()
            if any(True for _ in module.parameters())
        }

    def logits(self, x: Tensor) -> Tensor:
        """(n,) for one output, (n, K) for one a class."""
        z: Tensor = self.model(x)
        return z if self.loss.task == "multiclass" else z[:, 0]

    def mean_loss(self, x: Tensor, y: Tensor) -> Tensor:
        return self.loss(self.logits(x), y).mean()

    def step(self, x: Tensor, y: Tensor) -> bool:
        """One step of the optimizer; False if the loss that it steps by is no longer finite."""
        value = math.nan

        def closure() -> float:
            nonlocal value
            self.optimizer.zero_grad()
            loss = self.mean_loss(x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            value = float(loss.detach())
            return value

        self.optimizer.step(closure)
        return math.isfinite(value)

    def gradient_norms(self, x: Tensor, y: Tensor) -> tuple[float, list[float]]:
        """The loss on (x, y), and the norm of its gradient by layer."""
        loss = self.mean_loss(x, y)
        slopes = torch.autograd.grad(loss, list(self.model.parameters()))
        parts = iter(slopes)
        norms = [
            math.sqrt(sum(float(next(parts).double().square().sum()) for _ in layer))
            for layer in self.layers.values()
        ]
        return float(loss.detach()), norms

    def load(self, state: State) -> None:
        self.model.load_state_dict({name: torch.from_numpy(values) for name, values in state.items()})

    def state(self) -> State:
        return {name: value.numpy().copy() for name, value in self.model.state_dict().items()}


def log_probabilities(loss: Loss, z: Tensor) -> Tensor | None:
    """The logarithms (n, K) of the class probabilities that logits mean; None where they mean none.

    One logit gives two classes. K sigmoids are divided by their sum. In logarithms, so that a certain
    miss keeps its price: at z = 40 it is 40 nats, though 1 - sigmoid(40) is 0 in float64.
    """
    z = z.double()
    if loss.task == "regression" or (loss.task == "binary" and loss.link == "identity"):
        return None
    if loss.task == "binary":
        z = 2 * z if loss.link == "tanh" else z
        return F.logsigmoid(torch.stack([-z, z], dim=-1))
    if loss.link == "softmax":
        return torch.log_softmax(z, dim=-1)
    return torch.log_softmax(F.logsigmoid(z), dim=-1)


class Training:
    """A race in motion: iterate over it for its snapshots, or `advance` it by hand.

    It can be left at any step and gone on with later: the result is that of an uninterrupted run. It uses
    no global random state. Errors are those of `RaceSettings`.
    """

    def __init__(self, settings: RaceSettings) -> None:
        self.settings = settings
        self.step = 0
        self._train, self._test = settings.data()
        self._x, self._y = self._tensors(self._train.x, self._train.y)
        self._x_test, self._y_test = self._tensors(self._test.x, self._test.y)
        inputs, classes = self._x.shape[1], len(self._train.classes)
        self._members = [
            [_Member(settings, c, seed, inputs, classes) for seed in range(settings.seeds)]
            for c in range(len(settings.losses))
        ]
        self._batches = [Batches(len(self._x), settings.batch, seed) for seed in range(settings.seeds)]
        self.diverged_at: NDArray[np.int64] = np.full((len(settings.losses), settings.seeds), -1)

    def _tensors(self, x: Floats, y: Floats | NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        regression = self._train.task == "regression"
        return torch.from_numpy(x).float(), torch.from_numpy(y).to(
            torch.float32 if regression else torch.int64
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers that have weights, first layer first."""
        return tuple(self._members[0][0].layers)

    @property
    def done(self) -> bool:
        return self.step >= self.settings.steps

    def _targets(self, member: _Member, y: Tensor) -> Tensor:
        return y if member.loss.task == "multiclass" else y.float()

    def advance(self, steps: int = 1) -> None:
        """Take up to `steps` steps with every member, but not past the end of the race."""
        for _ in range(min(steps, self.settings.steps - self.step)):
            for seed, batches in enumerate(self._batches):
                rows = next(batches)
                for contestant, members in enumerate(self._members):
                    if self.diverged_at[contestant, seed] < 0:
                        member = members[seed]
                        if not member.step(self._x[rows], self._targets(member, self._y[rows])):
                            self.diverged_at[contestant, seed] = self.step
            self.step += 1

    def snapshot(self) -> Snapshot:
        """What can be said of every member at the present step."""
        shape = (len(self.settings.losses), self.settings.seeds)
        loss, test_loss, accuracy, cross_entropy, brier = (np.full(shape, np.nan) for _ in range(5))
        norms = np.full((*shape, len(self.layers)), np.nan)
        for c, members in enumerate(self._members):
            for s, member in enumerate(members):
                if self.diverged_at[c, s] >= 0:
                    continue
                value, by_layer = member.gradient_norms(self._x, self._targets(member, self._y))
                if not math.isfinite(value):
                    self.diverged_at[c, s] = self.step
                    continue
                loss[c, s], norms[c, s] = value, by_layer
                test_loss[c, s], accuracy[c, s], cross_entropy[c, s], brier[c, s] = self._scores(member)
        return Snapshot(self.step, loss, test_loss, accuracy, cross_entropy, brier, norms)

    @torch.no_grad()
    def _scores(self, member: _Member) -> tuple[float, float, float, float]:
        z, y = member.logits(self._x_test), self._y_test
        own = float(member.loss(z, self._targets(member, y)).mean())
        if member.loss.task == "regression":
            return own, math.nan, math.nan, math.nan
        guess = z.argmax(dim=-1) if z.ndim == 2 else (z > 0).long()
        accuracy = float((guess == y).double().mean())
        log_p = log_probabilities(member.loss, z)
        if log_p is None:
            return own, accuracy, math.nan, math.nan
        miss = log_p.exp() - targets_for(log_p, y)
        return own, accuracy, float(F.nll_loss(log_p, y)), float(miss.square().sum(dim=-1).mean())

    @torch.no_grad()
    def predict(self, x: Floats, seed: int = 0) -> Floats:
        """For one seed, by contestant, what is said at x (n, d).

        For two classes the probability of class 1, for more the number of the likeliest class, for
        regression the prediction: (contestants, n). A margin loss's score passes through the sigmoid,
        which keeps its border at 1/2. NaN for a member that has diverged.
        """
        points = torch.from_numpy(np.asarray(x)).float()
        said = np.full((len(self._members), len(points)), np.nan)
        for c, members in enumerate(self._members):
            if self.diverged_at[c, seed] < 0:
                said[c] = self._said(members[seed], members[seed].logits(points)).numpy()
        return said

    def _said(self, member: _Member, z: Tensor) -> Tensor:
        if member.loss.task == "regression":
            return z
        if z.ndim == 2 and z.shape[-1] > 2:
            return z.argmax(dim=-1)
        log_p = log_probabilities(member.loss, z)
        return torch.sigmoid(z) if log_p is None else log_p[:, 1].exp()

    def states(self) -> list[list[State]]:
        """The weights of every member now, by contestant and seed."""
        return [[member.state() for member in members] for members in self._members]

    def recall(self, race: Race, record: int, seed: int) -> None:
        """Give the members of one seed the weights that they had at a record of a finished race."""
        for c, members in enumerate(self._members):
            members[seed].load(race.checkpoints(c, seed)[record])
            gone = race.diverged_at[c, seed]
            self.diverged_at[c, seed] = gone if 0 <= gone <= race.steps[record] else -1

    def __iter__(self) -> Iterator[Snapshot]:
        """Snapshots from the present step to the end, one every `settings.interval` steps and the last."""
        yield self.snapshot()
        while not self.done:
            self.advance(self.settings.interval - self.step % self.settings.interval)
            yield self.snapshot()


def answers(race: Race, x: Floats, seed: int = 0) -> Floats:
    """What one seed of a finished race said at x (n, d), at each record: (records, contestants, n).

    As `Training.predict` says it. IndexError for a race without checkpoints.
    """
    training = Training(race.settings)
    said = []
    for record in range(len(race.steps)):
        training.recall(race, record, seed)
        said.append(training.predict(x, seed))
    return np.stack(said)


def train(
    dataset: str,
    network: str,
    losses: Sequence[str],
    lr: Sequence[float] | float | None = None,
    optimizer: str = "sgd",
    seeds: int = 1,
    steps: int = 500,
    **more: float | str | int | None,
) -> Race:
    """Train one network under several losses, each from the same starts, and record it.

    ``lr`` is one rate for all, one a loss, or None for the optimizer's usual one; ``more`` are the other
    fields of `RaceSettings` (batch, init_gain, activation, n, noise, data_seed, record_every).

        race = lv.train("moons", "mlp-16-16", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=8)

    Raises KeyError for an unknown name and ValueError for an impossible setting.
    """
    training = Training(race_settings(dataset, network, losses, lr, optimizer, seeds, steps, **more))
    snapshots: list[Snapshot] = []
    states: list[list[list[State]]] = [[[] for _ in range(seeds)] for _ in losses]
    for snapshot in training:
        snapshots.append(snapshot)
        for kept, now in zip(states, training.states(), strict=True):
            for member, state in zip(kept, now, strict=True):
                member.append(state)
    return stack(training.settings, training.layers, snapshots, training.diverged_at, states)
