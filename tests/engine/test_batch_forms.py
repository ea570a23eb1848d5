"""Valid data of every form, with inputs and targets of unlike lengths or in objects, and what is no data."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import mlp
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import lossviz as lv
from lossviz.common.registry import Registry
from lossviz.engine.batches import read_batches

CE = nn.CrossEntropyLoss()
LIKE = torch.zeros(())


class Graph:
    """Several graphs as graph libraries batch them: nodes, edges, and the graph of each node."""

    def __init__(self, sizes: tuple[int, ...], classes: list[int], seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.x = torch.randn(sum(sizes), 4, generator=generator)
        self.graph = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        self.y = torch.tensor(classes)

    def __iter__(self) -> Any:
        return iter(vars(self).items())

    def to(self, device: torch.device) -> "Graph":
        return self


class GraphNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = mlp(4, 5, 3)

    def forward(self, graph: Graph) -> Tensor:
        sums = torch.zeros(int(graph.graph.max()) + 1, 4).index_add(0, graph.graph, graph.x)
        return self.head(sums)


class Detector(nn.Module):
    """Takes a list of images of any sizes, as detectors do."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        return [{"boxes": self.head(image.mean((1, 2)))} for image in images]


def _box_loss(outputs: list[dict[str, Tensor]], targets: list[dict[str, Tensor]]) -> Tensor:
    pairs = zip(outputs, targets, strict=True)
    return torch.stack([(o["boxes"] - t["boxes"]).square().sum() for o, t in pairs]).mean()


class Bags(nn.Module):
    """Five instances make one bag, and each bag has one label."""

    def __init__(self) -> None:
        super().__init__()
        self.head = mlp(4, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x).view(-1, 5, 3).amax(1)


def _views(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs, torch.cat([targets, targets]))


def _next_step(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs[:-1], targets)


class UnlikeInputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = mlp(4, 5, 3)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        return self.head(torch.softmax(queries @ keys.T, 1) @ keys)


def _cases() -> dict[str, tuple[nn.Module, Any, list[Any]]]:
    """Model, loss, and two batches as (inputs, targets), or objects that hold both."""
    torch.manual_seed(0)
    x, y = torch.randn(30, 4), torch.randint(0, 3, (30,))
    boxes = [{"boxes": torch.randn(2)} for _ in range(3)]
    images = [torch.randn(3, size, 4) for size in (5, 7, 6)]
    graphs = [Graph((3, 4), [0, 2]), Graph((2, 5, 1), [1, 1, 0], seed=1)]
    return {
        "one label a bag": (Bags(), CE, [(x[:20], y[:4]), (x[20:], y[4:6])]),
        "two views": (mlp(4, 5, 3), _views, [(x[:20], y[:10]), (x[20:], y[10:15])]),
        "the next step": (mlp(4, 5, 3), _next_step, [(x[:20], y[:19]), (x[20:], y[20:29])]),
        "unlike inputs": (UnlikeInputs(), CE, [((x[:12], x[:7]), y[:12]), ((x[12:], x[:9]), y[12:])]),
        "detection": (Detector(), _box_loss, [(images[:2], boxes[:2]), (images[2:], boxes[2:])]),
        "graphs": (GraphNetwork(), CE, graphs),
        "graphs and labels": (GraphNetwork(), CE, [(graph, graph.y) for graph in graphs]),
    }


@pytest.mark.parametrize("name", _cases())
def test_data_of_any_form_have_the_loss_of_a_plain_loop(name: str) -> None:
    model, loss_fn, batches = _cases()[name]
    losses, counts = [], []
    for batch in batches:
        inputs, targets = (batch, batch.y) if isinstance(batch, Graph) else batch
        outputs = model(*inputs) if isinstance(inputs, tuple) else model(inputs)
        loss = float(loss_fn(outputs, targets).detach())
        losses.append(loss)
        counts.append(len(targets))
        one = lv.surface(model, loss_fn, batch, span=0.1, points=3, progress=False)
        assert one.loss[1, 1] == pytest.approx(loss, rel=1e-5)
        assert one.facts.examples == len(targets)
    found = lv.profile(model, loss_fn, batches, span=0.1, points=3, progress=False)
    assert found.loss[1] == pytest.approx(np.average(losses, weights=counts), rel=1e-5)
    assert np.isfinite(lv.sharpness(model, loss_fn, batches))


def test_an_object_that_a_model_writes_to_is_restored() -> None:
    class Centering(GraphNetwork):
        def forward(self, graph: Graph) -> Tensor:
            graph.x -= 0.1
            return super().forward(graph)

    torch.manual_seed(0)
    model, graph = Centering(), Graph((3, 4), [0, 2])
    before = graph.x.clone()
    found = lv.surface(model, CE, graph, points=3, progress=False)
    assert torch.equal(graph.x, before)
    plain = GraphNetwork()
    plain.load_state_dict(model.state_dict())
    shifted = Graph((3, 4), [0, 2])
    shifted.x -= 0.1
    np.testing.assert_allclose(
        found.loss, lv.surface(plain, CE, shifted, points=3, progress=False).loss, rtol=1e-6
    )


def test_a_loader_that_holds_its_data_is_no_batch() -> None:
    class Loader:
        def __init__(self) -> None:
            self.x, self.y = torch.ones(6, 2), torch.zeros(6).long()

        def __iter__(self) -> Any:
            return iter([(self.x[:4], self.y[:4]), (self.x[4:], self.y[4:])])

    assert [batch.examples for batch in read_batches(Loader(), LIKE).items] == [4, 2]


def test_a_loss_without_targets_is_given_none() -> None:
    model, x = mlp(4, 3), torch.randn(8, 4)
    loss = lv.surface(model, lambda o, _: o.square().mean(), (x, None), points=3, progress=False).loss
    assert loss[1, 1] == pytest.approx(float(model(x).detach().square().mean()), rel=1e-6)
    for data in ((x,), DataLoader(TensorDataset(x), batch_size=4)):
        with pytest.raises(ValueError, match=r"alone: for a loss without targets give \(inputs, None\)"):
            lv.surface(model, lambda o, _: o.square().mean(), data, points=3)


def test_a_generator_that_is_used_up_is_said_to_be() -> None:
    model, data = mlp(4, 3), ((torch.ones(3, 4), torch.zeros(3).long()) for _ in range(2))
    lv.surface(model, CE, data, points=2, progress=False)
    with pytest.raises(ValueError, match=r"no batch; an iterator can be read once only: give a list"):
        lv.surface(model, CE, data, points=2)


class WithItsLoss(nn.Module):
    """Computes its loss itself if it is given the labels, as the models of transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Any:
        logits = self.head(x)
        loss = None if labels is None else F.cross_entropy(logits, labels)
        return type("Output", (), {"logits": logits, "loss": loss})()


def test_labels_are_withheld_from_a_model_and_the_sentence_says_how_to_give_them() -> None:
    torch.manual_seed(0)
    model, batch = WithItsLoss(), {"x": torch.randn(6, 4), "labels": torch.randint(0, 3, (6,))}
    for function in (lambda o, y: o.loss, lambda o, y: o.loss.mean()):
        with pytest.raises(ValueError, match=r"'labels': compute the loss .*\(batch, batch\['labels'\]\)"):
            lv.surface(model, function, [batch], points=2)
    expected = lv.surface(model, lambda o, y: F.cross_entropy(o.logits, y), batch, points=2, progress=False)
    for data in ([(batch, batch["labels"])], (batch, batch["labels"])):
        found = lv.surface(model, lambda o, y: o.loss, data, points=2, progress=False)
        np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-6)


def test_a_name_that_is_an_object_is_named_by_its_type() -> None:
    data = lv.DATASETS["moons"].load()
    with pytest.raises(ValueError, match=r"name of a row of DATASETS.*; got an object of type Data$"):
        lv.train(data, "mlp-4", "sigmoid-ce", steps=1)
    with pytest.raises(KeyError, match="unknown row of type CrossEntropyLoss, which is no name; known: "):
        Registry("row", list(lv.LOSSES.values()))[CE]  # type: ignore[index]
