"""Numbers that go wrong, Term by term: what each example adds to a score."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import zlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import error_for_markdown
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import TEXT_WIDTH, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

MAX_ROWS = 200  # of the table
MORE_CLASSES = "Cross-entropy, more classes"
SCORES = {  # label of the control -> row of `lv.metrics.SCORES`
    "Cross-entropy, two classes": "binary-cross-entropy",
    MORE_CLASSES: "categorical-cross-entropy",
    "Brier": "brier",
    "MSE": "mse",
    "RMSE": "rmse",
    "MAE": "mae",
}
PRESETS: dict[str, dict[str, Any]] = {
    "Six examples": {},
    "All zero": {"numbers_actual": "0 0 0 0", "numbers_predicted": "0.2 0.95 0.1 0.5"},
    "Perfect": {"numbers_actual": "1 0 1", "numbers_predicted": "1 0 1"},
    "Confidently wrong": {"numbers_actual": "1 0 1", "numbers_predicted": "0.9 1 0.8"},
    "Rows that do not sum to 1": {
        "numbers_score": MORE_CLASSES,
        "numbers_actual": "0 1 2",
        "numbers_predicted": "0.9 0.05 0.05\n0.1 0.8 0.2\n0.1 0.2 0.7",
    },
    "One outlier": {
        "numbers_score": "RMSE",
        "numbers_actual": "22 25 19 24 72",
        "numbers_predicted": "24 24 24 24 24",
    },
}


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(score: str, actual: str, predicted: str) -> str:
    terms = lv.metrics.score_terms(score, actual, predicted)
    return figure_json(lambda narrow: lv.figures.score_terms(terms, narrow=narrow))


def convention_text(terms: lv.metrics.ScoreTerms) -> str:
    """The convention of the score, and which rows of probabilities do not add up to 1."""
    row = lv.metrics.SCORES[terms.score]
    unit = (
        "In nats, the mean over the examples" if row.family == "logarithm" else "The mean over the examples"
    )
    if row.root:
        unit = "The root of the mean over the examples"
    number = lv.figures.number
    words = f"{unit}. scikit-learn {version('scikit-learn')}, {row.sklearn_name}: {terms.sklearn_value:.12g}."
    if terms.unnormalized_rows:
        first, *others = terms.unnormalized_rows
        rows = f"Row {first}" + (f" and {len(others)} more" if others else "")
        normalized = ""
        if terms.normalized_value is not None:
            value = number(terms.normalized_value)
            normalized = f"; divided by its sum, as before scikit-learn 1.5, the score is {value}"
        words += f" **{rows} of Predicted does not add up to 1** and is taken as it is"
        words += f"{normalized}."
    return words


def show() -> None:
    """The view."""
    drawing, convention = st.container(), st.container()
    preset_row = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        label = Numbers.score.menu(width=260)
        actual = Numbers.actual.show(width=300, height=100)
        predicted = Numbers.predicted.show(width=400, height=100)
    with preset_row:
        presets("numbers_terms_try", PRESETS, Numbers.term_controls)
    tabs = Tabs("Table")
    with tabs["Table"]:
        _table(label, actual, predicted)
    score = SCORES[label]
    try:
        terms = lv.metrics.score_terms(score, actual, predicted)
    except ValueError as error:
        with drawing.container(width=TEXT_WIDTH):
            st.markdown(f"**This cannot be scored:** {error_for_markdown(error)}.")
        return
    with drawing:
        chart(
            picture_of(score, actual, predicted),
            key="numbers_terms",
            alt=f"{label}: a bar for each of {len(terms.terms)} examples, and their mean, "
            f"{lv.figures.number(terms.value)}.",
        )
    with convention:
        words = caption(convention_text(terms))

    def numbers() -> str:
        columns = {"actual": terms.actual, "predicted": [" ".join(row) for row in terms.predicted]}
        return files.columns({**columns, "term": terms.terms, "left out as written": terms.omitted})

    fits = Numbers.actual.fits and Numbers.predicted.fits
    tabs.fill(
        see=text("terms_see"),
        maths=text("terms_maths").replace("FORMULA", lv.metrics.SCORES[score].formula),
        code=f"""import lossviz as lv

terms = lv.metrics.score_terms("{score}", {actual!r}, {predicted!r})
print(terms.value, terms.sklearn_value)
figure = lv.figures.score_terms(terms)""",
        controls=(Numbers.view, *Numbers.term_controls),
        files=[
            FigurePage("terms.html", lambda: lv.figures.score_terms(terms)),
            File("Terms (CSV)", "terms.csv", "text/csv", numbers),
        ],
        picture="numbers_terms",
        caption=words,
        not_in_link=""
        if fits
        else f"these numbers: a box has more than {Numbers.actual.longest} letters, too many for a link",
    )


def _cells(label: str, typed: str) -> list[str]:
    """The cells of a column: one a line for several classes, else one a word."""
    if label == MORE_CLASSES and ("\n" in typed.strip() or ";" in typed):
        return [line.strip() for line in typed.replace(";", "\n").splitlines() if line.strip()]
    return typed.replace(",", " ").split()


def apply_edits(rows: Sequence[Mapping[str, str]], edits: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows after the edits that Streamlit's data editor reports."""
    edited_rows = [dict(row) for row in rows]
    for i, cells in edits["edited_rows"].items():
        edited_rows[int(i)].update({name: str(value or "") for name, value in cells.items()})
    remaining = [row for i, row in enumerate(edited_rows) if i not in edits["deleted_rows"]]
    added = [
        {name: str(row.get(name) or "") for name in ("actual", "predicted")} for row in edits["added_rows"]
    ]
    return remaining + added


def _table(label: str, actual: str, predicted: str) -> None:
    """The two boxes as a table; edits are written back into the boxes."""
    y = actual.replace(",", " ").split()
    p = _cells(label, predicted)
    if max(len(y), len(p)) > MAX_ROWS:
        count = lv.figures.whole(max(len(y), len(p)))
        caption(f"A table of at most {MAX_ROWS} rows is shown here; these are {count}.")
        return
    rows = [
        {"actual": y[i] if i < len(y) else "", "predicted": p[i] if i < len(p) else ""}
        for i in range(max(len(y), len(p)))
    ]
    key = f"numbers_table_{zlib.crc32(f'{label}|{actual}|{predicted}'.encode()):x}"

    def write_back() -> None:
        remaining = apply_edits(rows, st.session_state[key])
        separator = "\n" if label == MORE_CLASSES else " "
        st.session_state[Numbers.actual.key] = " ".join(row["actual"] for row in remaining).strip()
        st.session_state[Numbers.predicted.key] = separator.join(
            row["predicted"] for row in remaining
        ).strip()

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
