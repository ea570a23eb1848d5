"""What is special to the page Likelihood: noise distributions, and distributions set by clicks."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest
from support.pages import (
    PageView,
    payload,
    payloads,
    shown,
    sound,
)

import lossviz as lv
from lossviz.pages.likelihood import one_bar
from lossviz.pages.likelihood.controls import NOISE, Likelihood
from lossviz.pages.likelihood.noise import DISCRETE_SAMPLES, SAMPLES, SLIDES

ROOM = PageView("likelihood", "likelihood", Likelihood.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.mark.parametrize("noise", Likelihood.noise.options)
def test_every_noise_distribution_has_its_formula_and_its_loss(noise: str) -> None:
    app = seen_at(noise=noise)
    words = " ".join(m.value for m in app.markdown)
    row = lv.likelihood.NOISE_DISTRIBUTIONS[NOISE[noise]]
    assert row.nll_formula in words
    assert f"`{row.loss}`" in words


def test_the_options_are_the_registered_distributions_and_each_has_a_sample() -> None:
    assert tuple(NOISE.values()) == tuple(lv.likelihood.NOISE_DISTRIBUTIONS)
    assert tuple(Likelihood.noise.options) == tuple(NOISE)
    assert tuple(Likelihood.sample.options) == tuple(SAMPLES)
    for row in lv.likelihood.NOISE_DISTRIBUTIONS.values():
        dots = SAMPLES["Spread"] if row.support == "real" else DISCRETE_SAMPLES[row.name]
        assert lv.likelihood.sample_likelihood(row, dots).min_nll < math.inf
        assert SLIDES[row.support].low == lv.likelihood.sample_likelihood(row, dots).parameter[0]


# --- distributions that are set by clicks -------------------------------------------------------------------


def test_the_bar_shows_the_librarys_numbers() -> None:
    texts = [a["text"] for a in shown(seen_at("One bar"))["layout"]["annotations"]]
    assert "<b>2.37</b>" in texts
    assert "entropy of p&nbsp; <b>1.75</b>" in texts
    assert "KL from p to q&nbsp; <b>0.624</b>" in texts
    infinite = [a["text"] for a in shown(seen_at("One bar", q_c=0))["layout"]["annotations"]]
    assert "<b>∞</b>" in infinite


def test_weights_that_are_all_0_give_a_sentence() -> None:
    for side in "pq":
        app = at("One bar", **{f"{side}_{name}": 0 for name in "abcd"})
        assert payloads(app) == []
        assert any("are 0" in m.value for m in app.markdown)
        sound(app.slider(key=f"likelihood_{side}_b").set_value(10.0).run())
        assert payload(app)["wide"]["data"]


@given(
    some.lists(some.floats(0, 1), min_size=4, max_size=4).filter(lambda w: sum(w) > 1e-6),
    some.integers(0, 3),
    some.floats(0, 1),
)
def test_setting_one_share_gives_a_distribution(weights: list[float], k: int, to: float) -> None:
    share = one_bar.shares(weights)
    assert share is not None
    after = one_bar.with_share(share, k, to)
    assert after[k] == to
    assert sum(after) == pytest.approx(1)
    assert min(after) >= 0
    percents = one_bar.half_percents(after)
    assert sum(percents) == 100
    assert np.abs(np.array(percents) / 100 - np.array(after)).max() <= 0.005 + 1e-9
    assert all((2 * h).is_integer() for h in percents)


def after_click(x: float, y: float, **query: Any) -> AppTest:
    """The page after a click at that place of the chart."""
    app = at("One bar", **query)

    def page() -> None:
        import streamlit as st

        from lossviz.pages.likelihood.controls import Likelihood
        from lossviz.pages.likelihood.one_bar import clicked

        for slide in (*Likelihood.true, *Likelihood.model, Likelihood.toward):
            slide.show()
        st.button("click", key="click", on_click=clicked, args=(st.session_state["x"], st.session_state["y"]))

    script = AppTest.from_function(page, default_timeout=30)
    script.session_state["x"], script.session_state["y"] = x, y
    for key, value in query.items():
        script.session_state[f"likelihood_{key}"] = value
    script.run()
    before = {slider.key: slider.value for slider in script.slider}
    script.button(key="click").click().run()
    assert [e.message for e in script.exception] == []
    assert app.title
    script.session_state["before"] = before
    return script


def weights(app: AppTest, side: str) -> list[float]:
    return [app.session_state[f"likelihood_{side}_{name}"] for name in "abcd"]


def test_a_click_sets_the_column_under_it() -> None:
    blue = after_click(2.2, 0.5)
    assert weights(blue, "q")[2] == 50
    assert sum(weights(blue, "q")) == 100
    assert weights(blue, "p") == [50, 25, 12.5, 12.5]
    grey = after_click(-0.2, 0.2)
    assert weights(grey, "p")[0] == 20
    assert weights(grey, "q") == [20, 10, 30, 40]


def test_a_click_on_a_moved_model_starts_from_its_present_shares() -> None:
    app = after_click(0.2, 0.8, toward=100)
    assert app.session_state["likelihood_toward"] == 0
    assert weights(app, "q") == [80, 10, 5, 5], "as p, the others scaled by one factor"


@pytest.mark.parametrize(("x", "y"), [(9.0, 0.5), (0.2, -10.0), (-3.0, 0.1)])
def test_a_click_beside_the_columns_does_nothing(x: float, y: float) -> None:
    app = after_click(x, y)
    assert {key: app.session_state[key] for key in app.session_state["before"]} == app.session_state["before"]
