"""One run and seed of a training, by a plain PyTorch loop: the ground truth."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz import LOSSES, OPTIMIZERS, TrainingSettings
from lossviz.networks.schedules import SCHEDULES
from lossviz.training.settings import output_count

MeanLoss = Callable[[Tensor, Tensor], Tensor]

# torch's own losses, averaged over the examples, from the network's raw output (n, outputs).
TORCH_LOSSES: dict[str, MeanLoss] = {
    "sigmoid-ce": lambda z, y: F.binary_cross_entropy_with_logits(z[:, 0], y.float()),
    "sigmoid-mse": lambda z, y: F.mse_loss(torch.sigmoid(z[:, 0]), y.float()),
    "softmax-ce": F.cross_entropy,
    "softmax-mse": lambda z, y: (torch.softmax(z, -1) - F.one_hot(y, z.shape[1])).square().sum(-1).mean(),
    "mse": lambda z, y: F.mse_loss(z[:, 0], y.float()),
    "huber": lambda z, y: F.huber_loss(z[:, 0], y.float()),
}


def mean_loss(name: str) -> MeanLoss:
    """The mean of a row of `LOSSES`, differentiated by autograd."""
    loss = LOSSES[name]
    if loss.task == "multiclass":
        return lambda z, y: loss(z, y).mean()
    return lambda z, y: loss(z[:, 0], y.float()).mean()


def plain_loop(
    settings: TrainingSettings, run: int, seed: int, loss_fn: MeanLoss | None = None, every: int = 1
) -> tuple[list[float], torch.nn.Module]:
    """The loss on all training examples at every so many steps, and the trained model."""
    config = settings.runs[run]
    loss_fn = loss_fn or TORCH_LOSSES.get(config.loss) or mean_loss(config.loss)
    data, _ = settings.data()
    x = torch.tensor(data.x, dtype=torch.float32)
    y = torch.tensor(data.y, dtype=torch.float32 if data.task == "regression" else torch.int64)
    model = config.architecture.build(
        x.shape[1], output_count(config.loss, len(data.classes)), config.activation, config.init_gain, seed
    )
    optimizer = OPTIMIZERS[config.optimizer].build(model.parameters(), config.lr, config.weight_decay)
    shuffle = torch.Generator().manual_seed(seed)
    batches: list[Tensor] = []
    losses = []
    for step in range(settings.steps):
        if step % every == 0:
            with torch.no_grad():
                losses.append(float(loss_fn(model(x), y)))
        if settings.batch and not batches:
            order = torch.randperm(len(x), generator=shuffle)
            size = min(settings.batch, len(x))
            batches = [part for part in order.split(size) if len(part) == size]
        rows = batches.pop(0) if settings.batch else slice(None)
        for group in optimizer.param_groups:
            group["lr"] = config.lr * SCHEDULES[settings.schedule].factor(step / settings.steps)

        def closure(rows: Tensor | slice = rows) -> float:
            optimizer.zero_grad()
            loss = loss_fn(model(x[rows]), y[rows])
            loss.backward()
            if config.clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            return float(loss.detach())

        optimizer.step(closure)
    with torch.no_grad():
        losses.append(float(loss_fn(model(x), y)))
    return losses, model
