"""Long computations report their progress often, and end where the callback raises."""

from collections.abc import Callable
from typing import Any

import pytest

import lossviz as lv
from lossviz.landscape.full_hessian import hessian_matrix

Report = Callable[[float], object]


class Stop(Exception):
    """What a page raises in work whose viewer has asked for something else, or has left."""


def in_shares(say: Report) -> Callable[[int, int], object]:
    return lambda done, total: say(done / total)


WORK: dict[str, Callable[[Report], Any]] = {
    "score history": lambda say: lv.metrics.score_history(
        lv.metrics.ScoreSettings("breast-cancer", "linear", 100, 0.05, steps=40, record_every=10),
        progress=in_shares(say),
    ),
    "fits": lambda say: lv.likelihood.consistency(sizes=(50, 100), repeats=4, progress=in_shares(say)),
    "code plane": lambda say: lv.codes.code_plane(
        [lv.codes.HeadConfig("binary", "sigmoid-ce"), lv.codes.HeadConfig("one-hot", "softmax-ce")],
        seeds=2,
        steps=10,
        grid=5,
        progress=in_shares(say),
    ),
    "dichotomies": lambda say: lv.codes.dichotomies(
        "binary", 4, max_labelings=2, n=20, progress=in_shares(say)
    ),
    "recorded training": lambda say: lv.landscape.record_training(
        "moons", "mlp-4", "sigmoid-ce", steps=20, progress=in_shares(say)
    ),
    "many classes": lambda say: lv.codes.many_classes(classes=(4,), steps=40, progress=in_shares(say)),
    "heads": lambda say: lv.codes.digits_table(
        seeds=1, epochs=2, heads=("4-bits-ce", "4-bits-mse"), progress=in_shares(say)
    ),
    "edge": lambda say: lv.stability.edge_runs(
        "xor", "mlp-4", ("sigmoid-mse", "sigmoid-ce"), 0.1, steps=40, progress=in_shares(say)
    ),
    "hessian": lambda say: hessian_matrix(
        lv.landscape.record_training("moons", "mlp-16", "sigmoid-ce", steps=4), in_shares(say)
    ),
}


@pytest.mark.parametrize("name", WORK)
def test_work_tells_how_far_it_has_come(name: str) -> None:
    told: list[float] = []
    WORK[name](told.append)
    assert len(told) >= 3
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1


@pytest.mark.parametrize("name", WORK)
def test_work_ends_where_what_it_tells_raises(name: str) -> None:
    told: list[float] = []

    def stop_soon(share: float) -> None:
        told.append(share)
        if len(told) == 2:
            raise Stop

    with pytest.raises(Stop):
        WORK[name](stop_soon)
    assert len(told) == 2
