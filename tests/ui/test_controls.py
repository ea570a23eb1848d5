"""A control's value is within its range whatever a client sends; presets and links say the same."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest
from support.pages import HOSTILE, controls_of

from lossviz import pages
from lossviz.ui.controls import Choice, Control, MultiChoice, Slider, Toggle, _same

SLIDE = Slider("c_slide", "Slide", -2.0, 2.0, 0.5, 0.1, "Helps")
WHOLE = Slider("c_whole", "Whole", 0, 10, 3, 1)
CHOICE = Choice("c_choice", "Choice", ("one", "two", "three"), "two")
SEVERAL = MultiChoice("c_several", "Several", ("one", "two", "three"), ("two",))
SWITCH = Toggle("c_switch", "Switch", False)
ANYTHING = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.text(),
    some.binary(),
    some.lists(some.text()),
    some.dictionaries(some.text(), some.integers()),
)


@given(ANYTHING)
def test_a_slide_is_within_its_range_and_of_its_kind(value: Any) -> None:
    for slide, kind in ((SLIDE, float), (WHOLE, int)):
        sane = slide._validated(value)
        assert type(sane) is kind
        assert slide.low <= sane <= slide.high
        assert math.isfinite(sane)


def steps_of(slide: Slider) -> list[float]:
    count = round((slide.high - slide.low) / slide.step)
    return [round(slide.low + k * slide.step, 9) for k in range(count + 1)]


DECLARED = {
    control.key: control
    for page in pages.discover()
    for control in controls_of(page).all
    if isinstance(control, Slider)
}


@pytest.mark.parametrize("key", DECLARED)
def test_every_slider_keeps_its_steps_and_takes_the_nearest_for_what_is_between(key: str) -> None:
    slide = DECLARED[key]
    steps = steps_of(slide)
    assert steps[-1] == slide.high
    assert slide.default in steps
    for step in steps:
        assert slide._validated(step) == step
        for off in (-0.4, -0.01, 0.3):
            near = step + off * slide.step
            wanted = step if slide.low <= near <= slide.high else slide.default
            assert slide._validated(near) == pytest.approx(wanted, abs=1e-9)
            assert slide._validated(slide._validated(near)) == slide._validated(near)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -2.1, 2.1, 1e300, "1", None, [1.0]])
def test_a_slide_is_its_default_for_anything_else(value: Any) -> None:
    assert SLIDE._validated(value) == SLIDE.default


@given(ANYTHING)
def test_a_choice_is_one_of_its_names(value: Any) -> None:
    assert CHOICE._validated(value) == (value if value in CHOICE.options else CHOICE.default)


@given(some.lists(some.sampled_from(["one", "two", "three", "four", "<b>"]), max_size=9))
def test_several_are_known_names_in_their_order_and_at_least_one(value: list[str]) -> None:
    sane = SEVERAL._validated(value)
    assert sane
    assert list(sane) == [name for name in SEVERAL.options if name in sane]
    assert sane == SEVERAL.default or set(sane) == set(value) & set(SEVERAL.options)


def page() -> None:
    import streamlit as st

    from lossviz.ui.controls import Choice, MultiChoice, Slider, Toggle, link, presets

    slide = Slider("c_slide", "Slide", -2.0, 2.0, 0.5, 0.1, "Helps")
    whole = Slider("c_whole", "Whole", 0, 10, 3, 1)
    choice = Choice("c_choice", "Choice", ("one", "two", "three"), "two")
    several = MultiChoice("c_several", "Several", ("one", "two", "three"), ("two",))
    switch = Toggle("c_switch", "Switch", False)
    controls = (slide, whole, choice, several, switch)
    early = [control.value for control in controls] if st.session_state.get("c_switch") is not None else None
    tries = st.container()
    values = [slide.show(), whole.show(), choice.menu(), several.show(), switch.show()]
    assert early in (None, values), "a control says the same before and after it is drawn"
    with tries:
        presets(
            "c_try",
            {
                "Plain": {},
                "Both": {"c_slide": 1.0, "c_whole": 7},
                "Names": {"c_choice": "three", "c_several": ("one", "three"), "c_switch": True},
            },
            controls,
        )
    st.session_state["said"] = values
    st.code(link(controls))


def run(query: dict[str, Any] | None = None) -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    for key, value in (query or {}).items():
        app.query_params[key] = value
    app.run()
    assert [e.message for e in app.exception] == []
    return app


def tries(app: AppTest) -> Any:
    (pills,) = [group for group in app.button_group if str(group.key).startswith("c_try")]
    return pills


def lit(app: AppTest) -> Any:
    return tries(app).value


def link(app: AppTest) -> str:
    return str(app.code[0].value)


def test_untouched_controls_are_their_defaults_and_leave_no_trace_in_the_link() -> None:
    app = run()
    assert app.session_state["said"] == [0.5, 3, "two", ("two",), False]
    assert link(app) == ""
    assert lit(app) == "Plain"


def test_a_preset_sets_its_controls_and_puts_the_others_back() -> None:
    app = run()
    tries(app).set_value("Both").run()
    assert app.session_state["said"] == [1.0, 7, "two", ("two",), False]
    assert lit(app) == "Both"
    tries(app).set_value("Names").run()
    assert app.session_state["said"] == [0.5, 3, "three", ("one", "three"), True]
    assert lit(app) == "Names"
    tries(app).set_value("Plain").run()
    assert app.session_state["said"] == [0.5, 3, "two", ("two",), False]
    assert [e.message for e in app.exception] == []


def test_a_preset_is_lit_as_long_as_its_controls_stay() -> None:
    app = run()
    tries(app).set_value("Both").run()
    app.slider(key="c_whole").set_value(8).run()
    assert lit(app) is None
    app.slider(key="c_whole").set_value(7).run()
    assert lit(app) == "Both"


def test_a_lit_pill_that_is_clicked_stays_lit() -> None:
    app = run()
    tries(app).set_value("Both").run()
    tries(app).set_value(None).run()
    assert app.session_state["said"] == [1.0, 7, "two", ("two",), False]
    assert lit(app) == "Both"


def test_the_link_carries_what_differs_and_brings_it_back() -> None:
    app = run()
    tries(app).set_value("Names").run()
    assert link(app) == "?c_choice=three&c_several=one&c_several=three&c_switch=True"
    again = run({"c_choice": "three", "c_several": ["one", "three"], "c_switch": "True"})
    assert again.session_state["said"] == app.session_state["said"]
    assert link(again) == link(app)
    assert lit(again) == "Names"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"c_slide": "nan"}, [0.5, 3, "two", ("two",), False]),
        ({"c_slide": "-2"}, [-2.0, 3, "two", ("two",), False]),
        ({"c_slide": "1.94"}, [1.9, 3, "two", ("two",), False]),
        ({"c_slide": "1.95001", "c_whole": "7"}, [2.0, 7, "two", ("two",), False]),
        ({"c_slide": "0.499"}, [0.5, 3, "two", ("two",), False]),
        ({"c_whole": "11"}, [0.5, 3, "two", ("two",), False]),
        ({"c_whole": "4.5"}, None),
        ({"c_choice": "<b>"}, [0.5, 3, "two", ("two",), False]),
        ({"c_several": ["three", "nothing"]}, None),
        ({"c_switch": "maybe"}, [0.5, 3, "two", ("two",), False]),
        ({"unknown": "1"}, [0.5, 3, "two", ("two",), False]),
    ],
)
def test_what_an_address_says_is_taken_or_left(query: dict[str, Any], said: list[Any] | None) -> None:
    values = run(query).session_state["said"]
    if said is not None:
        assert values == said
    assert -2 <= values[0] <= 2
    assert values[1] in range(11)
    assert set(values[3]) <= {"one", "two", "three"}


@pytest.mark.parametrize("value", HOSTILE, ids=[repr(v[:24]) for v in HOSTILE])
def test_nonsense_in_an_address_is_the_default_of_every_kind_of_control(value: str) -> None:
    """The contract of all pages tries some of these values on each control, this all on each kind."""
    app = run(dict.fromkeys(("c_slide", "c_whole", "c_choice", "c_several", "c_switch"), value))
    assert app.session_state["said"] == [0.5, 3, "two", ("two",), False]
    assert link(app) == ""


@pytest.mark.parametrize(("linked", "step"), [("1.94", 1.9), ("0.499", 0.5), ("-1.999999", -2.0)])
def test_a_link_between_two_steps_is_one_step_everywhere(linked: str, step: float) -> None:
    """The control, what the page computes and the link that it offers. (A browser test sees the address.)"""
    app = run({"c_slide": linked})
    assert app.slider(key="c_slide").value == app.session_state["said"][0] == step
    assert link(app) == ("" if step == 0.5 else f"?c_slide={step}")


def test_numbers_from_a_slider_that_differ_by_rounding_are_the_same() -> None:
    assert _same({"a": 0.1 + 0.2, "b": "x"}, {"a": 0.3, "b": "x"})
    assert not _same({"a": 0.3}, {"a": 0.4})


@pytest.mark.parametrize("control", [SLIDE, WHOLE, CHOICE, SEVERAL, SWITCH])
def test_a_control_is_data(control: Control) -> None:
    assert hash(control) == hash(control)
    with pytest.raises(AttributeError):
        control.key = "other"  # type: ignore[misc]


def labelled_page() -> None:
    import streamlit as st

    from lossviz.ui.controls import Choice, MultiChoice, link

    words = ("sgd", "adam", "rmsprop")
    one = Choice("l_one", "One", words, "adam", labels={"sgd": "SGD", "adam": "Adam"})
    slider = Choice("l_slider", "Slider", words, "sgd", labels=str.upper)
    row = Choice("l_row", "Row", words, "sgd", labels=str.title)
    several = MultiChoice("l_several", "Several", words, ("sgd",), labels=str.upper)
    controls = (one, slider, row, several)
    early = [control.value for control in controls]
    values = [one.menu(), slider.select_slider(), row.segments(), several.show()]
    st.session_state["said"], st.session_state["early"] = values, early
    st.code(link(controls))


def labelled(query: dict[str, Any] | None = None) -> AppTest:
    app = AppTest.from_function(labelled_page, default_timeout=30)
    for key, value in (query or {}).items():
        app.query_params[key] = value
    app.run()
    assert [e.message for e in app.exception] == []
    assert len(app.warning) == 0
    return app


def test_a_labelled_choice_shows_labels_while_links_keep_their_words() -> None:
    app = labelled()
    assert app.session_state["said"] == ["adam", "sgd", "sgd", ("sgd",)]
    assert link(app) == "", "defaults stand in no link"
    assert app.selectbox(key="l_one").options == ["SGD", "Adam", "rmsprop"]
    assert app.button_group(key="l_several").options == ["SGD", "ADAM", "RMSPROP"]
    app.selectbox(key="l_one").set_value("sgd")
    app.button_group(key="l_several").set_value(["rmsprop", "adam"]).run()
    assert app.session_state["said"] == ["sgd", "sgd", "sgd", ("adam", "rmsprop")]
    assert link(app) == "?l_one=sgd&l_several=adam&l_several=rmsprop"
    assert dict(app.query_params) == {"l_one": "sgd", "l_several": ["adam", "rmsprop"]}
    app.selectbox(key="l_one").set_value("adam").run()
    assert "l_one" not in app.query_params, "a default vanishes from the address"


def test_a_labelled_choice_is_what_its_link_says_also_before_it_is_shown() -> None:
    query = {"l_one": "rmsprop", "l_slider": "adam", "l_row": "adam", "l_several": ["adam", "nonsense"]}
    app = labelled(query)
    assert app.session_state["said"] == ["rmsprop", "adam", "adam", ("adam",)]
    assert app.session_state["early"] == app.session_state["said"]


@pytest.mark.parametrize("word", ["SGD", "nonsense", "", "<b>"])
def test_a_word_that_is_no_option_is_the_default_and_leaves_the_address(word: str) -> None:
    """Also a label: it is no word of a link."""
    app = labelled({"l_one": word, "l_slider": ["rmsprop", "adam"], "l_several": [word]})
    assert app.session_state["said"] == ["adam", "sgd", "sgd", ("sgd",)]
    assert dict(app.query_params) == {}
