"""`train`: train one network under several losses and record its history."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.networks.table import Network
from lossviz.training.checkpoints import CheckpointRecorder
from lossviz.training.history import History
from lossviz.training.settings import TrainingSettings, per_run
from lossviz.training.snapshot import Snapshot
from lossviz.training.trainer import Training


def train(
    data: str,
    network: str | Network | Sequence[str | Network],
    losses: str | Sequence[str],
    lr: Sequence[float] | float | None = None,
    optimizer: str | Sequence[str] = "sgd",
    seeds: int = 1,
    steps: int = 500,
    batch: int = 0,
    init_gain: float | Sequence[float] = 1.0,
    activation: str | Sequence[str] = "tanh",
    n: int | None = None,
    noise: float | None = None,
    data_seed: int = 0,
    record_every: int = 0,
    schedule: str = "constant",
    weight_decay: float | Sequence[float | None] | None = None,
    clip: float | Sequence[float] = 0.0,
    imbalance: float = 1.0,
    label_noise: float = 0.0,
    centred: bool = False,
    checkpoints: Sequence[int] | None = None,
) -> History:
    """Train one network under several losses, each from the same initial weights, and record its history.

    Each loss is one *run*, trained once for every seed. Everything is the same for all runs with one seed,
    the initial weights, the examples and the batches, except what is given per loss: ``lr``, ``network``,
    ``optimizer``, ``init_gain``, ``activation``, ``weight_decay`` and ``clip`` may be a list with one value
    per loss. All runs and seeds are trained together; each is what a plain PyTorch loop would make of it
    alone, until rounding errors have grown. For seed s, that loop starts from
    ``NETWORKS[network].build(inputs, outputs, activation, init_gain, seed=s)``, trains on the x and y of
    ``history.settings.data()[0]`` in float32, and takes as batches the next rows of ``torch.randperm(n,
    generator=torch.Generator().manual_seed(s))``, drawn anew from that generator when fewer than ``batch``
    are left. Its loss is the mean of ``LOSSES[loss]`` over the rows, its optimizer
    ``OPTIMIZERS[optimizer].build(model.parameters(), lr)``.

    Args:
        data: Name of a row of `DATASETS`. A quarter of the examples is the test set.
        network: Name of a row of `NETWORKS`, or a `Network` of your own.
        losses: Names of rows of `LOSSES`, one or up to eight.
        lr: Learning rate; None for the optimizer's usual one.
        optimizer: Name of a row of `OPTIMIZERS`.
        seeds: Number of seeds, from 1 to 64.
        steps: Number of optimizer steps, up to 100,000.
        batch: Batch size; 0 for all examples.
        init_gain: Factor of the initial weights and biases of the output layer. With a large one the
            untrained network is confident, and mostly confidently wrong.
        activation: Of the hidden layers: "tanh", "relu" or "sigmoid".
        n: Number of examples of a generated dataset; None for its default.
        noise: Noise of a generated dataset; None for its default.
        data_seed: Seed of the data and of their split.
        record_every: Steps between two records; 0 for about a hundred records. There are never more than a
            thousand.
        schedule: Name of a row of `SCHEDULES`: how the learning rate changes.
        weight_decay: None for the optimizer's default.
        clip: Largest norm of the gradient; 0 for no clipping.
        imbalance: Factor by which the last class is made rarer, in training and test set.
        label_noise: Share of the training examples that get a wrong label.
        centred: Whether to subtract the mean of the training examples from each feature.
        checkpoints: Steps whose weights are recorded, rounded to records; None for every record, or for as
            many as fit into 64 MB.

    Returns:
        The metrics of every run and seed at every record, and the checkpoints.

    Raises:
        KeyError: For an unknown name; the message lists the known ones.
        ValueError: For a number out of range, or for settings that do not fit together.

    Example:
        >>> import lossviz as lv
        >>> history = lv.train("moons", "mlp-8", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=2, steps=20)
        >>> history.accuracy.shape
        (2, 2, 21)
        >>> bool((history.loss[..., -1] < history.loss[..., 0]).all())
        True
    """
    losses = (losses,) if isinstance(losses, str) else tuple(losses)
    settings = TrainingSettings(
        data,
        _as_tuple(network),
        losses,
        _rates(lr, _as_tuple(optimizer), len(losses)),
        _as_tuple(optimizer),
        seeds,
        steps,
        batch=batch,
        init_gain=_as_tuple(init_gain),
        activation=_as_tuple(activation),
        n=n,
        noise=noise,
        data_seed=data_seed,
        record_every=record_every,
        schedule=schedule,
        weight_decay=_as_tuple(weight_decay),
        clip=_as_tuple(clip),
        imbalance=imbalance,
        label_noise=label_noise,
        centred=centred,
        checkpoints=_as_tuple(checkpoints),
    )
    training = Training(settings)
    recorder = CheckpointRecorder(settings, training.shapes)
    snapshots: list[Snapshot] = []
    for snapshot in training:
        snapshots.append(snapshot)
        if snapshot.step in recorder.wanted:
            recorder.record(snapshot.step, training.weights())
    return History.from_snapshots(
        settings, training.layers, snapshots, training.diverged_at, recorder.checkpoints()
    )


def _as_tuple(value: Any) -> Any:
    """A list, range or array as a tuple of plain Python values; anything else as it is."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, list | range) else value


def _rates(
    lr: Sequence[float] | float | None, optimizer: str | tuple[str, ...], count: int
) -> tuple[float, ...]:
    """One learning rate per run."""
    usual = [OPTIMIZERS[name].default_lr for name in per_run("optimizer", optimizer, count)]
    try:
        rates = np.asarray(usual if lr is None else lr, dtype=np.float64)
    except (TypeError, ValueError):
        rates = np.empty((0, 0))
    if rates.ndim > 1:
        raise ValueError(f"lr must be a number or have one rate per loss; got {lr!r:.100}")
    return tuple((rates if rates.ndim else np.full(count, rates)).tolist())
