"""Landscape with a surface file that the viewer has opened: its figure and its facts, and nothing else."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.plain_text import error_for_markdown, for_markdown, plain
from lossviz.pages.landscape.controls import Landscape
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import TEXT_WIDTH, TURNED, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

MAX_POINTS = 401  # points along an axis that a figure draws; a file may have 4001, which would be 128 MB
# Keys of the viewer's session state.
UPLOADED, READ, DRAWN = "landscape_file", "landscape_file_read", "landscape_file_drawn"


def opened() -> lv.Surface | None:
    """The surface in the file that the viewer has opened; None if there is no file, or it cannot be drawn."""
    file = st.session_state.get(UPLOADED)
    if file is None:
        return None
    try:
        return read(file)
    except ValueError:
        return None


def uploader(tab: Any, below_the_picture: Any) -> None:
    """Where a file is opened and removed; below the picture, in one sentence, why it cannot be drawn."""
    with tab.container(width=TEXT_WIDTH):
        file = st.file_uploader(
            "Open a surface file",
            type=["npz"],
            key=UPLOADED,
            help="Drawn instead of the network above: what `surface.save` has written, on any machine",
        )
        if file is None:
            forget()
            caption(
                'Made elsewhere by `lv.surface(…).save("mine.npz")`. It is read in memory and kept nowhere.'
            )
            return
    try:
        read(file)
    except ValueError as error:  # not in the tab, which another page's tabs may have closed
        below_the_picture.markdown(
            f"**{for_markdown(file.name)}** cannot be drawn: {error_for_markdown(error)}."
        )


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


def description(surface: lv.Surface) -> str:
    """What the picture shows, in a sentence: its texts are made plain, since anyone may have written them."""
    loss, plane = for_markdown(surface.facts.loss_name), for_markdown(surface.facts.method)
    return f"From a file: {loss} over a plane ({plane})."


def show(surface: lv.Surface) -> None:
    """The view of an opened surface, in place of the page's own: what is about a training is not shown."""
    drawing, convention = st.container(), st.container()
    relief = Landscape.drawn.segments() == "In relief"
    tabs = Tabs("Network")
    uploader(tabs["Network"], convention)
    draw = lv.figures.terrain if relief else lv.figures.contour

    with drawing:
        chart(
            picture(surface, relief),
            key="landscape_opened_relief" if relief else "landscape_opened",
            alt=f"The loss over a plane, from the file that you opened: {plain(surface.facts.method)}.",
        )
    thinned = surface.facts.stride > 1
    with convention:
        every = lv.figures.every(surface.facts.stride)
        part = f" Of its finer grid, {every} is drawn, and is in Numbers (CSV)." if thinned else ""
        caption(f"{description(surface)} Remove the file in the tab Network to go back.{part}")

    with tabs["Network"]:
        caption("What the file contains")
        st.markdown(metadata_list(surface))

    def numbers() -> str:
        a, b = surface.a.tolist(), surface.b.tolist()
        across, up = (x for _ in b for x in a), (y for y in b for _ in a)
        return files.columns({"a": across, "b": up, "loss": surface.loss.ravel().tolist()})

    tabs.fill(
        see=text("file_see"),
        maths=text("file_maths"),
        code=f"""import lossviz as lv

surface = lv.Surface.load("mine.npz"{f", max_points={MAX_POINTS}" if thinned else ""})
figure = lv.figures.{"terrain" if relief else "contour"}(surface)""",
        controls=(Landscape.view, Landscape.drawn),
        files=[
            FigurePage("surface.html", lambda: draw(surface)),
            File("Numbers (CSV)", "surface.csv", "text/csv", numbers),
        ],
        picture="landscape_opened_relief" if relief else "landscape_opened",
        caption=description(surface),
        not_in_link=f"{TURNED + ', nor ' if relief else ''}the file that you opened: send that along, it is "
        "opened in the tab Network",
    )
