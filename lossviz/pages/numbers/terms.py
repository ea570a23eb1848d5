"""Numbers that go wrong, Term by term: what each example adds to a score."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import zlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import sentence
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import TEXT_WIDTH, File, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

ROWS = 200  # that the table shows
TRIES: dict[str, dict[str, Any]] = {
    "Mixed": {},
    "All zero": {"numbers_actual": "0 0 0 0", "numbers_predicted": "0.2 0.95 0.1 0.5"},
    "Perfect": {"numbers_actual": "1 0 1", "numbers_predicted": "1 0 1"},
    "Sure and wrong": {"numbers_actual": "1 0 1", "numbers_predicted": "0.9 1 0.8"},
    "Rows that miss 1": {
        "numbers_score": "Cross-entropy, more classes",
        "numbers_actual": "0 1 2",
        "numbers_predicted": "0.9 0.05 0.05\n0.1 0.8 0.2\n0.1 0.2 0.7",
    },
    "One late": {
        "numbers_score": "RMSE",
        "numbers_actual": "22 25 19 24 72",
        "numbers_predicted": "24 24 24 24 24",
    },
}


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(score: str, actual: str, predicted: str) -> str:
    found = lv.metrics.score_terms(score, actual, predicted)
    return figure_json(lambda narrow: lv.figures.score_terms(found, narrow=narrow))


def told(found: lv.metrics.ScoreTerms) -> str:
    """The convention of the score, and what is odd about the rows."""
    row = lv.metrics.SCORES[found.score]
    unit = (
        "In nats, the mean over the examples" if row.family == "logarithm" else "The mean over the examples"
    )
    if row.root:
        unit = "The root of the mean over the examples"
    number = lv.figures.number
    words = f"{unit}. scikit-learn {version('scikit-learn')}, {row.sklearn}: {found.library:.12g}."
    if found.off:
        rows = f"Row {found.off[0]}" + (f" and {len(found.off) - 1} more" if len(found.off) > 1 else "")
        scaled = ""
        if found.rescaled is not None:
            scaled = (
                f"; divided by its sum, as before scikit-learn 1.5, the score is {number(found.rescaled)}"
            )
        words += f" **{rows} of Predicted does not add up to 1** and is taken as it is"
        words += f"{scaled}."
    return words


def show() -> None:
    drawing, convention = st.container(), st.container()
    tries = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        score = Numbers.score.menu(width=260)
        actual = Numbers.actual.show(width=300, height=100)
        predicted = Numbers.predicted.show(width=400, height=100)
    with tries:
        presets("numbers_terms_try", TRIES, Numbers.term_controls)
    tabs = Tabs("Table")
    with tabs["Table"]:
        _table(score, actual, predicted)
    try:
        found = lv.metrics.score_terms(score, actual, predicted)
    except ValueError as error:
        with drawing.container(width=TEXT_WIDTH):
            st.markdown(f"**This cannot be scored:** {sentence(error)}.")
        return
    with drawing:
        chart(
            picture_of(score, actual, predicted),
            key="numbers_terms",
            alt=f"{score}: a bar for each of {len(found.term)} examples, and their mean, "
            f"{lv.figures.number(found.value)}.",
        )
    with convention:
        caption(told(found))

    def numbers() -> str:
        columns = {"actual": found.actual, "predicted": [" ".join(row) for row in found.predicted]}
        return files.columns({**columns, "term": found.term, "left out as written": found.left_out})

    tabs.fill(
        see=text("terms_see"),
        maths=text("terms_maths").replace("FORMULA", lv.metrics.SCORES[score].formula),
        code=f"""import lossviz as lv

found = lv.metrics.score_terms("{score}", {actual!r}, {predicted!r})
print(found.value, found.library)
figure = lv.figures.score_terms(found)""",
        controls=(Numbers.view, *Numbers.term_controls),
        files=[
            File(
                "Page (HTML)",
                "terms.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.score_terms(found)),
            ),
            File("Terms (CSV)", "terms.csv", "text/csv", numbers),
        ],
        picture="numbers_terms",
    )
    if not (Numbers.actual.fits and Numbers.predicted.fits):
        with tabs["Share"]:
            longest = Numbers.actual.longest
            caption(
                f"A box has more than {longest} letters, too many for a link: it opens the usual numbers."
            )


def _lines(score: str, words: str) -> list[str]:
    """The cells of a column: a row each for more classes, else a word each."""
    if score == "Cross-entropy, more classes" and ("\n" in words.strip() or ";" in words):
        return [line.strip() for line in words.replace(";", "\n").splitlines() if line.strip()]
    return words.replace(",", " ").split()


def edited(rows: Sequence[Mapping[str, str]], change: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows after what Streamlit's editor says of a change."""
    after = [dict(row) for row in rows]
    for i, cells in change["edited_rows"].items():
        after[int(i)].update({name: str(value or "") for name, value in cells.items()})
    kept = [row for i, row in enumerate(after) if i not in change["deleted_rows"]]
    added = [
        {name: str(row.get(name) or "") for name in ("actual", "predicted")} for row in change["added_rows"]
    ]
    return kept + added


def _table(score: str, actual: str, predicted: str) -> None:
    """The two boxes as a table; a change in it is written back into them."""
    y = actual.replace(",", " ").split()
    p = _lines(score, predicted)
    if max(len(y), len(p)) > ROWS:
        caption(
            f"A table of up to {ROWS} rows stands here; these are {lv.figures.whole(max(len(y), len(p)))}."
        )
        return
    rows = [
        {"actual": y[i] if i < len(y) else "", "predicted": p[i] if i < len(p) else ""}
        for i in range(max(len(y), len(p)))
    ]
    key = f"numbers_table_{zlib.crc32(f'{score}|{actual}|{predicted}'.encode()):x}"

    def write_back() -> None:
        kept = edited(rows, st.session_state[key])
        between = "\n" if score == "Cross-entropy, more classes" else " "
        st.session_state[Numbers.actual.key] = " ".join(row["actual"] for row in kept).strip()
        st.session_state[Numbers.predicted.key] = between.join(row["predicted"] for row in kept).strip()

    st.data_editor(
        rows or [{"actual": "", "predicted": ""}],
        key=key,
        on_change=write_back,
        num_rows="dynamic",
        width=TEXT_WIDTH,
        column_config={
            "actual": st.column_config.TextColumn("Actual"),
            "predicted": st.column_config.TextColumn("Predicted"),
        },
    )
