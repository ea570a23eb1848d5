"""The page Output codes: every view, preset and setting; the code under each picture; and nonsense."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from support.pages import (
    HOSTILE,
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
    trying,
)

import lossviz as lv
from lossviz.codes.digits import DIGIT_HEADS
from lossviz.figures.codes.bit_flips import ORDERS
from lossviz.pages.output_codes import at_scale, network, one_bit_off, summary, unions
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui.controls import Choice, Slider
from lossviz.ui.typed import Line


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of a moment instead of seconds; the code on the page has the same settings."""
    monkeypatch.setattr(network, "SEEDS", 2)
    monkeypatch.setattr(one_bit_off, "EPOCHS", 2)
    monkeypatch.setattr(at_scale, "EPOCHS", 1)
    monkeypatch.setattr(at_scale, "STEPS", 4)


PAGE = PageView("output_codes", "codes", Codes.view.default)
at, seen_at = PAGE.at, PAGE.seen_at


def drawing(app: AppTest) -> str:
    """What the page draws: its figure, and the place of the slider that it follows."""
    given = payload(app)
    at = None if given["follow"] is None else app.session_state[given["follow"]]
    return json.dumps([given["wide"]["data"], given["wide"]["layout"], at])


@pytest.mark.parametrize("view", Codes.view.options)
def test_a_view_has_a_question_a_picture_texts_and_the_summary(view: str) -> None:
    app = at(view)
    assert [title.value for title in app.title] == ["Can k neurons name 2ᵏ classes?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    assert [tab.label for tab in app.tabs] == ["What to see", "Maths", "Code", "Share", "Download"]
    words = [m.value for m in app.markdown]
    assert any("$$" in w for w in words)
    assert any("Often got wrong" in w for w in words)
    assert sum(app.button(key=f"codes_summary_{k}").label.endswith("→") for k in range(5)) == 5


@pytest.mark.parametrize("view", Codes.view.options)
def test_the_followed_slider_has_a_frame_for_its_every_value(view: str) -> None:
    given = payload(at(view, show="Attributes, to 1024") if view == "At scale" else at(view))
    slide = next(c for c in Codes.all if c.key == given["follow"])
    assert isinstance(slide, Slider)
    wanted = np.round(np.arange(slide.low, slide.high + slide.step / 2, slide.step), 6).tolist()
    for figure in (given["wide"], given["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == wanted


@pytest.mark.parametrize("view", Codes.view.options)
def test_every_preset_works_is_lit_and_is_its_link(view: str) -> None:
    presets_work("output_codes", at(view), linked=slice(-1, None), picture=drawing)


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("The network", {}),
    ("The network", {"step": 40, "labels": "Suit the data", "loss": "Cross-entropy", "rate": "Each its own"}),
    ("Unions", {"labelling": 7, "code": "gray"}),
    ("Unions", {"code": "your own", "words": "01 10 11"}),
    ("Meaning", {"torn": 17, "between": "two, three bits apart"}),
    ("Spare words", {"step": 30, "decode": "Likeliest word", "spread": "Overlapping"}),
    ("One bit off", {"threshold": 0.3, "order": "By word", "loss": "Cross-entropy"}),
    ("At scale", {"measure": "Log loss", "centred": "true"}),
    ("At scale", {"show": "Arbitrary, to 1024", "size": 6}),
]


@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}"[:60] for v, q in QUERIES])
def test_the_code_under_the_picture_makes_that_picture(view: str, query: dict[str, Any]) -> None:
    app = at(view, **{key: str(value) for key, value in query.items()})
    assert still(made_by(app)) == shown(app)


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
        (message,) = [m.value for m in app.markdown if "cannot name clouds" in m.value]
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


# --- the link -------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "codes_view": "The network", "codes_step": 150, "codes_labels": "Two swapped", "codes_hidden": "3",
    "codes_loss": "Squared error", "codes_rate": "Equal", "codes_labelling": 1, "codes_classes": "4",
    "codes_code": "binary", "codes_words": "000 011 101 110", "codes_torn": 40,
    "codes_between": "three, two bits apart", "codes_decode": "Nearest word", "codes_spread": "Apart",
    "codes_threshold": 0.5, "codes_order": "By neurons wrong", "codes_show": "Digits",
    "codes_measure": "Accuracy", "codes_centred": False, "codes_size": 10,
}  # fmt: skip


def test_defaults_are_published() -> None:
    assert {control.key: control.default for control in Codes.all} == PUBLISHED
    assert all(control.help or control.key == "codes_view" for control in Codes.all)
    assert isinstance(Codes.codewords, Line)


NONSENSE = ["<script>alert(1)</script>", "nan", "-1e9", "", "a" * 5000]


@pytest.mark.parametrize("value", NONSENSE, ids=[repr(v[:24]) for v in NONSENSE])
def test_nonsense_in_the_address_is_the_default(value: str) -> None:
    app = opened("output_codes", dict.fromkeys(PUBLISHED, value))
    assert trying(app).value == "Two labels swapped"
    assert code(app) == code(seen_at())
    assert "?" not in share(app)
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"


@pytest.mark.parametrize("value", HOSTILE[:3], ids=[repr(v[:24]) for v in HOSTILE[:3]])
def test_nonsense_for_codewords_is_not_repeated(value: str) -> None:
    app = opened("output_codes", {"codes_view": "Unions", "codes_code": "your own", "codes_words": value})
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown)
