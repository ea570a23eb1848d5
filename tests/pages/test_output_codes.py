"""What is special to the page Output codes: its options, its summary, and codewords that are typed."""

from typing import Any

import numpy as np
import pytest
from support.page_cases import make_small
from support.pages import (
    HOSTILE,
    PageView,
    drawing,
    opened,
    payload,
    payloads,
    shown,
    sound,
)

import lossviz as lv
from lossviz.codes.digits import DIGIT_HEADS
from lossviz.figures.codes.bit_flips import ORDERS
from lossviz.pages.output_codes import at_scale, network, one_bit_off, summary, unions
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui.controls import Choice

PAGE = PageView("output_codes", "codes", Codes.view.default)
at, seen_at = PAGE.at, PAGE.seen_at


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


@pytest.mark.parametrize("view", Codes.view.options)
def test_the_summary_stands_below_every_view(view: str) -> None:
    app = seen_at(view)
    assert sum(app.button(key=f"codes_summary_{k}").label.endswith("→") for k in range(5)) == 5


OPTIONS: dict[str, tuple[Choice, ...]] = {
    "Unions": (Codes.classes,),
    "Meaning": (Codes.between,),
    "Spare words": (Codes.spread,),
    "At scale": (Codes.measure,),
}


@pytest.mark.parametrize("view", OPTIONS)
def test_every_option_is_drawn(view: str) -> None:
    app = at(view)
    pictures = set()
    for control in OPTIONS[view]:
        for name in control.options:
            app.session_state[control.key] = name
            sound(app.run())
            assert app.session_state[control.key] == name
            pictures.add(drawing(app))
        assert len(pictures) == len(control.options)


def test_the_numbers_on_the_page_are_those_of_the_core() -> None:
    texts = [a.get("text", "") for a in shown(at("Unions"))["layout"]["annotations"]]
    result = lv.codes.separable_labelings("binary", lv.codes.dichotomies("binary", 4).centres)
    assert f"<b>{result.solvable} of {result.total}</b>" in texts
    texts = [a.get("text", "") for a in shown(at("Meaning"))["layout"]["annotations"]]
    assert f"<b>{lv.figures.number(float(np.log2(9 / 4)))}</b>" in texts
    assert "<b>decoded,<br>impossible</b>" in texts
    texts = " ".join(a.get("text", "") for a in shown(at())["layout"]["annotations"])
    assert "17 weights" in texts
    assert "25 weights" in texts


def test_summary_lines_and_next_open_their_views() -> None:
    app = at()
    views = [view for _, view in summary.lines()]
    assert set(views) <= set(Codes.view.options)
    for number, view in enumerate(views):
        if view == app.session_state["codes_view"]:
            continue
        sound(app.button(key=f"codes_summary_{number}").click().run())
        assert app.session_state["codes_view"] == view
    app = at()
    for view in Codes.view.options[1:]:
        sound(app.button(key="codes_next").click().run())
        assert app.session_state["codes_view"] == view
    assert not [b for b in app.button if b.key == "codes_next"]
    assert any("8 of 24" in m.value for m in app.markdown)


BAD_WORDS = {
    "00 01 00": "equal",
    "00 01 2x": "0 and 1 only",
    "00 1 01": "same length",
    "01": "from 2 to 9 words",
    "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001": "from 2 to 9 words; got 10",
}


def test_invalid_codewords_are_one_sentence() -> None:
    app = at("Unions", code="your own")
    for written, expected in BAD_WORDS.items():
        sound(app.text_input(key="codes_words").set_value(written).run())
        assert payloads(app) == []
        (message,) = [m.value for m in app.markdown if "code words cannot be used" in m.value]
        assert expected in message
        assert "\n" not in message
    sound(app.text_input(key="codes_words").set_value("00 01 11").run())
    assert payload(app)["wide"]["frames"]


def test_a_stopped_training_can_be_continued() -> None:
    app = at("At scale")
    app.session_state["codes_stopped"] = ("digits", False, 1)
    sound(app.run())
    assert payloads(app) == []
    assert any("Stopped" in m.value for m in app.markdown)
    sound(app.button(key="codes_go").click().run())
    assert payload(app)["wide"]["data"]


def test_labels_map_to_names_of_the_registries() -> None:
    assert set(Codes.code.options) - {unions.CUSTOM} <= set(lv.codes.CODES)
    assert set(network.HEAD_NAMES.values()) <= set(lv.codes.HEADS)
    assert tuple(at_scale.MEASURES) == tuple(Codes.measure.options)
    assert tuple(at_scale.MEASURES.values()) == tuple(lv.figures.HEAD_MEASURES)
    assert tuple(one_bit_off.ORDERS) == tuple(Codes.order.options)
    assert tuple(one_bit_off.ORDERS.values()) == ORDERS
    assert {head.name for head in DIGIT_HEADS} >= set(one_bit_off.HEADS.values())


@pytest.mark.parametrize("value", [None, 3, "", "   ", "0" * 201])
def test_an_invalid_line_is_the_default(value: Any) -> None:
    assert Codes.codewords._validated(value) == Codes.codewords.default
    assert Codes.codewords._validated("01 10") == "01 10"


@pytest.mark.parametrize("value", HOSTILE[:3], ids=[repr(v[:24]) for v in HOSTILE[:3]])
def test_nonsense_for_codewords_is_not_repeated(value: str) -> None:
    app = opened("output_codes", {"codes_view": "Unions", "codes_code": "your own", "codes_words": value})
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown)
