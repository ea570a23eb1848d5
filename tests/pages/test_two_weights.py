"""What is special to the page Two weights: every model and every optimizer that it offers."""

import pytest
from support.page_cases import make_small
from support.pages import code, opened, payload, shown

import lossviz as lv
from lossviz.pages.two_weights.controls import Weights


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


@pytest.mark.parametrize("model", Weights.model.options)
@pytest.mark.parametrize("view", Weights.view.options)
def test_every_two_weight_model_is_drawn(model: str, view: str) -> None:
    app = opened("two_weights", {"weights_model": model, "weights_view": view})
    assert app.selectbox(key="weights_model").value == model
    assert len(payload(app)["narrow"]) == 2
    assert any(lv.neuron.TWO_WEIGHT_MODELS[model].formula in m.value for m in app.markdown)


def test_the_two_weight_models_are_the_registrys() -> None:
    assert tuple(Weights.model.options) == tuple(lv.neuron.TWO_WEIGHT_MODELS)
    assert set(Weights.optimizers.options) <= set(lv.OPTIMIZERS)


@pytest.mark.parametrize("optimizer", Weights.optimizers.options)
def test_every_optimizer_walks(optimizer: str) -> None:
    app = opened("two_weights", {"weights_optimizer": optimizer, "weights_rate": "0.1"})
    assert f"['{optimizer}']" in code(app)
    ways = [t for t in shown(app)["data"] if t.get("x") and len(t["x"]) == 201]
    assert len({tuple(t["y"]) for t in ways}) == 2, "one way for each loss"


def test_a_choice_given_three_hundred_times_is_the_default_or_what_is_known() -> None:
    app = opened("two_weights", {"weights_optimizer": ["sgd", "<b>", *["adam"] * 300]})
    assert "['sgd']" in code(app) or "['sgd', 'adam']" in code(app)
