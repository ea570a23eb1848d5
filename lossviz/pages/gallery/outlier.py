"""Loss gallery, Outlier: the constant or the line that minimizes each loss, with one outlier."""

from __future__ import annotations  # names of lv would load torch before the title is shown

from collections.abc import Iterable
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.gallery.controls import Gallery
from lossviz.pages.gallery.losses import Chosen, chosen, code_of, row, rows
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "No outlier": {"gallery_far": 25},
    "40 minutes": {"gallery_far": 40},
    "72 minutes": {},
    "Large δ": {"gallery_far": 60, "gallery_reach": 30.0},
    "A tilted line": {"gallery_fit": "A line"},
    "High leverage": {"gallery_fit": "A line", "gallery_km": 24, "gallery_far": 12},
}


@st.cache_data(max_entries=48, show_spinner=False)
def location(losses: Chosen) -> lv.losses.OutlierLocation:
    return lv.losses.outlier_location(rows(losses))


@st.cache_data(max_entries=48, show_spinner=False)
def lines(losses: Chosen, km: float) -> lv.losses.OutlierLines:
    return lv.losses.outlier_lines(rows(losses), km)


@st.cache_data(max_entries=24, show_spinner=False)
def picture(losses: Chosen, km: float | None) -> str:
    at = float(Gallery.far.default)
    if km is None:
        return figure_json(lambda narrow: lv.figures.outlier_location(location(losses), at=at, narrow=narrow))
    return figure_json(lambda narrow: lv.figures.outlier_lines(lines(losses, km), at=at, narrow=narrow))


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        fit = Gallery.fit.segments()
        names = Gallery.losses.show()
    line = fit == "A line"
    used = tuple(name for name in names if not line or row(name).differentiable) or ("mse",)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if line:
            far = int(Gallery.far.show(width=230))
            Gallery.km.show(width=210)
        settings = {}
        for name, setting, slide in (
            ("huber", "delta", Gallery.reach),
            ("quantile", "tau", Gallery.share),
            ("hit-or-miss", "width", Gallery.near),
        ):
            value = slide.show(width=210) if name in used else slide.value
            settings[name] = {setting: value}
    if not line:
        with transport:
            far = int(axis_slider(Gallery.far))
    with tries:
        presets("gallery_outlier_try", TRIES, Gallery.outlier_controls)
    losses, km = chosen(used, settings), float(Gallery.km.value)
    with drawing:
        chart(
            picture(losses, km if line else None),
            key="gallery_lines" if line else "gallery_valleys",
            follow=Gallery.far.key,
            alt="Nine people, one of them moved far away, and the line that each loss fits to them. Squared "
            "error’s line turns towards the outlier."
            if line
            else "The mean of each loss over every constant prediction, above the nine numbers predicted. "
            "The minimum of squared error, the mean, follows the outlier; the median stays.",
        )
    with convention:
        if line:
            words = (
                "Thin lines: the fit without an outlier, the ninth at 25 minutes. "
                "Slopes are in minutes per kilometre."
            )
            for name in names:
                if not row(name).differentiable:
                    words += f" {row(name).label}: its gradient is 0, so that no line is fitted."
        else:
            words = (
                "Height is the mean loss over the nine ÷ its smallest value, − 1, cut at the top. "
                "Ring: the best prediction without an outlier, the ninth at 25 minutes."
            )
        words = caption(words)
    tabs = Tabs()
    call = f"outlier_lines(losses, outlier_x={km:g})" if line else "outlier_location(losses)"
    tabs.fill(
        see=text("line_see" if line else "outlier_see"),
        maths=text("outlier_maths"),
        code=f"""import lossviz as lv

losses = {code_of(losses)}
result = lv.losses.{call}
figure = lv.figures.{"outlier_lines" if line else "outlier_location"}(result, at={far})""",
        controls=(Gallery.view, *Gallery.outlier_controls),
        files=[
            FigurePage("outlier.html", lambda: _figure(losses, km if line else None, far), "minutes"),
            File("Numbers (CSV)", "outlier.csv", "text/csv", lambda: _numbers(losses, km if line else None)),
        ],
        picture="gallery_lines" if line else "gallery_valleys",
        caption=words,
    )


def _figure(losses: Chosen, km: float | None, at: float) -> Any:
    if km is None:
        return lv.figures.outlier_location(location(losses), at=at)
    return lv.figures.outlier_lines(lines(losses, km), at=at)


def _numbers(losses: Chosen, km: float | None) -> str:
    """CSV with one row for each value of the moved point: the best constant, or the line, of each loss."""
    if km is None:
        result = location(losses)
        guesses = {
            f"{loss.label}, best prediction": best
            for loss, best in zip(result.losses, result.best, strict=True)
        }
        return files.columns({"minutes of the ninth": result.outlier_y, **guesses})
    fitted = lines(losses, km)
    table: dict[str, Iterable[object]] = {"minutes of the ninth": fitted.outlier_y}
    for loss, line in zip(fitted.losses, fitted.lines, strict=True):
        table |= {f"{loss.label}, slope": line[:, 0], f"{loss.label}, intercept": line[:, 1]}
    return files.columns(table)
