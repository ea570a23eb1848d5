"""Training several losses at once in lock step, so that it can be watched.

`Training` is the race in motion: advance it, look at it, go on. `train` runs one to its end. Members that
have one shape are trained in one stack (see `teams`); a member that leaves the finite numbers is told of,
and the others go on.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lossviz.losses import LOSSES
from lossviz.networks import Network
from lossviz.race import MOST_KEPT, Floats, Race, Snapshot, State, Weights, stack, unflatten
from lossviz.race_setup import Contestant, RaceSettings, outputs, race_settings
from lossviz.schedules import SCHEDULES
from lossviz.team import Team
from lossviz.teams import teams_of
from lossviz.yardsticks import flat_outputs, log_probabilities, scores


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


class Training:
    """A race in motion: iterate over it for its snapshots, or `advance` it by hand.

    It can be left at any step and gone on with later: the result is that of an uninterrupted run, bit for
    bit. It uses no global random state. Errors are those of `RaceSettings`.
    """

    def __init__(self, settings: RaceSettings) -> None:
        self.settings = settings
        self.step = 0
        self._train, self._test = settings.data()
        self._x, self._y = self._tensors(self._train.x, self._train.y)
        self._x_test, self._y_test = self._tensors(self._test.x, self._test.y)
        self._contestants = settings.contestants
        self._losses = [LOSSES[one.loss] for one in self._contestants]
        self._factor = SCHEDULES[settings.schedule].factor
        self._teams: list[Team] = teams_of(self._contestants, self._build, settings.seeds)
        self._home = {
            place: (team, k) for team in self._teams for k, place in enumerate(team.contestants)
        }  # a contestant: its team, and its place in it
        self._start = [team.flat().clone() for team in self._teams]
        self._batches = [Batches(len(self._x), settings.batch, seed) for seed in range(settings.seeds)]
        self.diverged_at: NDArray[np.int64] = np.full((len(settings.losses), settings.seeds), -1)

    def _build(self, one: Contestant, seed: int) -> nn.Sequential:
        count = outputs(one.loss, len(self._train.classes))
        return one.row.build(self._x.shape[1], count, one.activation, one.init_gain, seed)

    def _tensors(self, x: Floats, y: Floats | NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        regression = self._train.task == "regression"
        return torch.from_numpy(x).float(), torch.from_numpy(y).to(
            torch.float32 if regression else torch.int64
        )

    def look_up(self, between: Callable[[], object]) -> None:
        """Have this called between two networks whenever they are looked at, by `snapshot` or `predict`.

        What it raises ends the look, and leaves the training as it is.
        """
        for team in self._teams:
            team.between = between

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers that have weights, first layer first, of the deepest contestant."""
        return max((team.layers for team in self._teams), key=len)

    @property
    def done(self) -> bool:
        return self.step >= self.settings.steps

    def advance(self, steps: int = 1) -> None:
        """Take up to `steps` steps with every member, but not past the end of the race."""
        for _ in range(min(steps, self.settings.steps - self.step)):
            rows = [next(batches) for batches in self._batches]
            chosen = torch.stack(rows) if self.settings.batch else None  # type: ignore[arg-type]
            factor = self._factor(self.step / self.settings.steps)
            for team in self._teams:
                team.step(self._x, self._y, chosen, factor)
            self.step += 1
            self._watch()

    def _watch(self) -> None:
        """Note who has left the finite numbers."""
        for team in self._teams:
            weights = team.flat()
            if not math.isfinite(float(weights.sum())):
                finite = torch.isfinite(weights).all(dim=2).numpy()
                for k, place in enumerate(team.contestants):
                    new = ~finite[k] & (self.diverged_at[place] < 0)
                    self.diverged_at[place, new] = self.step

    @torch.no_grad()
    def snapshot(self) -> Snapshot:
        """What can be said of every member at the present step. Changes nothing."""
        shape = (len(self._losses), self.settings.seeds)
        flat = {name: np.full(shape, np.nan) for name in _FLAT}
        norms, saturated = (np.full((*shape, len(self.layers)), np.nan) for _ in range(2))
        for team, start in zip(self._teams, self._start, strict=True):
            seen, held_out = team.look(self._x, self._y), team.logits(self._x_test)
            depth = len(team.layers)
            for k, place in enumerate(team.contestants):
                loss = self._losses[place]
                here, there = scores(loss, seen.logits[k], self._y), scores(loss, held_out[k], self._y_test)
                flat["loss"][place], flat["test_loss"][place] = here.own, there.own
                flat["train_accuracy"][place], flat["accuracy"][place] = here.accuracy, there.accuracy
                flat["cross_entropy"][place], flat["brier"][place] = there.cross_entropy, there.brier
                flat["sure_and_wrong"][place], flat["common"][place] = here.sure_and_wrong, here.common
                flat["distance"][place] = (team.flat()[k] - start[k]).double().norm(dim=1).numpy()
                norms[place, :, :depth] = seen.gradient_norm[k]
                saturated[place, :, : depth - 1] = seen.saturated[k]
                saturated[place, :, depth - 1] = flat_outputs(loss, seen.logits[k])
        gone = ~np.isfinite(flat["loss"]) | (self.diverged_at >= 0)
        for array in (*flat.values(), norms, saturated):
            array[gone] = np.nan
        return Snapshot(step=self.step, gradient_norm=norms, saturated=saturated, **flat)

    @torch.no_grad()
    def predict(self, x: Floats, seed: int | None = 0) -> Floats:
        """For one seed, by contestant, what is said at x (n, d).

        For two classes the probability of class 1, for more the number of the likeliest class, for
        regression the prediction: (contestants, n), or with seed None (contestants, seeds, n). A margin
        loss's score passes through the sigmoid, which keeps its border at 1/2. NaN for a member that has
        diverged.
        """
        points = torch.from_numpy(np.asarray(x)).float()
        said = np.full((len(self._losses), self.settings.seeds, len(points)), np.nan)
        for team in self._teams:
            for place, z in zip(team.contestants, team.logits(points), strict=True):
                said[place] = self._said(place, z).numpy()
        said[self.diverged_at >= 0] = np.nan
        return said if seed is None else said[:, seed]

    def _said(self, contestant: int, z: Tensor) -> Tensor:
        loss = self._losses[contestant]
        if loss.task == "regression":
            return z
        if loss.task == "multiclass" and z.shape[-1] > 2:
            return z.argmax(dim=-1)
        log_p = log_probabilities(loss, z)
        return torch.sigmoid(z) if log_p is None else log_p[..., 1].exp()

    def states(self) -> list[list[State]]:
        """The weights of every member now, by contestant and seed."""
        found = []
        for place in range(len(self._losses)):
            team, k = self._home[place]
            found.append([unflatten(row.numpy().copy(), team.shapes) for row in team.flat()[k]])
        return found

    def recall(self, race: Race, checkpoint: int, seed: int) -> None:
        """Give the members of one seed the weights that they had at a checkpoint of a finished race."""
        if race.kept is None:
            raise IndexError("this race kept no weights")
        for c, flat in enumerate(race.kept.flat):
            team, k = self._home[c]
            team.load(k, seed, torch.from_numpy(flat[seed, checkpoint]))
            gone = race.diverged_at[c, seed]
            self.diverged_at[c, seed] = gone if 0 <= gone <= race.kept.steps[checkpoint] else -1

    def __iter__(self) -> Iterator[Snapshot]:
        """Snapshots from the present step to the end, one every `settings.interval` steps and the last."""
        yield self.snapshot()
        while not self.done:
            self.advance(self.settings.interval - self.step % self.settings.interval)
            yield self.snapshot()

    def keeper(self) -> "Keeper":
        """What keeps the weights of this training at the settings' checkpoints."""
        return Keeper(self)

    def flat(self) -> list[NDArray[np.float32]]:
        """The weights of every member now, a copy: by contestant (seeds, weights)."""
        parts = [self._home[place] for place in range(len(self._losses))]
        return [team.flat()[k].numpy().copy() for team, k in parts]

    @property
    def shapes(self) -> list[tuple[tuple[str, tuple[int, ...]], ...]]:
        """Names and shapes of the weights, by contestant."""
        return [self._home[place][0].shapes for place in range(len(self._losses))]


_FLAT = (
    "loss", "test_loss", "accuracy", "cross_entropy", "brier", "distance", "train_accuracy",
    "sure_and_wrong", "common",
)  # fmt: skip


class Keeper:
    """The weights at chosen records, in memory that was bounded before the race began."""

    def __init__(self, training: Training) -> None:
        self._training = training
        settings = training.settings
        records = [*range(0, settings.steps, settings.interval), settings.steps]
        if settings.checkpoints is None:
            size = sum(row.nbytes for row in training.flat())
            most = max(2, MOST_KEPT // max(1, size))
            every = -(-len(records) // most)
            self._wanted = {*records[::every], records[-1]}
        else:
            self._wanted = {min(records, key=lambda r: abs(r - step)) for step in settings.checkpoints}
        self._steps: list[int] = []
        self._rows: list[list[NDArray[np.float32]]] = []

    def look(self) -> None:
        """Keep the weights of now, if now is one of the steps."""
        if self._training.step in self._wanted:
            self._steps.append(self._training.step)
            self._rows.append(self._training.flat())

    def weights(self) -> Weights | None:
        if not self._steps:
            return None
        flat = tuple(np.stack(rows, axis=1) for rows in zip(*self._rows, strict=True))
        return Weights(np.array(self._steps), flat, tuple(self._training.shapes))


def answers(race: Race, x: Floats, seed: int | None = 0) -> Floats:
    """What one seed of a finished race said at x (n, d), at each record: (records, contestants, n).

    As `Training.predict` says it; with seed None, (records, contestants, seeds, n). A record without weights
    of its own shows those last kept before it. IndexError for a race without checkpoints.
    """
    if race.kept is None:
        raise IndexError("this race kept no weights")
    training = Training(race.settings)
    seeds = range(race.settings.seeds) if seed is None else (seed,)
    known = []
    for checkpoint in range(len(race.kept.steps)):
        for one in seeds:
            training.recall(race, checkpoint, one)
        known.append(training.predict(x, seed))
    last = np.searchsorted(race.kept.steps, race.steps, side="right") - 1
    said = np.stack(known)[np.maximum(last, 0)]
    gone = (race.diverged_at[None] >= 0) & (race.steps[:, None, None] >= race.diverged_at[None])
    said[gone if seed is None else gone[:, :, seed]] = np.nan
    return said


def train(
    dataset: str,
    network: str | Network | Sequence[str | Network],
    losses: str | Sequence[str],
    lr: Sequence[float] | float | None = None,
    optimizer: str | Sequence[str] = "sgd",
    seeds: int = 1,
    steps: int = 500,
    **more: Any,
) -> Race:
    """Train one network under several losses, each from the same starts, and record it.

    ``lr`` is one rate for all, one a loss, or None for the optimizer's usual one; ``more`` are the other
    fields of `RaceSettings` (batch, init_gain, activation, n, noise, data_seed, record_every, schedule,
    weight_decay, clip, imbalance, label_noise, centred, checkpoints). What a contestant may have of its own
    is one value for all or a list with one a loss.

        race = lv.train("moons", "mlp-16-16", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=8)

    Each member is what a plain torch loop makes of the same start and the same rows. Those of seed s are
    ``NETWORKS[network].build(inputs, outputs, activation, init_gain, seed=s)``, the examples ``x, y`` of
    ``race.settings.data()[0]`` in float32, and as batches the rows that come next in
    ``torch.randperm(n, generator=torch.Generator().manual_seed(s))``, which is drawn anew from the same
    generator when fewer than ``batch`` are left. The loss is the mean of ``LOSSES[loss]`` over the rows, the
    optimizer ``OPTIMIZERS[optimizer].build(model.parameters(), lr)``. They agree until rounding has
    grown; ``tests/alone.py`` is such a loop.

    Raises KeyError for an unknown name and ValueError for an impossible setting.
    """
    training = Training(race_settings(dataset, network, losses, lr, optimizer, seeds, steps, **more))
    keeper = training.keeper()
    snapshots: list[Snapshot] = []
    for snapshot in training:
        snapshots.append(snapshot)
        keeper.look()
    return stack(training.settings, training.layers, snapshots, training.diverged_at, keeper.weights())
