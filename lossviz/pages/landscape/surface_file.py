"""Landscape with a surface file from elsewhere: its figure and its facts."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import for_markdown, plain
from lossviz.pages.landscape.controls import Landscape
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.page import File, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

MAX_POINTS = 401  # points along an axis that a figure draws; a file may have 4001, which would be 128 MB
READ, DRAWN = "landscape_file_read", "landscape_file_drawn"  # keys of the viewer's session state


def read(file: Any) -> lv.Surface:
    """The surface in an uploaded file, thinned to what is drawn; read once, however often the page runs.

    Raises ValueError, in one sentence, for a file that is no surface file.
    """
    file_id, result = st.session_state.get(READ, (None, None))
    if file_id != file.file_id:
        forget()
        try:
            result = lv.Surface.load(file, max_points=MAX_POINTS)
        except ValueError as error:
            result = str(error)
        st.session_state[READ] = file.file_id, result
    if isinstance(result, str):
        raise ValueError(result)
    return result  # type: ignore[no-any-return]


def forget() -> None:
    """Remove the last file from the session state."""
    for key in (READ, DRAWN):
        st.session_state.pop(key, None)


def picture(surface: lv.Surface, relief: bool) -> str:
    """The figure, packed for the chart component; drawn once for a file and a kind of figure."""
    drawn, body = st.session_state.get(DRAWN, ((None, relief), ""))
    if drawn[0] is not surface or drawn[1] != relief:
        draw = lv.figures.terrain if relief else lv.figures.contour
        body = figure_json(lambda narrow: draw(surface, narrow=narrow))
        st.session_state[DRAWN] = (surface, relief), body
    return str(body)


def metadata_list(surface: lv.Surface) -> str:
    """The facts as a list in Markdown, with its texts made plain: anyone may have written them."""
    facts, plain_text = surface.facts, for_markdown
    finite = surface.finite
    computed = (facts.evaluator, facts.dtype, facts.device, f"torch {facts.torch}")
    rows = {
        "Plane": plain_text(facts.method),
        **({"Buffers": plain_text(facts.buffers)} if facts.buffers else {}),
        "Points": f"{len(surface.a)} × {len(surface.b)}"
        + (f", {lv.figures.every(facts.stride)} of a finer grid" if facts.stride > 1 else ""),
        "Loss": f"{plain_text(facts.loss_name)}, from {lv.figures.number(float(finite.min()))} to "
        f"{lv.figures.number(float(finite.max()))}"
        if len(finite)
        else f"{plain_text(facts.loss_name)}, nowhere finite",
        "Not finite": f"{surface.loss.size - len(finite)} points",
        "Weights": lv.figures.whole(facts.weights),
        "Examples": lv.figures.whole(facts.examples) + (", not all of them" if facts.subset else ""),
        "Evaluated": ", ".join(map(plain_text, computed)),
    }
    return "\n".join(f"- **{name}**: {value}" for name, value in rows.items())


def show(surface: lv.Surface, drawing: Any, convention: Any, tabs: Tabs, drawn: str) -> None:
    """The view of an uploaded surface, in place of the page's own."""
    relief = drawn == "In relief"
    draw = lv.figures.terrain if relief else lv.figures.contour

    with drawing:
        chart(
            picture(surface, relief),
            key="landscape_opened_relief" if relief else "landscape_opened",
            alt=f"The loss over a plane, from the file that was opened: {plain(surface.facts.method)}.",
        )
    thinned = surface.facts.stride > 1
    with convention:
        every = lv.figures.every(surface.facts.stride)
        part = f" Of its finer grid, {every} is drawn, and is in Numbers (CSV)." if thinned else ""
        caption(f"From the file that was opened. Remove the file in the tab Network to go back.{part}")
        with tabs["Network"]:
            caption("What the file contains")
        tabs["Network"].markdown(metadata_list(surface))

    def numbers() -> str:
        a, b = surface.a.tolist(), surface.b.tolist()
        across, up = (x for _ in b for x in a), (y for y in b for _ in a)
        return files.columns({"a": across, "b": up, "loss": surface.loss.ravel().tolist()})

    tabs.fill(
        see=text("file_see"),
        maths=text("one_maths"),
        code=f"""import lossviz as lv

surface = lv.Surface.load("mine.npz"{f", max_points={MAX_POINTS}" if thinned else ""})
figure = lv.figures.{"terrain" if relief else "contour"}(surface)""",
        controls=(Landscape.view, Landscape.drawn),
        files=[
            File("Page (HTML)", "surface.html", "text/html", lambda: lv.figures.standalone(draw(surface))),
            File("Numbers (CSV)", "surface.csv", "text/csv", numbers),
        ],
        picture="landscape_opened_relief" if relief else "landscape_opened",
    )
