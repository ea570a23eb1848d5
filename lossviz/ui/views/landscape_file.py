"""Landscape, a surface file from elsewhere: its map and its facts."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import lossviz as lv
from lossviz.plain_text import for_markdown, plain
from lossviz.ui import files
from lossviz.ui.chart import chart, packed
from lossviz.ui.declared import Landscape
from lossviz.ui.page import File, Tabs, small
from lossviz.ui.texts import text


def facts(surface: lv.Surface) -> str:
    """What the file says of itself, as one list: each of its texts by itself made plain, as anybody's are."""
    told, said = surface.facts, for_markdown
    finite = surface.finite
    rows = {
        "Plane": said(told.method),
        "Points": f"{len(surface.a)} × {len(surface.b)}"
        + (f", {lv.figures.every(told.stride)} of a finer grid" if told.stride > 1 else ""),
        "Loss": f"{said(told.loss_name)}, from {lv.figures.number(float(finite.min()))} to "
        f"{lv.figures.number(float(finite.max()))}"
        if len(finite)
        else f"{said(told.loss_name)}, nowhere finite",
        "Holes": f"{surface.loss.size - len(finite)} points are not finite",
        "Weights": lv.figures.whole(told.weights),
        "Examples": lv.figures.whole(told.examples) + (", not all of them" if told.subset else ""),
        "Evaluated": ", ".join(map(said, (told.evaluator, told.dtype, told.device, f"torch {told.torch}"))),
    }
    return "\n".join(f"- **{name}**: {value}" for name, value in rows.items())


def show(surface: lv.Surface, drawing: Any, convention: Any, tabs: Tabs, drawn: str) -> None:
    """The surface in place of the page's own."""
    relief = drawn == "In relief"
    draw = lv.figures.terrain if relief else lv.figures.contour

    with drawing:
        chart(
            packed(lambda narrow: draw(surface, narrow=narrow)),
            key="landscape_opened_relief" if relief else "landscape_opened",
            alt=f"The loss over a plane, from the file that was opened: {plain(surface.facts.method)}.",
        )
    with convention:
        small("From the file that was opened. Take it away in the tab Network to go back.")
        with tabs["Network"]:
            small("What the file says of itself")
        tabs["Network"].markdown(facts(surface))

    def numbers() -> str:
        places = [(a, b) for b in surface.b.tolist() for a in surface.a.tolist()]
        a, b = zip(*places, strict=True)
        return files.columns({"a": a, "b": b, "loss": surface.loss.ravel().tolist()})

    tabs.fill(
        see=text("landscape_file_see"),
        maths=text("landscape_one_maths"),
        code=f"""import lossviz as lv

surface = lv.Surface.load("mine.npz")
figure = lv.figures.{"terrain" if relief else "contour"}(surface)""",
        controls=(Landscape.view, Landscape.drawn),
        files=[
            File("Page (HTML)", "surface.html", "text/html", lambda: lv.figures.standalone(draw(surface))),
            File("Numbers (CSV)", "surface.csv", "text/csv", numbers),
        ],
        picture="landscape_opened_relief" if relief else "landscape_opened",
    )
