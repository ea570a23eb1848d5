"""Heads against LOSSES and autograd, and stacked training against a plain torch loop."""

import numpy as np
import pytest
import torch

import lossviz as lv
from lossviz.codes.heads import HeadTraining


@pytest.mark.parametrize("name", lv.codes.HEADS)
def test_a_head_is_the_loss_of_its_name_summed_over_bits(name: str) -> None:
    head = lv.codes.HEADS[name]
    assert head.formula
    assert head.convention
    assert head.source
    z = torch.randn(50, 4, dtype=torch.float64) * 3
    y = torch.randint(0, 4, (50,))
    if head.link == "softmax":
        codewords = torch.nn.functional.one_hot(y, 4).double()
        expected = lv.LOSSES[name].value(z, y)
    else:
        codewords = torch.tensor(lv.codes.CODES["binary"].code(16).bits.tolist(), dtype=torch.float64)[y]
        expected = lv.LOSSES[name].value(z, codewords).sum(-1)
    assert torch.allclose(head.value(z, codewords), expected, rtol=1e-10)


@pytest.mark.parametrize("name", lv.codes.HEADS)
def test_gradients_are_those_of_autograd(name: str) -> None:
    head = lv.codes.HEADS[name]
    z = (torch.randn(50, 4, dtype=torch.float64) * 3).requires_grad_()
    codewords = torch.nn.functional.one_hot(torch.randint(0, 4, (50,)), 4).double()
    (exact,) = torch.autograd.grad(head.value(z, codewords).sum(), z)
    torch.testing.assert_close(head.gradient(z.detach(), codewords), exact, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("head", lv.codes.HEADS)
@pytest.mark.parametrize("batch", [None, 16])
def test_a_member_is_a_plain_torch_loop(head: str, batch: int | None) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 4, 40)
    code = lv.codes.CODES["one-hot" if "softmax" in head else "binary"].code(4)
    grouped = HeadTraining(x, y, code, head, 5, (0, 3), (1.0, 20.0), 0.2, batch)
    grouped.advance(10)
    logits = grouped.logits(x)
    assert logits.shape == (4, 40, code.length)
    for g, gain in enumerate((1.0, 20.0)):
        for s, seed in enumerate((0, 3)):
            model = lv.NETWORKS["mlp-5"].build(3, code.length, "tanh", init_gain=gain, seed=seed)
            order = torch.Generator().manual_seed(seed)
            inputs, codewords = torch.from_numpy(x).float(), torch.from_numpy(code.encode(y)).float()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
            rows: list[torch.Tensor] = []
            for _ in range(10):
                rows = rows or list(torch.randperm(40, generator=order).split(batch or 40))
                batch_rows = rows.pop(0)
                optimizer.zero_grad()
                lv.codes.HEADS[head].value(model(inputs[batch_rows]), codewords[batch_rows]).mean().backward()
                optimizer.step()
            alone = model(inputs).detach().numpy()
            assert logits[2 * g + s] == pytest.approx(alone, rel=1e-3, abs=1e-3)


def test_the_global_random_state_is_unchanged() -> None:
    before = torch.random.get_rng_state()
    code = lv.codes.CODES["binary"].code(4)
    HeadTraining(np.zeros((8, 2)), np.zeros(8, int), code, "sigmoid-ce", 3, batch=4).advance(5)
    assert (torch.random.get_rng_state() == before).all()


def test_an_invalid_argument_is_one_sentence() -> None:
    x, y = np.zeros((4, 2)), np.arange(4)
    with pytest.raises(ValueError, match="one neuron a class"):
        HeadTraining(x, y, lv.codes.CODES["binary"].code(4), "softmax-ce")
    with pytest.raises(KeyError, match="unknown head"):
        HeadTraining(x, y, lv.codes.CODES["binary"].code(4), "hinge")
    with pytest.raises(ValueError, match="lr must be"):
        HeadTraining(x, y, lv.codes.CODES["binary"].code(4), "sigmoid-ce", lr=0.0)
    with pytest.raises(ValueError, match="batch must be"):
        HeadTraining(x, y, lv.codes.CODES["binary"].code(4), "sigmoid-ce", batch=5)
