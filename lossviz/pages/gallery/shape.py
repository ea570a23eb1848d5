"""Loss gallery, Shape: losses, their slopes and curvatures against a common axis."""

from __future__ import annotations  # names of lv would load torch before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.gallery.controls import Gallery
from lossviz.pages.gallery.losses import Chosen, chosen, code_of, formulas_of, row, rows
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import MultiChoice, Slider, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

RAILS: dict[str, Slider] = {
    "residual": Gallery.residual,
    "logit": Gallery.logit,
    "probability": Gallery.probability,
    "margin": Gallery.margin,
    "lead": Gallery.lead,
}
SETTINGS: dict[str, tuple[str, Slider]] = {
    "huber": ("delta", Gallery.delta),
    "quantile": ("tau", Gallery.tau),
    "gaussian-nll": ("sigma", Gallery.sigma),
    "hit-or-miss": ("width", Gallery.width),
    "focal": ("gamma", Gallery.gamma),
    "softmax-ce-smoothed": ("smoothing", Gallery.smoothing),
}
TRIES: dict[str, dict[str, Any]] = {
    "Large residual": {"gallery_residual": 4.0},
    "Too low": {"gallery_residual": -3.0, "gallery_numbers": ("mse", "mae", "quantile")},
    "Negative loss": {"gallery_numbers": ("gaussian-nll",), "gallery_sigma": 0.1, "gallery_residual": 0.0},
    "Confidently wrong": {"gallery_against": "logit", "gallery_binary": ("sigmoid-mse", "sigmoid-ce")},
    "Soft label": {"gallery_against": "probability", "gallery_y": 0.3, "gallery_probability": 0.3,
                   "gallery_binary": ("sigmoid-mse", "sigmoid-ce")},
    "Surrogate losses": {"gallery_against": "margin", "gallery_unit": "bits",
                  "gallery_binary": ("sigmoid-ce", "hinge", "squared-hinge", "zero-one")},
}  # fmt: skip
SEE = {"residual": "residual_see", "margin": "margin_see", "lead": "lead_see"}


def offered(axis: str) -> MultiChoice:
    """The control with the losses that fit an axis."""
    return {"residual": Gallery.numbers, "lead": Gallery.classes}.get(axis, Gallery.binary)


@st.cache_data(max_entries=64, show_spinner=False)
def curves(losses: Chosen, axis: str, y: float, unit: Any, classes: int) -> lv.losses.LossCurves:
    return lv.losses.loss_curves(rows(losses), axis, y=y, unit=unit, classes=classes)


@st.cache_data(max_entries=32, show_spinner=False)
def picture(losses: Chosen, axis: str, y: float, unit: Any, classes: int) -> str:
    found, at = curves(losses, axis, y, unit, classes), RAILS[axis].default
    return figure_json(lambda narrow: lv.figures.loss_curves(found, at=at, narrow=narrow))


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        axis = Gallery.against.segments()
        unit = Gallery.unit.segments()
    names = offered(axis).show()
    if axis == "probability":
        names = tuple(name for name in names if row(name).activation == "sigmoid") or ("sigmoid-ce",)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        y = Gallery.y.show(width=200) if axis in ("logit", "probability") else Gallery.y.value
        settings = {
            name: {setting: slide.show(width=200)}
            for name, (setting, slide) in SETTINGS.items()
            if name in names
        }
        counts = any(row(name).target_kind == "count" for name in names)
        count = Gallery.count.show(width=200) if counts else Gallery.count.value
        classes = int(Gallery.k.show(width=200) if axis == "lead" else Gallery.k.value)
    with transport:
        at = axis_slider(RAILS[axis])
    with tries:
        presets("gallery_shape_try", TRIES, Gallery.shape_controls)
    target = {"residual": float(count), "margin": 1.0, "lead": 0.0}.get(axis, y)
    losses = chosen(names, settings)
    found = curves(losses, axis, target, unit, classes)
    labels = ", ".join(loss.label for loss in found.losses)
    with drawing:
        chart(
            picture(losses, axis, target, unit, classes),
            key="gallery_shape",
            follow=RAILS[axis].key,
            alt=f"Loss, slope and curvature of {labels} against the {axis}, with a cursor through all "
            "and a number for each loss.",
        )
    with convention:
        words = caption(_convention(found, target, classes))
    call = f', y={target:g}, unit="{unit}"' + (f", classes={classes}" if axis == "lead" else "")
    Tabs().fill(
        see=text(SEE.get(axis, "logit_see")),
        maths=formulas_of(losses) + "\n\n" + text("shape_maths"),
        code=f"""import lossviz as lv

losses = {code_of(losses)}
curves = lv.losses.loss_curves(losses, "{axis}"{call})
figure = lv.figures.loss_curves(curves, at={at:g})""",
        controls=(Gallery.view, *Gallery.shape_controls),
        files=[
            FigurePage("shapes.html", lambda: lv.figures.loss_curves(found, at=at), axis),
            File("Numbers (CSV)", "shapes.csv", "text/csv", lambda: numbers_of(found)),
        ],
        picture="gallery_shape",
        caption=words,
    )


def _convention(curves: lv.losses.LossCurves, y: float, classes: int) -> str:
    """The text under the figure: the target, the unit, and what is shaded."""
    words = {
        "residual": "Slope and curvature are with respect to the prediction.",
        "logit": f"*y* = {y:g}, *p* = sigmoid(*z*). Slope and curvature are with respect to *z*.",
        "probability": f"*y* = {y:g}. Slope and curvature are with respect to *p*, not to the logit.",
        "margin": "The margin is the logit, times −1 if the target is no. Slope and curvature are with "
        "respect to it.",
        "lead": f"{classes} classes; the others’ logits are 0. Slope and curvature are with respect to "
        "the correct class’s.",
    }[curves.axis]
    shown = [row(loss.name) for loss in curves.losses]
    for loss in shown:
        if loss.target_kind == "count":
            words += f" {loss.label}: a count of {y:g} was observed, without the constant ln *y*!."
    if any(loss.unit == "nats" for loss in shown):
        words += f" Logarithms are in {curves.unit}."
    if curves.negative_curvature.any():
        words += " Shaded: negative curvature (not convex)."
    return words


def numbers_of(curves: lv.losses.LossCurves) -> str:
    """CSV with one row for each point of the axis: value, slope and curvature of each loss."""
    table: dict[str, Iterable[object]] = {curves.axis: curves.x}
    for i, loss in enumerate(curves.losses):
        table |= {f"{loss.label}, value": curves.value[i], f"{loss.label}, slope": curves.gradient[i]}
        table |= {f"{loss.label}, curvature": curves.curvature[i]}
    return files.columns(table)
