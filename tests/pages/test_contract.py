"""The contract of all pages, also of a new one: views are found from controls, settings in page_cases.py."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.page_cases import LESS_WORK, SHORTER, Case, cases, frame_values, make_small, views
from support.pages import (
    HOSTILE,
    as_given,
    code,
    controls_of,
    drawing,
    made_by,
    missing_parts,
    nearly_equal,
    opened,
    payload,
    plain,
    presets_work,
    seen,
    share,
    shown,
    trying,
)
from support.published import PUBLISHED

from lossviz.figures.base import frames
from lossviz.pages import discover
from lossviz.ui.controls import Choice, MultiChoice, Slider, Toggle
from lossviz.ui.glossary.entries import NO_PROSE, terms, terms_in
from lossviz.ui.table import Page
from lossviz.ui.typed import Line, Number, Text

VIEWS, CASES = list(views()), list(cases())
EVERY_PAGE = pytest.mark.parametrize("page", discover(), ids=lambda page: page.name)
EVERY_VIEW = pytest.mark.parametrize("view", VIEWS, ids=str)
EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        yield


def look(case: Case) -> AppTest:
    return seen(case.page.name, case.query)


def words(app: AppTest) -> str:
    return "\n".join(m.value for m in app.markdown)


@EVERY_PAGE
def test_a_page_lacks_nothing(page: Page) -> None:
    assert list(missing_parts(page)) == []


# --- what stands on a page -----------------------------------------------------------------------------

# Tabs beside the five that every page has, by page or by view.
EXTRA_TABS = {
    "race": ["Set up"],
    "edge_of_stability Network": ["Set up"],
    "landscape": ["Network"],
    "numbers Term by term": ["Table"],
    "likelihood One bar": ["p and q"],
}
# Views whose formulas stand in a sentence or in a table.
INLINE = ("race Table", "edge_of_stability Network", "numbers This number?")
# Views that begin with settings of their own.
DEFAULT_IS_NO_PRESET = ("race Layers", "race Seeds", "gallery Shape", "output_codes Spare words")
# A text's placeholders are words in capitals. These words are not.
ABBREVIATIONS = {"RMSE"}


@EVERY_VIEW
def test_a_view_is_a_question_a_picture_and_its_texts(view: Case) -> None:
    app, page, name = look(view), view.page, f"{view.page.name} {view.view}"
    assert len(app.title) == 1
    assert payload(app)["narrow"]
    if not page.section:  # Home has no tabs
        return
    assert app.title[0].value == page.question
    extra = EXTRA_TABS.get(name, EXTRA_TABS.get(page.name, []))
    tabs = ["What to see", *extra, "Maths", "Code", "Share", "Download"]
    assert [tab.label for tab in app.tabs] == tabs
    assert ("$" if name in INLINE else "$$") in words(app), "there is a formula"
    assert "Often got wrong" in words(app)
    assert bool(trying(app).value) != (name in DEFAULT_IS_NO_PRESET), "a preset is lit"


@EVERY_VIEW
def test_each_term_that_a_page_uses_is_explained_there_and_each_page_it_names_is_linked(view: Case) -> None:
    """What is used is found in another way than the page does: word by word."""
    app = look(view)
    offered = {block.proto.popover.label for block in app.get("popover")}
    prose = " ".join(
        NO_PROSE.sub(" ", block.value.lower())
        for tab in app.tabs
        if tab.label in ("What to see", "Maths")
        for block in tab.markdown
    )
    alone = prose
    for form in (form.lower() for term in terms() for form in term.forms if " " in form):
        alone = alone.replace(form, " ")  # a word inside a longer term is explained with that
    used = set(re.split(r"[^\w-]+", alone))
    for term in terms():
        for form in (form.lower() for form in term.forms if " " not in form):
            if used & {form, f"{form}s"}:
                assert term.name in offered, f"{form} is used, and {term.name} is not explained"
    assert offered == {term.name for term in terms_in(prose)}
    links = [link.proto.label for link in app.get("page_link")]
    for title in (page.title for page in discover()):
        if f"**{title.lower()}**" in prose:
            assert title in links


@EVERY_CASE
def test_a_picture_has_data_and_a_description_and_no_placeholder_is_left(case: Case) -> None:
    app = look(case)
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert all(panel["data"] for panel in given["narrow"].values())
    left = set(re.findall(r"\b[A-Z]{4,}\b", f"{words(app)} {given['alt']}")) - ABBREVIATIONS
    assert not left, f"{left} stand in the texts: placeholders, or one more for ABBREVIATIONS"


@EVERY_CASE
def test_the_followed_slider_has_a_frame_for_each_of_its_values(case: Case) -> None:
    given = payload(look(case))
    if given["follow"] is None:
        assert not given["wide"].get("frames")
        return
    slide = next(c for c in case.controls if c.key == given["follow"])
    assert isinstance(slide, Slider)
    values = frame_values(case, slide)
    for figure in (given["wide"], *given["narrow"].values()):
        names = [float(frame["name"]) for frame in figure["frames"]]
        length = len(names) if (case.page.name, case.view) in SHORTER else len(values)
        assert 0 < length <= len(values)
        assert names == pytest.approx(values[:length], abs=1e-9)


@EVERY_VIEW
def test_every_preset_is_lit_shows_something_else_and_is_its_link(view: Case) -> None:
    if not view.page.section or view.page.name == "race":  # whose presets train: test_race.py
        return
    page = view.page.name
    # Of what is recommended, two may have the same picture of what they punish.
    picture = (lambda app: drawing(app) + code(app)) if view.view == "Which one?" else drawing
    app = opened(page, view.query)
    presets_work(page, app, picture=picture, least=3 if view.view == "Rescaled" else 4)


# --- the code under the picture ------------------------------------------------------------------------


def curves(picture: dict[str, Any]) -> list[Any]:
    """The lines of a race up to where it has come: what does not depend on how far it was to go."""
    lines = [[t.get("x"), t.get("y")] for t in picture["data"] if t.get("x") and len(t["x"]) > 1]
    return [len(picture["data"]), lines]


def has_code(case: Case) -> bool:
    """Home has none, and a race that has not begun is not what its code makes."""
    return bool(case.page.section) and (case.view == "Table" or case.query.get("race_step") != "0")


@pytest.mark.parametrize("case", [case for case in CASES if has_code(case)], ids=str)
def test_the_code_under_the_picture_makes_that_picture(case: Case) -> None:
    app = look(case)
    on_page, follow = shown(app), payload(app)["follow"]
    figure = json.loads(made_by(app).to_json())
    # As the code builds it, which is at the slider's value, and by its frame for that value.
    for value in (None,) if follow is None else (None, float(app.session_state[follow])):
        made = plain(frames.still(figure, value))
        if case.page.name == "race" and case.view != "Table":
            assert curves(made) == curves(on_page)
        elif case.page.name == "landscape":
            assert nearly_equal(made, on_page)
        else:
            assert made == on_page


# --- the address ---------------------------------------------------------------------------------------


@EVERY_PAGE
def test_defaults_are_published(page: Page) -> None:
    """A changed default changes what old links show."""
    controls = controls_of(page).all
    assert {c.key: c.default for c in controls} == {c.key: PUBLISHED.get(c.key) for c in controls}
    for control in controls:
        assert type(control.default) is type(PUBLISHED[control.key])
        assert control.help or control.key.endswith("_view"), f"{control.key} does not say what it does"
        if isinstance(control, Choice):
            assert control.default in control.options
        if isinstance(control, MultiChoice):
            assert control.default == tuple(o for o in control.options if o in control.default)
        if isinstance(control, Slider | Number):
            assert control.low <= control.default <= control.high


def test_a_published_key_is_a_control_of_one_page_and_is_called_after_it() -> None:
    of_page = {page.name: [c.key for c in controls_of(page).all] for page in discover()}
    keys = [key for keys in of_page.values() for key in keys]
    assert sorted(keys) == sorted(PUBLISHED), "a control is declared twice, or has left its page"
    prefixes = [{key.partition("_")[0] for key in keys} for keys in of_page.values()]
    assert all(len(prefix) == 1 for prefix in prefixes)
    assert len(set.union(*prefixes)) == len(prefixes), "two pages call their controls alike"


@EVERY_PAGE
def test_every_control_of_a_page_is_listed(page: Page) -> None:
    declared = controls_of(page)
    found = set()
    for value in vars(declared).values():
        found |= {c.key for c in (value if isinstance(value, tuple) else (value,)) if isinstance(c, KINDS)}
    keys = [c.key for c in declared.all]
    assert sorted(keys) == sorted(found), "each once"


KINDS = (Slider, Choice, MultiChoice, Toggle, Number, Text, Line)
LONG = max(HOSTILE, key=len)


def out_of_range(control: Any, side: int) -> Any:
    """A value beside what a control takes."""
    if isinstance(control, Slider | Number):
        return f"{control.low - control.step if side < 0 else control.high + control.step:.12g}"
    if isinstance(control, MultiChoice):
        return [*control.default, "<b>", *control.default * 9]  # a thousand in all are not read
    if isinstance(control, Choice):
        return ["<b>"] * 9
    return LONG


def nonsense(control: Any, index: int) -> Any:
    """A value that no control takes; a text takes all that are not too long."""
    return LONG if isinstance(control, Text | Line) else HOSTILE[index % len(HOSTILE)]


ATTACKS = {
    **{f"nonsense {k}": lambda control, i, k=k: nonsense(control, i + k) for k in (0, 3, 6)},
    "below": lambda control, i: out_of_range(control, -1),
    "above": lambda control, i: out_of_range(control, 1),
}


@pytest.mark.parametrize("attack", ATTACKS)
@EVERY_VIEW
def test_nonsense_in_the_address_is_the_default_and_is_not_repeated(view: Case, attack: str) -> None:
    """Every control of the page is attacked at once, each with another value."""
    usual = look(view)
    query = {
        control.key: ATTACKS[attack](control, i)
        for i, control in enumerate(view.controls)
        if control.key not in view.query
    }
    app = opened(view.page.name, query | view.query)
    assert as_given(app) == as_given(usual)
    if view.page.section:
        assert code(app) == code(usual)
        assert share(app) == share(usual)
        assert trying(app).value == trying(usual).value
    said = words(app)
    assert not [v for v in query.values() if isinstance(v, str) and len(v) > 6 and v in said]


@EVERY_PAGE
def test_a_number_out_of_range_is_the_default_where_it_is_shown(page: Page) -> None:
    """Also of sliders that only some setting shows."""
    kept = LESS_WORK.get(page.name, {})
    controls = [c for c in controls_of(page).all if isinstance(c, Slider | Number) and c.key not in kept]
    numbers = {c.key: c for c in controls}
    for case in CASES:
        if case.page != page:
            continue
        shown_here = {w.key for w in (*look(case).slider, *look(case).number_input)}
        here = shown_here & set(numbers)
        if not here:
            continue
        for side in (-1, 1):
            app = opened(page.name, case.query | {key: out_of_range(numbers[key], side) for key in here})
            widgets = {w.key: w.value for w in (*app.slider, *app.number_input)}
            assert {key: widgets[key] for key in here} == {key: numbers[key].default for key in here}
        for key in here:
            del numbers[key]
    assert not numbers, "no case shows these sliders: add a setting that does to page_cases.SETTINGS"
