"""The page Likelihood: views, noise distributions, presets, distributions set by clicks, and bad links."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest
from support.pages import (
    PageView,
    code,
    made_by,
    opened,
    payload,
    payloads,
    presets_work,
    share,
    shown,
    sound,
    still,
)

import lossviz as lv
from lossviz.pages.likelihood import one_bar
from lossviz.pages.likelihood.controls import NOISE, Likelihood
from lossviz.pages.likelihood.noise import DISCRETE_SAMPLES, SAMPLES, SLIDES
from lossviz.ui.controls import Choice, Slider

ROOM = PageView("likelihood", "likelihood", Likelihood.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.mark.parametrize("view", Likelihood.view.options)
def test_a_view_is_a_question_a_picture_and_its_texts(view: str) -> None:
    app = seen_at(view)
    assert [title.value for title in app.title] == ["Where do losses come from?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    assert [tab.label for tab in app.tabs if tab.label != "p and q"] == [
        "What to see", "Maths", "Code", "Share", "Download",
    ]  # fmt: skip
    words = [m.value for m in app.markdown]
    assert any("$$" in w for w in words)
    assert any("Often got wrong" in w for w in words)
    assert not any(name in w for w in words for name in ("DENSITY", "BECOMES", "LOSS", "SOURCE"))


@pytest.mark.parametrize("view", Likelihood.view.options)
def test_every_preset_works_is_lit_and_is_its_link(view: str) -> None:
    presets_work("likelihood", at(view), linked=slice(-1, None))


@pytest.mark.parametrize("noise", Likelihood.noise.options)
def test_every_noise_distribution_has_a_frame_for_each_value(noise: str) -> None:
    app = seen_at(noise=noise)
    given = payload(app)
    slide = next(c for c in Likelihood.all if c.key == given["follow"])
    assert isinstance(slide, Slider)
    for figure in (given["wide"], given["narrow"][""]):
        names = [float(frame["name"]) for frame in figure["frames"]]
        assert names == pytest.approx(np.arange(slide.low, slide.high + slide.step / 2, slide.step))
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


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("Noise", {"noise": "Laplace", "width": "0.5", "plain": True}),
    *(("Noise", {"noise": noise}) for noise in ("Bernoulli", "Poisson")),
    *(("Noise", {"sample": sample, "m": 1.3}) for sample in Likelihood.sample.options),
    ("One bar", {"toward": 40, "unit": "nats"}),
    ("One bar", {"q_c": 0, "p_a": 33.5}),
    ("One bar", {"p_a": 100, "p_b": 0, "p_c": 0, "p_d": 0}),
    ("More data", {"slope": "0.25", "weight": "Intercept"}),
]  # fmt: skip


@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}"[:60] for v, q in QUERIES])
def test_the_code_under_the_picture_makes_that_picture(view: str, query: dict[str, Any]) -> None:
    app = seen_at(view, **query)
    on_page = shown(app)
    given = payload(app)
    value = None if given["follow"] is None else float(app.session_state[given["follow"]])
    made = made_by(app)
    assert still(made, value) == on_page
    assert still(made) == on_page


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


# --- the link --------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "likelihood_view": "Noise", "likelihood_m": -0.6, "likelihood_p": 0.2, "likelihood_rate": 1.0,
    "likelihood_noise": "Gaussian", "likelihood_width": "1", "likelihood_sample": "Spread",
    "likelihood_plain": False, "likelihood_toward": 0, "likelihood_unit": "bits",
    "likelihood_p_a": 50.0, "likelihood_p_b": 25.0, "likelihood_p_c": 12.5, "likelihood_p_d": 12.5,
    "likelihood_q_a": 20.0, "likelihood_q_b": 10.0, "likelihood_q_c": 30.0, "likelihood_q_d": 40.0,
    "likelihood_weight": "Slope", "likelihood_slope": "1.5", "likelihood_seed": 0,
}  # fmt: skip


def test_defaults_are_published() -> None:
    """A changed default changes what old links show. Change one here only if you mean that."""
    assert {control.key: control.default for control in Likelihood.all} == PUBLISHED
    for control in Likelihood.all:
        assert type(control.default) is type(PUBLISHED[control.key])
        assert control.help or control.key == "likelihood_view"
        if isinstance(control, Choice):
            assert control.default in control.options


BAD_VALUES = ["<script>alert(1)</script>", "1e999"]


@pytest.fixture(scope="module")
def untouched() -> dict[str, tuple[str, str]]:
    """Code and link of each view without a word in the address."""
    apps = {view: seen_at(view) for view in Likelihood.view.options}
    return {view: (code(app), share(app)) for view, app in apps.items()}


@pytest.mark.parametrize("value", BAD_VALUES, ids=repr)
@pytest.mark.parametrize("view", Likelihood.view.options)
def test_a_bad_value_in_a_link_is_the_default(
    untouched: dict[str, tuple[str, str]], view: str, value: str
) -> None:
    query = dict.fromkeys(PUBLISHED, value) | ({} if view == "Noise" else {"likelihood_view": view})
    app = opened("likelihood", query)
    assert (code(app), share(app)) == untouched[view]
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"
