"""The layout that all steps of Start here share."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lossviz.pages.start_here.controls import Start
from lossviz.ui import files
from lossviz.ui.chart import chart
from lossviz.ui.controls import Choice, Control, Slider, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)


@dataclass(frozen=True)
class Step:
    """What differs from step to step.

    Args:
        name: Prefix of its texts, its downloads and the keys of its widgets.
        slider: What is dragged.
        picture: From the values of the other controls to the figure as JSON.
        figure: From these and the slider's value to the figure that is downloaded.
        alt: What the picture shows, in words.
        convention: The line under the picture.
        code: The Python code that makes the picture, from all values.
        numbers: The columns of the CSV file, from the values of the other controls.
        presets: Values of the controls by the name of the preset.
        choice: A further control, if there is one.
        seconds: In how many seconds a button plays the slider; 0 for no button.
    """

    name: str
    slider: Slider
    picture: Callable[[str], str]
    figure: Callable[[str, float], Any]
    alt: str
    convention: str
    code: Callable[[str, float], str]
    numbers: Callable[[str], Mapping[str, Iterable[object]]]
    presets: Mapping[str, Mapping[str, Any]]
    choice: Choice | None = None
    seconds: float = 0.0

    @property
    def controls(self) -> Sequence[Control]:
        return (self.slider, *((self.choice,) if self.choice else ()))

    def show(self, after: tuple[str, str] | None) -> None:
        """Show chart, slider, presets and tabs.

        Args:
            after: The view that comes next, and its question; None for the last.
        """
        above, below = st.container(gap="small"), st.container(gap="small")
        with above:
            chart_area = st.container()
            at = axis_slider(self.slider, playable=self.seconds)
            caption(self.convention)
        with below.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            preset_area = st.container(width="content")
            chosen = self.choice.segments() if self.choice else ""
            if after:
                go_on(*after)
        with preset_area:
            keep = {self.choice.key: chosen} if self.choice else {}
            table = {name: keep | dict(values) for name, values in self.presets.items()}
            presets(f"start_{self.name}_try", table, self.controls)
        with chart_area:
            key = f"start_{self.name}"
            chart(self.picture(chosen), key=key, follow=self.slider.key, alt=self.alt)
        Tabs().fill(
            see=text(f"{self.name}_see"),
            maths=text(f"{self.name}_maths"),
            code=self.code(chosen, at),
            controls=(Start.view, *self.controls),
            files=[
                FigurePage(f"{self.name}.html", lambda: self.figure(chosen, at), self.slider.label),
                File(
                    "Numbers (CSV)",
                    f"{self.name}.csv",
                    "text/csv",
                    lambda: files.columns(self.numbers(chosen)),
                ),
            ],
            picture=key,
            caption=self.convention,
        )


def go_on(view: str, question: str) -> None:
    """A button that leads to the next view."""

    def choose() -> None:
        st.session_state[Start.view.key] = view

    st.button(
        f"Go on: {question}",
        key="start_next",
        type="tertiary",
        icon=":material/arrow_forward:",
        icon_position="right",
        on_click=choose,
    )
