"""Models whose outputs for an example depend on the others in its batch."""

import pytest
import torch
import torch.nn.functional as F
from support.models import mlp
from torch import Tensor, nn

import lossviz as lv


def _problem() -> tuple[nn.Module, Tensor, Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.randn(24, 4, dtype=torch.float64)
        return mlp(4, 5, 3).double(), x, torch.randint(0, 3, (24,))


class Centered(nn.Module):
    """Subtracts the mean of its batch."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


@pytest.mark.parametrize("kind", ["module", "function"])
def test_a_model_that_normalizes_by_its_batch_is_called_on_all_of_them(kind: str) -> None:
    class Normalized(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.batch_norm(x, None, None, training=True)

    model, x, y = _problem()
    inner = nn.BatchNorm1d(3, track_running_stats=False) if kind == "module" else Normalized()
    model = nn.Sequential(model, inner).double()
    batches = [(x[:3], y[:3]), (x[3:14], y[3:14]), (x[14:], y[14:])]
    whole = F.cross_entropy(model(x), y).detach()
    line = lv.profile(model, F.cross_entropy, batches, points=1, progress=False)
    assert line.loss[0] == pytest.approx(float(whole), rel=1e-12)
    found, expected = (lv.sharpness(model, F.cross_entropy, data) for data in (batches, (x, y)))
    assert found == pytest.approx(expected, rel=1e-4)


def test_facts_say_that_outputs_depend_on_the_batch() -> None:
    model, x, y = _problem()
    batches = [(x[:10], y[:10]), (x[10:], y[10:])]
    for chosen, says in ((model, False), (nn.Sequential(model, Centered()), True)):
        found = lv.surface(chosen, F.cross_entropy, batches, points=2, progress=False)
        assert ("depend on the others in its batch" in found.facts.averaging) == says
