"""Output codes, Unions: the dichotomy of classes that each neuron must learn, for every labeling."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import error_for_markdown
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

CUSTOM = "your own"
MAX_CODEWORDS = 9
PRESETS: dict[str, dict[str, Any]] = {
    "Not separable": {},
    "Separable": {"codes_labelling": 2},
    "Every union": {"codes_code": "exhaustive"},
    "One neuron a class": {"codes_code": "one-hot"},
    "Eight classes, three lines": {"codes_classes": "8"},
    "Your own code words": {"codes_code": CUSTOM},
}
Matrix = tuple[tuple[int, ...], ...]


def parse_codewords(written: str) -> Matrix:
    """The code matrix from codewords that were typed; ValueError, in one sentence, for what is no code."""
    words = written.replace(",", " ").split()
    for word in words:
        if set(word) - {"0", "1"}:
            raise ValueError("a word is made of 0 and 1 only")
    if len({len(word) for word in words}) > 1:
        raise ValueError("all words must have the same length")
    if not 2 <= len(words) <= MAX_CODEWORDS:
        raise ValueError(f"there must be from 2 to {MAX_CODEWORDS} words; got {len(words)}")
    matrix = tuple(tuple(int(bit) for bit in word) for word in words)
    lv.codes.output_code(matrix)
    return matrix


@st.cache_data(max_entries=16, show_spinner=False)
def computed(code: str | Matrix, classes: int) -> lv.codes.Dichotomies:
    with progress_bar("Counting labellings …") as progress:
        return lv.codes.dichotomies(code, classes, progress=progress)


@st.cache_data(max_entries=16, show_spinner=False)
def picture(code: str | Matrix, classes: int) -> str:
    facts = computed(code, classes)
    return figure_json(lambda narrow: lv.figures.dichotomies(facts, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention, preset_row = (st.container() for _ in range(4))
    with transport:
        at = int(axis_slider(Codes.labeling))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        named = Codes.code.menu(width=180)
        custom = named == CUSTOM
        classes = int(Codes.classes.segments(disabled=custom))
        written = Codes.codewords.show(width=330) if custom else Codes.codewords.value
    with preset_row:
        presets("codes_union_try", PRESETS, Codes.dichotomy_controls)
    code: str | Matrix = named
    if custom:
        try:
            code = parse_codewords(written)
            classes = len(code)
        except ValueError as error:
            drawing.markdown(f"**These code words cannot be used:** {error_for_markdown(error)}.")
            return
    with drawing:
        body = stoppable("codes", ("unions", code, classes), lambda: picture(code, classes))
        if body is None:
            return
        facts = computed(code, classes)
        chart(
            body,
            key="codes_unions",
            follow=Codes.labeling.key,
            alt="Clusters of points with the code word of each, and for every neuron the clusters for which "
            "its target is 1, "
            "with the best line there is. Below, a disc for each labelling, full where every neuron is "
            "linearly "
            "separable.",
        )
    with convention:
        more = facts.code.length - facts.neurons
        not_drawn = f" {more} more neurons are counted, not drawn." if more else ""
        how = "All labellings" if facts.separable.exact else "A sample of labellings"
        words = caption(
            f"{how} of the {classes} centres, each decided by linear programming. Shaded: where the "
            "best line gives 1; no "
            f"line classifies more of the 180 points correctly.{not_drawn}"
        )

    def numbers() -> str:
        table: dict[str, Any] = {f"class {c}": facts.separable.labels[:, c] for c in range(classes)}
        table |= {f"neuron {u + 1} solvable": facts.separable.by_bit[:, u] for u in range(facts.code.length)}
        return files.columns(table)

    given = repr(code) if isinstance(code, tuple) else f'"{code}"'
    Tabs().fill(
        see=text("unions_see"),
        maths=text("unions_maths"),
        code=f"""import lossviz as lv

facts = lv.codes.dichotomies({given}, classes={classes})
print(facts.separable.solvable, "of", facts.separable.total)
figure = lv.figures.dichotomies(facts, at={at})""",
        controls=(Codes.view, *Codes.dichotomy_controls),
        files=[
            FigurePage("unions.html", lambda: lv.figures.dichotomies(facts, at=at), "labelling"),
            File("Labellings (CSV)", "unions.csv", "text/csv", numbers),
        ],
        picture="codes_unions",
        caption=words,
    )
