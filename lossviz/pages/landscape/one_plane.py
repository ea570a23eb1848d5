"""Landscape, One plane: a map, and the loss that it shows beside the loss that was."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import io
from collections.abc import Callable, Iterator
from typing import IO, Any

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape import surface_file
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.landscape.trained_network import (
    NORMALIZE,
    Names,
    controls,
    guess_words,
    opened,
    studied,
    words,
)
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.progressive import ProgressiveResult
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "Calm bowl": {},
    "The way down": {"landscape_plane": "Its path", "landscape_step": 12},
    "Three valleys": {"landscape_plane": "Three minima"},
    "Mere drift": {"landscape_plane": "A random walk"},
}


@st.cache_data(max_entries=32, show_spinner=False)
def known(
    names: Names, plane: str, normalize: Any, points: int, _look: lv.landscape.PlaneFidelity | None
) -> lv.landscape.PlaneFidelity:
    """The whole map, once somebody has it; LookupError until then."""
    if _look is None:
        raise LookupError
    return _look


@st.cache_data(max_entries=16, show_spinner=False)
def picture(
    names: Names, plane: str, normalize: Any, points: int, relief: bool, _look: lv.landscape.PlaneFidelity
) -> str:
    return drawn_so_far(_look, relief)


def drawn_so_far(look: lv.landscape.PlaneFidelity, relief: bool) -> str:
    return figure_json(lambda narrow: lv.figures.one_plane(look, relief=relief, narrow=narrow))


def share(look: lv.landscape.PlaneFidelity) -> float:
    return 1 / look.surface.facts.stride**2


def show() -> Callable[[], object] | None:
    """The view; what makes its picture finer, if it is not whole yet."""
    drawing, transport, working = st.container(), st.container(), st.empty()
    convention = st.container()
    tries = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
    with tries:
        pills = st.container(width="content")
        plane = Landscape.plane.menu(width=160)
        by = Landscape.normalize.menu(width=130, disabled=plane != "Random")
        drawn = Landscape.drawn.segments()
        points = int(Landscape.points.menu(width=85))
    tabs = Tabs("Network")
    names = controls(tabs["Network"])
    file = opened(tabs["Network"])
    if file is None:
        with transport:
            step = int(axis_slider(Landscape.step, playable=6))
    with pills:  # after all controls: only now is it known what a link has set
        presets("landscape_try", TRIES, Landscape.one_controls)
    if file is not None:
        surface_file.show(file, drawing, convention, tabs, drawn)
        return None
    relief = drawn == "In relief"
    normalize: Any = NORMALIZE[by] if plane == "Random" else "filter"
    wanted = (names, plane, normalize, points)

    def begin(say: Any, done: IO[bytes]) -> Iterator[lv.landscape.PlaneFidelity]:
        return lv.landscape.plane_fidelity_stream(
            studied(names), plane, normalize, points=points, progress=say, resume=done
        )

    refining = None
    with drawing:
        try:
            look = known(*wanted, None)
        except LookupError:
            refining = ProgressiveResult("landscape", wanted, begin, share, working, "Drawing the map …")
            found = refining.best_so_far("This network cannot be drawn")
            if found is None:
                return None
            look = found
            if share(look) == 1:
                known(*wanted, look)
                refining.discard()
                refining = None
        body = drawn_so_far(look, relief) if refining else picture(*wanted, relief, look)
        chart(
            body,
            key="landscape_relief" if relief else "landscape_map",
            follow=Landscape.step.key,
            steady=True,
            alt=f"Left, the loss over a plane through the trained network ({plane.lower()}), with the path "
            f"of the training, of which {lv.figures.percent(look.path.explained)} lies in the plane. Right, "
            "over the training step, the loss that the network had and the loss that the map shows.",
        )
    with convention:
        lines = (
            "Height is loss ÷" if relief else "the heavy line is 1, each line a factor √2. Numbers are loss ÷"
        )
        lines = lines[0].upper() + lines[1:]
        caption(f"{words(names)} {lines} {guess_words(names)}.")

    def numbers() -> str:
        return files.columns(
            {
                "step": look.steps,
                "loss the network had": look.had,
                "loss the map says": look.says,
                "distance to the end": look.way,
                "distance off the plane": look.path.off_plane,
                "first direction": look.path.a,
                "second direction": look.path.b,
            }
        )

    def whole() -> lv.landscape.PlaneFidelity:
        """What is taken home is exact, also while the picture is not."""
        return (
            look
            if refining is None
            else lv.landscape.plane_fidelity(studied(names), plane, normalize, points=points)
        )

    def surface() -> bytes:
        content = io.BytesIO()
        whole().surface.save(content)
        return content.getvalue()

    def html() -> str:
        figure = lv.figures.one_plane(whole(), at=step, relief=relief)
        return lv.figures.standalone(figure, "step")

    data, network, loss, activation, seed = names
    tabs.fill(
        see=text("one_see"),
        maths=text("one_maths"),
        code=f"""import lossviz as lv

study = lv.landscape.record_training("{data}", "{network}", "{loss}", "{activation}", seed={seed})
look = lv.landscape.plane_fidelity(study, "{plane}", normalize="{normalize}", points={points})
figure = lv.figures.one_plane(look, at={step}, relief={relief})""",
        controls=(Landscape.view, *Landscape.one_controls, Landscape.points, *Landscape.setup),
        files=[
            File("Page (HTML)", "landscape.html", "text/html", html),
            File("Numbers (CSV)", "landscape.csv", "text/csv", numbers),
            File("Surface (NPZ)", "landscape.npz", "application/octet-stream", surface),
        ],
        picture="landscape_relief" if relief else "landscape_map",
    )
    return refining.refine if refining else None
