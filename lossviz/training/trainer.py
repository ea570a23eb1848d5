"""Training several losses at once, step by step, so that it can be watched, interrupted and resumed."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from lossviz.common.typing import Floats
from lossviz.common.validation import as_tensor
from lossviz.losses.base import Loss
from lossviz.losses.table import LOSSES
from lossviz.networks.schedules import SCHEDULES
from lossviz.training.batch_sampler import BatchSampler
from lossviz.training.checkpoints import Shapes, StateDict, unflatten
from lossviz.training.grouping import group_runs
from lossviz.training.history import History
from lossviz.training.metrics import log_probabilities, saturated_outputs, scores
from lossviz.training.protocol import TrainerGroup
from lossviz.training.settings import RunConfig, TrainingSettings, output_count
from lossviz.training.snapshot import LAYER_METRICS, METRICS, Snapshot


class Training:
    """A training that is advanced step by step: iterate over it for its snapshots, or call `advance`.

    Runs with networks of one shape are trained in one stack of weights. A run that diverges is noted, and the
    others go on. A training can be left at any step and continued later: the result is that of an
    uninterrupted one, bit for bit. It uses no global random state.

    Args:
        settings: What to train.

    Attributes:
        settings: What is trained.
        step: Optimizer steps taken so far.
        diverged_at: (runs, seeds), the first step after which a weight was not finite; -1 for none.

    Example:
        >>> import lossviz as lv
        >>> training = lv.Training(lv.TrainingSettings("moons", "linear", ("sigmoid-ce",), (0.5,), steps=20))
        >>> training.advance(5)
        >>> training.step, training.done
        (5, False)
        >>> [snapshot.step for snapshot in training][-1]
        20
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self.settings = settings
        self.step = 0
        train, test = settings.data()
        self._classes, self._inputs = len(train.classes), train.x.shape[1]
        dtype = torch.float32 if train.task == "regression" else torch.int64
        self._x, self._x_test = (torch.from_numpy(part.x).float() for part in (train, test))
        self._y, self._y_test = (torch.from_numpy(part.y).to(dtype) for part in (train, test))
        configs = settings.runs
        self._losses = [LOSSES[config.loss] for config in configs]
        self._factor = SCHEDULES[settings.schedule].factor
        self._groups: list[TrainerGroup] = group_runs(configs, self._build, settings.seeds)
        # run -> its group, and its position in it
        self._group_of = {run: (group, k) for group in self._groups for k, run in enumerate(group.runs)}
        self._initial = [group.weights().clone() for group in self._groups]
        self._batches = [BatchSampler(len(self._x), settings.batch, seed) for seed in range(settings.seeds)]
        self.diverged_at: NDArray[np.int64] = np.full((len(settings.losses), settings.seeds), -1)

    def _build(self, config: RunConfig, seed: int) -> nn.Sequential:
        outputs = output_count(config.loss, self._classes)
        return config.architecture.build(self._inputs, outputs, config.activation, config.init_gain, seed)

    def on_evaluation(self, callback: Callable[[], object]) -> None:
        """Have a function called before each block of networks that `snapshot` or `predict` evaluates.

        If it raises, the evaluation ends there, and the training stays as it is.
        """
        for group in self._groups:
            group.on_evaluation = callback

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that have weights, the first layer first, of the deepest network."""
        return max((group.layers for group in self._groups), key=len)

    @property
    def shapes(self) -> list[Shapes]:
        """Names and shapes of the parameters of each run."""
        return [self._group_of[run][0].shapes for run in range(len(self._losses))]

    @property
    def done(self) -> bool:
        """Whether all steps have been taken."""
        return self.step >= self.settings.steps

    def advance(self, steps: int = 1) -> None:
        """Take up to ``steps`` steps with every run and seed, but not more than the settings say."""
        for _ in range(min(steps, self.settings.steps - self.step)):
            rows = [next(batches) for batches in self._batches]
            chosen = torch.stack(rows) if self.settings.batch else None  # type: ignore[arg-type]
            factor = self._factor(self.step / self.settings.steps)
            for group in self._groups:
                group.step(self._x, self._y, chosen, factor)
            self.step += 1
            self._note_divergence()

    def _note_divergence(self) -> None:
        for group in self._groups:
            weights = group.weights()
            if not math.isfinite(float(weights.sum())):
                finite = torch.isfinite(weights).all(dim=2).numpy()
                for k, run in enumerate(group.runs):
                    new = ~finite[k] & (self.diverged_at[run] < 0)
                    self.diverged_at[run, new] = self.step

    @torch.no_grad()
    def snapshot(self) -> Snapshot:
        """Measure every run and seed at the present step. The training is not changed."""
        shape = (len(self._losses), self.settings.seeds)
        layered = (*shape, len(self.layers))
        arrays = {name: np.full(layered if name in LAYER_METRICS else shape, np.nan) for name in METRICS}
        for group, initial in zip(self._groups, self._initial, strict=True):
            measured, test_logits = group.metrics(self._x, self._y), group.logits(self._x_test)
            weights, depth = group.weights(), len(group.layers)
            for k, run in enumerate(group.runs):
                loss = self._losses[run]
                train = scores(loss, measured.logits[k], self._y)
                test = scores(loss, test_logits[k], self._y_test)
                values = {
                    "loss": train.loss, "test_loss": test.loss, "train_accuracy": train.accuracy,
                    "accuracy": test.accuracy, "cross_entropy": test.cross_entropy, "brier": test.brier,
                    "confidently_wrong": train.confidently_wrong, "majority_share": train.majority_share,
                    "distance": (weights[k] - initial[k]).double().norm(dim=1).numpy(),
                }  # fmt: skip
                for name, value in values.items():
                    arrays[name][run] = value
                arrays["gradient_norm"][run, :, :depth] = measured.gradient_norm[k]
                arrays["saturated"][run, :, : depth - 1] = measured.saturated[k]
                arrays["saturated"][run, :, depth - 1] = saturated_outputs(loss, measured.logits[k])
        diverged = ~np.isfinite(arrays["loss"]) | (self.diverged_at >= 0)
        for array in arrays.values():
            array[diverged] = np.nan
        return Snapshot(step=self.step, **arrays)

    @torch.no_grad()
    def predict(self, x: ArrayLike | Tensor, seed: int | None = 0) -> Floats:
        """The predictions of every run at the present step.

        Args:
            x: Inputs (n, d).
            seed: One seed, or None for all.

        Returns:
            (runs, n), or (runs, seeds, n) for all seeds: for two classes the probability of class 1, for more
            the number of the most probable class, for regression the predicted number. The score of a margin
            loss is passed through the sigmoid, which keeps its decision boundary at 1/2. NaN for a run and
            seed that has diverged.
        """
        points = as_tensor(x).float()
        predictions = np.full((len(self._losses), self.settings.seeds, len(points)), np.nan)
        for group in self._groups:
            for run, z in zip(group.runs, group.logits(points), strict=True):
                predictions[run] = _prediction(self._losses[run], z).numpy()
        predictions[self.diverged_at >= 0] = np.nan
        return predictions if seed is None else predictions[:, seed]

    def state_dicts(self) -> list[list[StateDict]]:
        """The present weights by parameter name, of each run and seed."""
        return [
            [unflatten(row, shapes) for row in weights]
            for weights, shapes in zip(self.weights(), self.shapes, strict=True)
        ]

    def weights(self) -> list[NDArray[np.float32]]:
        """A copy of the present weights: of each run (seeds, weights)."""
        places = [self._group_of[run] for run in range(len(self._losses))]
        return [group.weights()[k].numpy().copy() for group, k in places]

    def load_checkpoint(self, history: History, checkpoint: int, seed: int) -> None:
        """Set one seed's weights, in all runs, to those of a checkpoint of a history with these settings."""
        if history.weights is None:
            raise IndexError("no weights were recorded in this training")
        for run, flat in enumerate(history.weights.flat):
            group, k = self._group_of[run]
            group.load_weights(k, seed, torch.from_numpy(flat[seed, checkpoint]))
            diverged_at = history.diverged_at[run, seed]
            diverged = 0 <= diverged_at <= history.weights.steps[checkpoint]
            self.diverged_at[run, seed] = diverged_at if diverged else -1

    def __iter__(self) -> Iterator[Snapshot]:
        """Train to the end: a snapshot now, then one every ``settings.interval`` steps, and the last."""
        yield self.snapshot()
        while not self.done:
            self.advance(self.settings.interval - self.step % self.settings.interval)
            yield self.snapshot()


def _prediction(loss: Loss, z: Tensor) -> Tensor:
    """(seeds, n): a probability, a class number or a number, as `Training.predict` describes."""
    if loss.task == "regression":
        return z
    if loss.task == "multiclass" and z.shape[-1] > 2:
        return z.argmax(dim=-1)
    log_p = log_probabilities(loss, z)
    return torch.sigmoid(z) if log_p is None else log_p[..., 1].exp()
