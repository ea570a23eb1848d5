"""Likelihood, view One bar: cross-entropy as entropy plus divergence, of distributions set by hand."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import math
from collections.abc import Iterable, Sequence

import streamlit as st

import lossviz as lv
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Slider, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

Shares = tuple[float, ...]
STEPS = 51
UNITS = 200  # half percents in 100 %


def _all(side: str, *weights: float) -> dict[str, float]:
    """The settings of all sliders of p or q."""
    return {f"likelihood_{side}_{name}": weight for name, weight in zip("abcd", weights, strict=True)}


PRESETS: dict[str, dict[str, object]] = {
    "Slightly wrong": {},
    "Uniform": {**_all("q", 25.0, 25.0, 25.0, 25.0)},
    "Confidently wrong": {**_all("q", 2.0, 3.0, 5.0, 90.0)},
    "Probability 0": {**_all("q", 50.0, 25.0, 0.0, 25.0)},
    "True distribution": {"likelihood_toward": 100},
    "Certain labels": {**_all("p", 100.0, 0.0, 0.0, 0.0), **_all("q", 70.0, 10.0, 10.0, 10.0)},
}


def shares(weights: Sequence[float]) -> Shares | None:
    """The weights divided by their sum; None if that is 0."""
    total = sum(weights)
    return tuple(weight / total for weight in weights) if total > 0 else None


def half_percents(share: Sequence[float]) -> Shares:
    """Shares in percent, in steps of 0.5, that add up to 100: by the largest remainder method."""
    exact = [UNITS * s for s in share]
    rounded = [math.floor(e) for e in exact]
    order = sorted(range(len(exact)), key=lambda i: rounded[i] - exact[i])
    for i in order[: UNITS - sum(rounded)]:
        rounded[i] += 1
    return tuple(r / 2 for r in rounded)


def with_share(share: Sequence[float], k: int, to: float) -> Shares:
    """The shares with the k-th set to a value and the others scaled by one factor."""
    others = 1 - share[k]
    rest = [s / others if others > 0 else 1 / (len(share) - 1) for s in share]
    return tuple(to if i == k else (1 - to) * rest[i] for i in range(len(share)))


def clicked(x: float, y: float) -> None:
    """Set the share of the clicked column to the height of the click."""
    k = round(x)
    if not (0 <= k < 4 and y >= 0):
        return
    slides = Likelihood.true if x < k else Likelihood.model
    share = shares([slide.value for slide in slides]) or (0.25,) * 4
    if x >= k:  # the model as it is drawn, which may have moved from its start
        true = shares([slide.value for slide in Likelihood.true]) or (0.25,) * 4
        t = Likelihood.toward.value / 100
        share = tuple(q + t * (p - q) for p, q in zip(true, share, strict=True))
        st.session_state[Likelihood.toward.key] = 0
    for slide, value in zip(slides, half_percents(with_share(share, k, min(y, 1.0))), strict=True):
        st.session_state[slide.key] = value


@st.cache_data(max_entries=32, show_spinner=False)
def picture(p: Shares, q: Shares, unit: str) -> str:
    """The chart, for wide and narrow screens."""
    bar = lv.likelihood.entropy_bar(p, q, unit=unit, steps=STEPS)  # type: ignore[arg-type]
    return figure_json(lambda narrow: lv.figures.entropy_bar(bar, narrow=narrow))


def _sliders(slides: Sequence[Slider]) -> Shares:
    """Show the sliders in a row; their values."""
    with st.container(horizontal=True, gap="medium"):
        return tuple(slide.show(width=150) for slide in slides)


def show() -> None:
    """Show the view: chart, slider, presets, controls and tabs."""
    above, below = st.container(gap="small"), st.container(gap="small")
    with above:
        chart_area = st.container()
        toward = int(axis_slider(Likelihood.toward, playable=4))
        convention = st.container()
    with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_area = st.container(width="content")
        unit = Likelihood.unit.segments()
    tabs = Tabs("p and q")
    with tabs["p and q"]:
        caption(
            "The probability of each class under the true distribution p and the model q; each four are "
            "scaled to add up to 1."
        )
        p, q = shares(_sliders(Likelihood.true)), shares(_sliders(Likelihood.model))
    with preset_area:
        keep = {Likelihood.unit.key: unit}
        presets("likelihood_bar_try", {k: v | keep for k, v in PRESETS.items()}, Likelihood.bar_controls)
    if p is None or q is None:
        with chart_area:
            which = "p, the true distribution" if p is None else "q, the model"
            st.markdown(f"**All four weights of {which}, are 0.** Raise one of them in the tab p and q.")
        return
    with chart_area:
        chart(
            picture(p, q, unit),
            key="likelihood_bar",
            follow=Likelihood.toward.key,
            on_click=clicked,
            alt=f"Cross-entropy in {unit} as one bar: the entropy of the true distribution, and the KL "
            "divergence to the model, blue. Below, the two distributions over four classes, as pairs of "
            "columns.",
        )
    with convention:
        caption(
            "Click a column to set its height; the others of its colour are rescaled. Sliders: tab p and q."
        )
    bar = lv.likelihood.entropy_bar(p, q, unit=unit, steps=STEPS)  # type: ignore[arg-type]

    def numbers() -> str:
        table: dict[str, Iterable[object]] = {"percent moved": range(0, 101, 2), f"KL, {unit}": bar.kl}
        table |= {f"cross-entropy, {unit}": bar.cross_entropy, f"entropy, {unit}": [bar.entropy] * STEPS}
        table |= {f"q of {name}": bar.q[:, k] for k, name in enumerate("ABCD")}
        return files.columns(table)

    def written(share: Shares) -> str:
        return f"[{', '.join(f'{s:.17g}' for s in share)}]"

    tabs.fill(
        see=text("bar_see"),
        maths=text("bar_maths"),
        code=f"""import lossviz as lv

p = {written(p)}
q = {written(q)}
print(lv.likelihood.entropy(p, unit="{unit}"), lv.likelihood.kl_divergence(p, q, unit="{unit}"))
bar = lv.likelihood.entropy_bar(p, q, unit="{unit}", steps={STEPS})
figure = lv.figures.entropy_bar(bar, at={toward})""",
        controls=(Likelihood.view, *Likelihood.bar_controls),
        files=[
            FigurePage("bar.html", lambda: lv.figures.entropy_bar(bar, at=toward), "percent moved"),
            File("Numbers (CSV)", "bar.csv", "text/csv", numbers),
        ],
        picture="likelihood_bar",
        caption=f"In {unit}: the cross-entropy is the entropy of the world *p*, and the divergence "
        "from it to the model *q*.",
    )
