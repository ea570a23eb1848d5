"""The page Numbers that go wrong: every view, case, score and preset, what is pasted, and nonsense."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
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
)

import lossviz as lv
from lossviz.ui.typed import plain
from lossviz.pages.numbers.controls import Numbers
from lossviz.pages.numbers.terms import edited, text

MORE = "Cross-entropy, more classes"


ROOM = PageView("numbers", "numbers", Numbers.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


def words(app: AppTest) -> str:
    return " ".join(m.value for m in app.markdown)


@pytest.mark.parametrize("view", Numbers.view.options)
def test_a_view_is_a_question_a_picture_and_its_texts(view: str) -> None:
    app = seen_at(view)
    assert [title.value for title in app.title] == ["Is my loss right?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    assert [tab.label for tab in app.tabs if tab.label != "Table"] == [
        "What to see", "Maths", "Code", "Share", "Download",
    ]  # fmt: skip
    assert "$" in words(app)
    assert "Often got wrong" in words(app)
    assert "FORMULA" not in words(app)


@pytest.mark.parametrize("view", Numbers.view.options)
def test_every_preset_works_is_lit_and_is_its_link(view: str) -> None:
    presets_work("numbers", at(view), linked=slice(-1, None))


QUERIES: list[tuple[str, dict[str, Any]]] = [
    *(("Term by term", {"score": score}) for score in Numbers.score.options if score != MORE),
    ("Term by term", {"score": MORE, "actual": "0 1", "predicted": "0.9 0.1\n0.3 0.8"}),
    ("Term by term", {"actual": "1 " * 40, "predicted": "0.5, " * 40}),
    ("Term by term", {"actual": "1 0 0", "predicted": "0 1 0"}),
    *(("As written", {"case": case}) for case in Numbers.case.options),
    ("As written", {"case": "Too few digits", "z": 30.5}),
    ("As written", {"case": "Softmax twice", "margin": -2, "classes": 2}),
    ("This number?", {"value": 1.461}),
    ("This number?", {"value": -3, "classes": 1000}),
    ("This number?", {"value": 5000, "classes": 3, "counts": "1 2 3"}),
]


@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}"[:60] for v, q in QUERIES])
def test_the_code_under_the_picture_makes_that_picture(view: str, query: dict[str, Any]) -> None:
    app = seen_at(view, **query)
    assert still(made_by(app)) == shown(app)


@pytest.mark.parametrize("case", ["Too few digits", "Softmax twice"])
def test_the_followed_slider_has_a_frame_for_its_every_value(case: str) -> None:
    given = payload(seen_at("As written", case=case))
    slide = next(c for c in (Numbers.z, Numbers.margin) if c.key == given["follow"])
    for figure in (given["wide"], given["narrow"][""]):
        names = [float(frame["name"]) for frame in figure["frames"]]
        steps = round((slide.high - slide.low) / slide.step)
        assert names == pytest.approx([slide.low + k * slide.step for k in range(steps + 1)])


def test_the_names_are_the_registrys() -> None:
    assert tuple(Numbers.score.options) == tuple(lv.metrics.SCORES)


# --- the numbers on screen -------------------------------------------------------------------------------


def texts(app: AppTest) -> str:
    return " ".join(a["text"] for a in shown(app)["layout"]["annotations"])


def test_the_tutorials_mean_stands_beside_the_right_one() -> None:
    app = seen_at()
    assert "<b>0.230</b>" in texts(app)
    assert "<b>0.784</b>" in texts(app)
    assert "log_loss: 0.783760421999" in words(app)
    assert "<b>−0</b>" in texts(seen_at(actual="0 0", predicted="0.2 0.3"))


def test_rows_that_do_not_add_up_are_named_and_taken() -> None:
    app = at(score=MORE, actual="0 1 2", predicted="0.9 0.05 0.05\n0.1 0.8 0.2\n0.1 0.2 0.7")
    assert "Row 2 of Predicted does not add up to 1" in words(app)
    assert "0.260" in words(app)
    assert "<b>0.228</b>" in texts(app)


def test_saturation_in_float32_is_said_in_numbers() -> None:
    said = texts(seen_at("As written", case="Too few digits"))
    assert "<b>100</b>" in said
    assert "<b>17.0</b>" in said


def test_a_number_is_named_with_how_close() -> None:
    app = seen_at("This number?")
    assert "**guessing, ln K**, 2.30259: off by 0.000415" in words(app)
    assert "class frequencies" in words(seen_at("This number?", value=0.325, classes=2, counts="900 100"))


# --- what is typed ---------------------------------------------------------------------------------------

BAD = [
    ({"actual": ""}, "Actual is empty"),
    ({"predicted": "0.9 0.2 x 0.95 0.1 0.7"}, "item 3 of Predicted must be a finite number; got 'x'"),
    ({"predicted": "0.9 0.2 nan 0.95 0.1 0.7"}, "item 3 of Predicted must be a finite number; got 'nan'"),
    ({"predicted": "0.9 1.2 0.4 0.95 0.1 0.7"}, "item 2 of Predicted must be a probability"),
    ({"actual": "1 0 1 0 0 2"}, "item 6 of Actual must be 0 or 1; got '2'"),
    ({"actual": "1 0"}, "item 3 of Predicted has no partner"),
    ({"score": MORE}, "Actual has 6 labels and Predicted 1 row; write one row a line"),
    ({"score": MORE, "actual": "0", "predicted": "1"}, "at least 2 probabilities"),
]


@pytest.mark.parametrize(("query", "sentence"), BAD, ids=[b[1][:40] for b in BAD])
def test_what_cannot_be_scored_is_said_and_stays(query: dict[str, Any], sentence: str) -> None:
    app = at(**query)
    assert payloads(app) == []
    (said,) = [m.value for m in app.markdown if m.value.startswith("**This cannot be scored:**")]
    assert sentence in said
    for key in ("actual", "predicted"):
        if key in query:
            assert app.text_area(key=f"numbers_{key}").value == query[key]


def test_a_million_pasted_numbers_are_one_sentence_and_stay() -> None:
    app = at()
    million = "1 " * 1_000_000
    sound(app.text_area(key="numbers_actual").set_value(million).run())
    assert "Actual has 1,000,000 numbers; at most 10,000 can be taken" in words(app)
    assert app.text_area(key="numbers_actual").value == million
    assert len(str(dict(app.query_params))) < 200, "not in the address"
    sound(app.text_area(key="numbers_actual").set_value("1 0 1 0 0 1").run())
    assert payload(app)["wide"]["data"]


def test_a_long_text_is_drawn_but_not_in_the_link_and_the_page_says_so() -> None:
    app = at()
    sound(app.text_area(key="numbers_actual").set_value("1 " * 400).run())
    sound(app.text_area(key="numbers_predicted").set_value("0.5 " * 400).run())
    assert "<b>0.693</b>" in texts(app)
    assert "388 more" in texts(app), "the costliest twelve are drawn"
    assert "numbers_actual" not in share(app)
    assert "too many for a link" in words(app)


def test_what_is_typed_stays_when_another_view_is_looked_at() -> None:
    app = at()
    long = "0 1 " * 300
    sound(app.text_area(key="numbers_actual").set_value(long).run())
    sound(app.button_group(key="numbers_view").set_value("This number?").run())
    sound(app.button_group(key="numbers_view").set_value("Term by term").run())
    assert app.text_area(key="numbers_actual").value == long


def test_a_short_text_is_in_the_address_and_leaves_it() -> None:
    app = at()
    sound(app.text_area(key="numbers_actual").set_value("0 0 1 0 0 1").run())
    assert app.query_params["numbers_actual"] in ("0 0 1 0 0 1", ["0 0 1 0 0 1"])
    sound(app.text_area(key="numbers_actual").set_value(Numbers.actual.default).run())
    assert "numbers_actual" not in app.query_params


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [("1 2", "one for each of 10 classes; got 2"), ("a", "item 1 of Class counts must be a finite number")],
)
def test_counts_that_do_not_fit_are_said_and_stay(counts: str, sentence: str) -> None:
    app = at("This number?", counts=counts)
    assert payloads(app) == []
    assert sentence in words(app)
    assert app.text_area(key="numbers_counts").value == counts


def test_a_stranger_cannot_write_on_the_page() -> None:
    assert not set("[]<>`*_$#|") & set(plain("[x](javascript:1) <img> **b** `c` $d$ #e |f| _g_"))
    app = at(actual="[x](javascript:alert(1))<img/src=x> 2")
    assert "<img" not in words(app)
    assert "](" not in words(app)


# --- the table -------------------------------------------------------------------------------------------


def test_a_change_in_the_table_is_a_change_of_its_rows() -> None:
    rows = [{"actual": "1", "predicted": "0.9"}, {"actual": "0", "predicted": "0.2"}]
    change = {
        "edited_rows": {1: {"predicted": "0.30"}},
        "added_rows": [{"actual": "1", "predicted": None}, {}],
        "deleted_rows": [0],
    }
    assert edited(rows, change) == [
        {"actual": "0", "predicted": "0.30"}, {"actual": "1", "predicted": ""},
        {"actual": "", "predicted": ""},
    ]  # fmt: skip
    assert rows[1]["predicted"] == "0.2", "the rows themselves stay"
    assert edited(rows, {"edited_rows": {}, "added_rows": [], "deleted_rows": []}) == rows


def test_the_table_shows_the_boxes() -> None:
    def shown_rows(app: AppTest) -> list[list[str]]:
        return [list(map(str, row)) for row in app.dataframe[0].value.values.tolist()]

    assert shown_rows(seen_at())[3] == ["0", "0.95"]
    more = seen_at(score=MORE, actual="0 1", predicted="0.9 0.1\n0.2 0.8")
    assert shown_rows(more) == [["0", "0.9 0.1"], ["1", "0.2 0.8"]]
    assert shown_rows(seen_at(actual="1"))[5] == ["", "0.7"]


def test_the_texts_say_what_is_computed() -> None:
    """Numbers that stand in a text, each computed here."""
    caps = {cap.library: cap.value for cap in lv.metrics.clipping_limits()}
    twice, low = lv.metrics.softmax_twice(1000), caps["scikit-learn, float32"]
    said = {
        "twice_see": [f"{twice.floor:.2f}", f"{twice.chance:.2f}"],
        "caps_see": [f"{caps['torch BCELoss'] - low:.0f}", f"{low:.1f}"],
        "missing_see": [f"{caps['the tutorial']:.1f}"],
        "rows_see": ["0.260", "0.228"],
        "terms_maths": [f"{caps['scikit-learn, float64']:.2f}"],
        "written_maths": [f"{cap:.2f}" for cap in caps.values() if cap < 100],
        "value_see": [f"{lv.metrics.softmax_twice(10).floor:.3f}", f"{float(lv.likelihood.entropy([0.9, 0.1])):.3f}"],
    }  # fmt: skip
    for name, numbers in said.items():
        for number in numbers:
            assert number in text(name), name


# --- the link --------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "numbers_view": "Term by term", "numbers_score": "Cross-entropy, two classes",
    "numbers_actual": "1 0 1 0 0 1", "numbers_predicted": "0.9 0.2 0.4 0.95 0.1 0.7",
    "numbers_case": "A missing term", "numbers_z": 17.0, "numbers_margin": 10.0, "numbers_classes": 10,
    "numbers_value": 2.303, "numbers_counts": "",
}  # fmt: skip


def test_defaults_are_published() -> None:
    """A changed default changes what old links show. Change one here only if you mean that."""
    assert {control.key: control.default for control in Numbers.all} == PUBLISHED
    assert all(control.help or control.key == "numbers_view" for control in Numbers.all)


TEXTS = {"numbers_actual", "numbers_predicted", "numbers_counts"}
NONSENSE = ["<script>alert(1)</script>", "1e999"]


@pytest.fixture(scope="module")
def untouched() -> dict[str, tuple[str, str]]:
    """Code and link of each view without a word in the address."""
    apps = {view: seen_at(view) for view in Numbers.view.options}
    return {view: (code(app), share(app)) for view, app in apps.items()}


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
@pytest.mark.parametrize("view", Numbers.view.options)
def test_nonsense_in_the_address_is_the_default(
    untouched: dict[str, tuple[str, str]], view: str, value: str
) -> None:
    query = dict.fromkeys(set(PUBLISHED) - TEXTS, value)
    app = opened("numbers", query | ({} if view == "Term by term" else {"numbers_view": view}))
    assert (code(app), share(app)) == untouched[view]
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"


@pytest.mark.parametrize(
    ("view", "key", "value"),
    [
        *(("Term by term", "predicted", value) for value in HOSTILE[:6]),
        *(("This number?", "counts", value) for value in HOSTILE[6:]),
    ],
    ids=repr,
)
def test_nonsense_in_a_text_is_a_sentence_or_too_long(
    untouched: dict[str, tuple[str, str]], view: str, key: str, value: str
) -> None:
    app = at(view, **{key: value})
    if len(value) > Numbers.actual.longest or (key == "counts" and not value):
        assert code(app) == untouched[view][0]
    else:
        assert payloads(app) == []
        assert "cannot be" in words(app)
    if len(value) > 20:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"


@given(some.one_of(some.none(), some.booleans(), some.integers(), some.floats(), some.text()))
def test_a_number_is_within_its_range_and_of_its_kind(value: Any) -> None:
    for control in (Numbers.value, Numbers.classes):
        sane = control._validated(value)
        assert type(sane) is type(control.default)
        assert control.low <= sane <= control.high
        if isinstance(value, float) and control is Numbers.value and abs(value) <= control.high:
            assert sane == value
