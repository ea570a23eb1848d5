"""The field Class counts of This number?, and the table of known values that it leads to."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lossviz.common.parsing import parse_column
from lossviz.common.plain_text import error_for_markdown
from lossviz.ui import files
from lossviz.ui.downloads import File
from lossviz.ui.page import TEXT_WIDTH


def frequencies(counts: str) -> list[float] | None:
    """The typed counts; None if there are none. ValueError, in one sentence, for what is no number."""
    return parse_column("Class counts", counts).values.tolist() if counts.strip() else None


def as_argument(counts: str) -> str:
    """The counts as the last argument of a call in the page's code."""
    return f", {frequencies(counts)}" if counts.strip() else ""


def say_unusable(drawing: Any, error: ValueError) -> None:
    """Say in place of the picture why the counts cannot be used."""
    with drawing.container(width=TEXT_WIDTH):
        message = error_for_markdown(error).replace("frequencies", "Class counts")
        st.markdown(f"**The class counts cannot be used:** {message}.")


def candidates(name: str, quantity: str, references: Sequence[Any]) -> File:
    """The download of all known values, nearest first."""
    return File(
        "Candidates (CSV)",
        name,
        "text/csv",
        lambda: files.columns(
            {
                "name": [r.name for r in references],
                quantity: [r.value for r in references],
                "distance": [r.distance for r in references],
                "explanation": [r.explanation for r in references],
            }
        ),
    )
