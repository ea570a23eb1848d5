"""Output codes, Unions: what each neuron must learn, for every way to give the words out."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import sentence
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

OWN = "your own"
MOST = 9  # clouds
TRIES: dict[str, dict[str, Any]] = {
    "Impossible": {},
    "Easy": {"codes_labelling": 2},
    "Every union": {"codes_code": "exhaustive"},
    "One neuron a class": {"codes_code": "one-hot"},
    "Eight clouds, three lines": {"codes_classes": "8"},
    "Your own words": {"codes_code": OWN},
}
Words = tuple[tuple[int, ...], ...]


def words_of(written: str) -> Words:
    """The words that a visitor wrote; ValueError, in one sentence, for what cannot name clouds."""
    words = written.replace(",", " ").split()
    for word in words:
        if set(word) - {"0", "1"}:
            raise ValueError("a word is made of 0 and 1 only")
    if len({len(word) for word in words}) > 1:
        raise ValueError("all words must have the same length")
    if not 2 <= len(words) <= MOST:
        raise ValueError(f"there must be from 2 to {MOST} words; got {len(words)}")
    matrix = tuple(tuple(int(bit) for bit in word) for word in words)
    lv.codes.output_code(matrix)
    return matrix


@st.cache_data(max_entries=16, show_spinner="Counting labellings …")
def counted(code: str | Words, classes: int) -> lv.codes.Unions:
    return lv.codes.unions(code, classes)


@st.cache_data(max_entries=16, show_spinner=False)
def picture(code: str | Words, classes: int) -> str:
    facts = counted(code, classes)
    return figure_json(lambda narrow: lv.figures.unions(facts, narrow=narrow))


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with transport:
        at = int(axis_slider(Codes.labelling))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        named = Codes.code.menu(width=180)
        own = named == OWN
        classes = int(Codes.classes.segments(disabled=own))
        written = Codes.words.show(width=330) if own else Codes.words.value
    with tries:
        presets("codes_union_try", TRIES, Codes.union_controls)
    code: str | Words = named
    if own:
        try:
            code = words_of(written)
            classes = len(code)
        except ValueError as error:
            drawing.markdown(f"**These words cannot name clouds:** {sentence(error)}.")
            return
    facts = counted(code, classes)
    with drawing:
        chart(
            picture(code, classes),
            key="codes_unions",
            follow=Codes.labelling.key,
            alt="Clouds of points with the word of each, and for every neuron the clouds for which "
            "it must fire, "
            "with the best line there is. Below, a disc for each labelling, full where one line solves every "
            "neuron.",
        )
    with convention:
        more = facts.code.length - facts.units
        unseen = f" {more} more neurons are counted, not drawn." if more else ""
        how = "All labellings" if facts.counted.exact else "A sample of labellings"
        caption(
            f"{how} of the {classes} centres, each decided by linear programming. Shaded: where the "
            "best line fires; no "
            f"line gets more of the 180 points right.{unseen}"
        )

    def numbers() -> str:
        table: dict[str, Any] = {f"cloud {c}": facts.counted.labels[:, c] for c in range(classes)}
        table |= {f"neuron {u + 1} solvable": facts.counted.by_unit[:, u] for u in range(facts.code.length)}
        return files.columns(table)

    given = repr(code) if isinstance(code, tuple) else f'"{code}"'
    Tabs().fill(
        see=text("unions_see"),
        maths=text("unions_maths"),
        code=f"""import lossviz as lv

facts = lv.codes.unions({given}, classes={classes})
print(facts.counted.solvable, "of", facts.counted.total)
figure = lv.figures.unions(facts, at={at})""",
        controls=(Codes.view, *Codes.union_controls),
        files=[
            File(
                "Page (HTML)",
                "unions.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.unions(facts, at=at), "labelling"),
            ),
            File("Labellings (CSV)", "unions.csv", "text/csv", numbers),
        ],
        picture="codes_unions",
    )
