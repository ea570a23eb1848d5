"""Loss gallery, Shape: losses laid over each other, against what one likes."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.gallery.controls import Gallery
from lossviz.pages.gallery.losses import Chosen, chosen, code_of, formulas_of, row, rows
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import MultiChoice, Slider, presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
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
    "Big miss": {"gallery_residual": 4.0},
    "Miss below": {"gallery_residual": -3.0, "gallery_numbers": ("mse", "mae", "quantile")},
    "Below zero": {"gallery_numbers": ("gaussian-nll",), "gallery_sigma": 0.1, "gallery_residual": 0.0},
    "Sure and wrong": {"gallery_against": "logit", "gallery_binary": ("sigmoid-mse", "sigmoid-ce")},
    "Soft truth": {"gallery_against": "probability", "gallery_y": 0.3, "gallery_probability": 0.3,
                   "gallery_binary": ("sigmoid-mse", "sigmoid-ce")},
    "Stand-ins": {"gallery_against": "margin", "gallery_unit": "bits",
                  "gallery_binary": ("sigmoid-ce", "hinge", "squared-hinge", "zero-one")},
}  # fmt: skip
SEE = {"residual": "residual_see", "margin": "margin_see", "lead": "lead_see"}


def offered(against: str) -> MultiChoice:
    """The losses that fit an axis, as a control."""
    return {"residual": Gallery.numbers, "lead": Gallery.classes}.get(against, Gallery.binary)


@st.cache_data(max_entries=64, show_spinner=False)
def curves(losses: Chosen, against: str, y: float, unit: Any, classes: int) -> lv.losses.LossCurves:
    return lv.losses.loss_curves(rows(losses), against, y=y, unit=unit, classes=classes)


@st.cache_data(max_entries=32, show_spinner=False)
def picture(losses: Chosen, against: str, y: float, unit: Any, classes: int) -> str:
    facts, at = curves(losses, against, y, unit, classes), RAILS[against].default
    return figure_json(lambda narrow: lv.figures.loss_curves(facts, at=at, narrow=narrow))


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        against = Gallery.against.segments()
        unit = Gallery.unit.segments()
    names = offered(against).show()
    if against == "probability":
        names = tuple(name for name in names if row(name).link == "sigmoid") or ("sigmoid-ce",)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        y = Gallery.y.show(width=200) if against in ("logit", "probability") else Gallery.y.value
        settings = {
            name: {setting: slide.show(width=200)}
            for name, (setting, slide) in SETTINGS.items()
            if name in names
        }
        count = Gallery.count.show(width=200) if "poisson-nll" in names else Gallery.count.value
        classes = int(Gallery.k.show(width=200) if against == "lead" else Gallery.k.value)
    with transport:
        at = axis_slider(RAILS[against])
    with tries:
        presets("gallery_shape_try", TRIES, Gallery.shape_controls)
    truth = {"residual": float(count), "margin": 1.0, "lead": 0.0}.get(against, y)
    losses = chosen(names, settings)
    facts = curves(losses, against, truth, unit, classes)
    labels = ", ".join(facts.labels)
    with drawing:
        chart(
            picture(losses, against, truth, unit, classes),
            key="gallery_shape",
            follow=RAILS[against].key,
            alt=f"Loss, slope and curvature of {labels} against the {against}, with a cursor through all "
            "and a number for each loss.",
        )
    with convention:
        caption(_convention(facts, truth, classes))
    call = f', y={truth:g}, unit="{unit}"' + (f", classes={classes}" if against == "lead" else "")
    Tabs().fill(
        see=text(SEE.get(against, "logit_see")),
        maths=formulas_of(losses) + "\n\n" + text("shape_maths"),
        code=f"""import lossviz as lv

losses = {code_of(losses)}
facts = lv.losses.loss_curves(losses, "{against}"{call})
figure = lv.figures.loss_curves(facts, at={at:g})""",
        controls=(Gallery.view, *Gallery.shape_controls),
        files=[
            File(
                "Page (HTML)",
                "shapes.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.loss_curves(facts, at=at), against),
            ),
            File("Numbers (CSV)", "shapes.csv", "text/csv", lambda: numbers_of(facts)),
        ],
        picture="gallery_shape",
    )


def _convention(facts: lv.losses.LossCurves, y: float, classes: int) -> str:
    """What stands under the picture: the truth, the unit, and what is tinted."""
    words = {
        "residual": "Slope and curvature are by the prediction.",
        "logit": f"*y* = {y:g}, *p* = sigmoid(*z*). Slope and curvature are by *z*.",
        "probability": f"*y* = {y:g}. Slope and curvature are by *p*, not by the logit.",
        "margin": "The margin is the logit, times −1 if the truth is no. Slope and curvature are by it.",
        "lead": f"{classes} classes; the others’ logits are 0. Slope and curvature are by the right one’s.",
    }[facts.against]
    if "poisson-nll" in facts.names:
        words += f" Poisson: a count of {y:g} was seen, without the constant ln *y*!."
    if any("nats" in row(name).convention for name in facts.names):
        words += f" Logarithms are in {facts.unit}."
    if facts.bends_down.any():
        words += " Tinted: the loss bends down."
    return words


def numbers_of(facts: lv.losses.LossCurves) -> str:
    """One row a place on the axis, with the value, slope and curvature of each loss."""
    table: dict[str, Iterable[object]] = {facts.against: facts.x}
    for i, label in enumerate(facts.labels):
        table |= {f"{label}, value": facts.value[i], f"{label}, slope": facts.gradient[i]}
        table |= {f"{label}, curvature": facts.curvature[i]}
    return files.columns(table)
