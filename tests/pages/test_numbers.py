"""What is special to the page Numbers that go wrong: its numbers, and what is typed and pasted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest
from support.pages import (
    HOSTILE,
    PageView,
    code,
    payload,
    payloads,
    share,
    shown,
    sound,
)

import lossviz as lv
from lossviz.common.plain_text import for_markdown
from lossviz.pages.numbers.controls import Numbers
from lossviz.pages.numbers.terms import SCORES, apply_edits, text

MORE = "Cross-entropy, more classes"


PAGE = PageView("numbers", "numbers", Numbers.view.default)
at, seen_at = PAGE.at, PAGE.seen_at


def words(app: AppTest) -> str:
    return " ".join(m.value for m in app.markdown)


def test_labels_map_to_names_of_the_registry() -> None:
    assert tuple(Numbers.score.options) == tuple(SCORES)
    assert list(SCORES.items()) == [(row.label, row.name) for row in lv.metrics.SCORES.values()]


# --- the numbers on screen -------------------------------------------------------------------------------


def texts(app: AppTest) -> str:
    return " ".join(a["text"] for a in shown(app)["layout"]["annotations"])


def test_the_tutorials_mean_is_beside_the_correct_one() -> None:
    app = seen_at()
    assert "<b>0.230</b>" in texts(app)
    assert "<b>0.784</b>" in texts(app)
    assert "log_loss: 0.783760421999" in words(app)
    assert "<b>−0</b>" in texts(seen_at(actual="0 0", predicted="0.2 0.3"))


def test_rows_that_do_not_add_up_to_1_are_named() -> None:
    app = at(score=MORE, actual="0 1 2", predicted="0.9 0.05 0.05\n0.1 0.8 0.2\n0.1 0.2 0.7")
    assert "Row 2 of Predicted does not add up to 1" in words(app)
    assert "0.260" in words(app)
    assert "<b>0.228</b>" in texts(app)


def test_saturation_in_float32_is_100_and_17() -> None:
    expected = texts(seen_at("As written", case="Too few digits"))
    assert "<b>100</b>" in expected
    assert "<b>17.0</b>" in expected


def test_a_value_has_its_nearest_reference_and_distance() -> None:
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
def test_invalid_input_is_a_message_and_is_kept(query: dict[str, Any], sentence: str) -> None:
    app = at(**query)
    assert payloads(app) == []
    (expected,) = [m.value for m in app.markdown if m.value.startswith("**This cannot be scored:**")]
    assert sentence in expected
    for key in ("actual", "predicted"):
        if key in query:
            assert app.text_area(key=f"numbers_{key}").value == query[key]


def test_a_million_pasted_numbers_are_one_sentence_and_are_kept() -> None:
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


def test_typed_text_is_kept_when_the_view_changes() -> None:
    app = at()
    long = "0 1 " * 300
    sound(app.text_area(key="numbers_actual").set_value(long).run())
    sound(app.button_group(key="numbers_view").set_value("This number?").run())
    sound(app.button_group(key="numbers_view").set_value("Term by term").run())
    assert app.text_area(key="numbers_actual").value == long


def test_a_short_text_is_in_the_address_unless_it_is_the_default() -> None:
    app = at()
    sound(app.text_area(key="numbers_actual").set_value("0 0 1 0 0 1").run())
    assert app.query_params["numbers_actual"] in ("0 0 1 0 0 1", ["0 0 1 0 0 1"])
    sound(app.text_area(key="numbers_actual").set_value(Numbers.actual.default).run())
    assert "numbers_actual" not in app.query_params


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [("1 2", "one for each of 10 classes; got 2"), ("a", "item 1 of Class counts must be a finite number")],
)
def test_invalid_counts_are_a_message_and_are_kept(counts: str, sentence: str) -> None:
    app = at("This number?", counts=counts)
    assert payloads(app) == []
    assert sentence in words(app)
    assert app.text_area(key="numbers_counts").value == counts


def test_typed_text_cannot_be_markup_on_the_page() -> None:
    assert not set("[]<>`*_$#|") & set(for_markdown("[x](javascript:1) <img> **b** `c` $d$ #e |f| _g_"))
    app = at(actual="[x](javascript:alert(1))<img/src=x> 2")
    assert "<img" not in words(app)
    assert "](" not in words(app)


# --- the table -------------------------------------------------------------------------------------------


def test_edits_of_the_table_are_applied_to_its_rows() -> None:
    rows = [{"actual": "1", "predicted": "0.9"}, {"actual": "0", "predicted": "0.2"}]
    edits = {
        "edited_rows": {1: {"predicted": "0.30"}},
        "added_rows": [{"actual": "1", "predicted": None}, {}],
        "deleted_rows": [0],
    }
    assert apply_edits(rows, edits) == [
        {"actual": "0", "predicted": "0.30"}, {"actual": "1", "predicted": ""},
        {"actual": "", "predicted": ""},
    ]  # fmt: skip
    assert rows[1]["predicted"] == "0.2", "the rows given are unchanged"
    assert apply_edits(rows, {"edited_rows": {}, "added_rows": [], "deleted_rows": []}) == rows


def test_the_table_shows_the_boxes() -> None:
    def shown_rows(app: AppTest) -> list[list[str]]:
        return [list(map(str, row)) for row in app.dataframe[0].value.values.tolist()]

    assert shown_rows(seen_at())[3] == ["0", "0.95"]
    more = seen_at(score=MORE, actual="0 1", predicted="0.9 0.1\n0.2 0.8")
    assert shown_rows(more) == [["0", "0.9 0.1"], ["1", "0.2 0.8"]]
    assert shown_rows(seen_at(actual="1"))[5] == ["", "0.7"]


def test_numbers_in_texts_are_computed() -> None:
    """Numbers that stand in a text, each computed here."""
    limits = {limit.library: limit.value for limit in lv.metrics.clipping_limits()}
    twice, low = lv.metrics.softmax_twice(1000), limits["scikit-learn, float32"]
    entropy = float(lv.likelihood.entropy([0.9, 0.1]))
    expected = {
        "twice_see": [f"{twice.floor:.2f}", f"{twice.chance:.2f}"],
        "clipping_see": [f"{limits['torch BCELoss'] - low:.0f}", f"{low:.1f}"],
        "missing_see": [f"{limits['the tutorial']:.1f}"],
        "rows_see": ["0.260", "0.228"],
        "terms_maths": [f"{limits['scikit-learn, float64']:.2f}"],
        "written_maths": [f"{limit:.2f}" for limit in limits.values() if limit < 100],
        "value_see": [f"{value:.3f}" for value in (lv.metrics.softmax_twice(10).floor, entropy)],
    }  # fmt: skip
    for name, numbers in expected.items():
        for number in numbers:
            assert number in text(name), name


# --- the link --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def untouched() -> dict[str, tuple[str, str]]:
    """Code and link of each view without a word in the address."""
    apps = {view: seen_at(view) for view in Numbers.view.options}
    return {view: (code(app), share(app)) for view, app in apps.items()}


@pytest.mark.parametrize(
    ("view", "key", "value"),
    [
        *(("Term by term", "predicted", value) for value in HOSTILE[:6]),
        *(("This number?", "counts", value) for value in HOSTILE[6:]),
    ],
    ids=repr,
)
def test_nonsense_in_a_text_is_a_sentence_or_too_long(view: str, key: str, value: str) -> None:
    app = at(view, **{key: value})
    if len(value) > Numbers.actual.longest or (key == "counts" and not value):
        assert code(app) == code(seen_at(view))
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
