"""Landscape, view One plane: a loss surface, and its loss along a training beside the true loss."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import io
from collections.abc import Callable, Iterator
from typing import IO, Any

import streamlit as st

import lossviz as lv
from lossviz.pages.landscape import surface_file
from lossviz.pages.landscape.controls import NORMALIZE, PLANES, Landscape
from lossviz.pages.landscape.trained_network import (
    Setup,
    chance_loss_text,
    setup_controls,
    train_network,
    training_caption,
)
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import TURNED, Tabs, axis_slider, caption
from lossviz.ui.progressive import ProgressiveResult
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "Random plane": {},
    "PCA of the path": {"landscape_plane": "Its path", "landscape_step": 12},
    "Three minima": {"landscape_plane": "Three minima"},
    "Random walk": {"landscape_plane": "A random walk"},
}


@st.cache_data(max_entries=32, show_spinner=False)
def finished(
    setup: Setup, plane: str, normalize: Any, points: int, _fidelity: lv.landscape.PlaneFidelity | None
) -> lv.landscape.PlaneFidelity:
    """The whole result, once a viewer's page has passed it here; LookupError until then."""
    if _fidelity is None:
        raise LookupError
    return _fidelity


@st.cache_data(max_entries=16, show_spinner=False)
def picture(
    setup: Setup,
    plane: str,
    normalize: Any,
    points: int,
    relief: bool,
    _fidelity: lv.landscape.PlaneFidelity,
) -> str:
    """The figure of a whole result, packed for the chart component; drawn once for all viewers."""
    return packed_figure(_fidelity, relief)


def packed_figure(fidelity: lv.landscape.PlaneFidelity, relief: bool) -> str:
    """The figure, packed for the chart component."""
    return figure_json(lambda narrow: lv.figures.one_plane(fidelity, relief=relief, narrow=narrow))


def share(fidelity: lv.landscape.PlaneFidelity) -> float:
    """The share of the grid's points that have been computed."""
    return 1 / fidelity.surface.facts.stride**2


def show() -> Callable[[], object] | None:
    """The view. Returns what makes its picture finer, if it is not whole yet."""
    if opened := surface_file.opened():
        surface_file.show(opened)
        return None
    drawing, transport, working = st.container(), st.container(), st.empty()
    convention = st.container()
    tries = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
    with tries:
        pills = st.container(width="content")
        plane_label = Landscape.plane.menu(width=215)
        plane = PLANES[plane_label]
        normalized = Landscape.normalize.menu(width=130, disabled=plane != "random")
        drawn = Landscape.drawn.segments()
        points = int(Landscape.points.menu(width=85))
    tabs = Tabs("Network")
    setup = setup_controls(tabs["Network"])
    surface_file.uploader(tabs["Network"], convention)
    with transport:
        step = int(axis_slider(Landscape.step, playable=6))
    with pills:  # after all controls, when it is known what a link has set
        presets("landscape_try", TRIES, Landscape.one_controls)
    relief = drawn == "In relief"
    normalize: Any = NORMALIZE[normalized] if plane == "random" else "filter"
    wanted = (setup, plane, normalize, points)

    def begin(report: Any, checkpoint: IO[bytes]) -> Iterator[lv.landscape.PlaneFidelity]:
        return lv.landscape.plane_fidelity_stream(
            train_network(setup), plane, normalize, points=points, progress=report, resume=checkpoint
        )

    refining = None
    with drawing:
        try:
            fidelity = finished(*wanted, None)
        except LookupError:
            refining = ProgressiveResult("landscape", wanted, begin, share, working, "Drawing the map …")
            found = refining.best_so_far("This network cannot be drawn")
            if found is None:
                return None
            fidelity = found
            if share(fidelity) == 1:
                finished(*wanted, fidelity)
                refining.discard()
                refining = None
        body = packed_figure(fidelity, relief) if refining else picture(*wanted, relief, fidelity)
        chart(
            body,
            key="landscape_relief" if relief else "landscape_map",
            follow=Landscape.step.key,
            steady=True,
            alt="Left, the loss over a plane through the trained network "
            f"({Landscape.plane.label_of(plane_label)}), with the "
            f"path of the training, of which {lv.figures.percent(fidelity.path.explained)} lies in the "
            "plane. Right, over the training step, the true loss of the network and the loss on the plane.",
        )
    with convention:
        lines = (
            "Height is loss ÷" if relief else "the heavy line is 1, each line a factor √2. Numbers are loss ÷"
        )
        lines = lines[0].upper() + lines[1:]
        words = caption(f"{training_caption(setup)} {lines} {chance_loss_text(setup)}.")

    def numbers() -> str:
        return files.columns(
            {
                "step": fidelity.steps,
                "true loss": fidelity.true_loss,
                "loss on the plane": fidelity.plane_loss,
                "distance to the end": fidelity.distance,
                "distance off the plane": fidelity.path.off_plane,
                "first direction": fidelity.path.a,
                "second direction": fidelity.path.b,
            }
        )

    def whole() -> lv.landscape.PlaneFidelity:
        """The whole result, for downloads, also while the picture is still coarse."""
        return (
            fidelity
            if refining is None
            else lv.landscape.plane_fidelity(train_network(setup), plane, normalize, points=points)
        )

    def surface() -> bytes:
        content = io.BytesIO()
        whole().surface.save(content)
        return content.getvalue()

    data, network, loss, activation, seed = setup
    tabs.fill(
        see=text("one_see"),
        maths=text("one_maths"),
        code=f"""import lossviz as lv

training = lv.landscape.record_training("{data}", "{network}", "{loss}", "{activation}", seed={seed})
fidelity = lv.landscape.plane_fidelity(training, "{plane}", normalize="{normalize}", points={points})
figure = lv.figures.one_plane(fidelity, at={step}, relief={relief})""",
        controls=(Landscape.view, *Landscape.one_controls, Landscape.points, *Landscape.setup),
        files=[
            FigurePage(
                "landscape.html", lambda: lv.figures.one_plane(whole(), at=step, relief=relief), "step"
            ),
            File("Numbers (CSV)", "landscape.csv", "text/csv", numbers),
            File("Surface (NPZ)", "landscape.npz", "application/octet-stream", surface),
        ],
        picture="landscape_relief" if relief else "landscape_map",
        caption=words,
        not_in_link=TURNED if relief else "",
    )
    return refining.refine if refining else None
