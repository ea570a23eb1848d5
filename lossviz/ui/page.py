"""The frame of a page: read above the picture, touch below it, always in the same place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

import lossviz as lv
from lossviz.ui.chart import play
from lossviz.ui.controls import Choice, Control, Slide, link
from lossviz.ui.save import save_picture

READABLE = 760  # px: the width of a text that is read


@contextmanager
def page() -> Iterator[None]:
    """The centred column of 1100 px that a page stands in."""
    with st.container(horizontal_alignment="center"), st.container(width=1100, gap="small"):
        yield


def heading(question: str, sentences: Mapping[str, str] | str, views: Choice | None = None) -> str:
    """The question, one sentence that says what to look at, and the views. The view that is on."""
    with st.container(gap="xsmall"):
        st.title(question, anchor=False)
        if views is None or isinstance(sentences, str):
            st.markdown(f":gray[{sentences}]")
            return ""
        row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
        with row:
            st.markdown(f":gray[{sentences[views.now]}]", width="content")
            return views.segments(label_visibility="collapsed")


def rail(slide: Slide, playable: float = 0.0, right: int = 14) -> float:
    """A slider exactly under the x axis of the figure above; playable for so many seconds, or not."""
    with st.container(key=f"rail_{slide.key}", horizontal=True, wrap=False, gap=None, vertical_alignment="center"):
        with st.container(width=62):
            if playable:
                play(slide.key, playable)
        value = slide.show(label_visibility="collapsed")
        st.container(width=right)
    return value


def small(text: str) -> None:
    """The one mute line under a picture: its conventions."""
    st.markdown(f":small[:gray[{text}]]")


@dataclass(frozen=True)
class File:
    """Something to download; made only when it is asked for."""

    label: str
    name: str
    mime: str
    make: Callable[[], str | bytes]


def tabs(
    see: str,
    maths: str,
    code: str,
    controls: Sequence[Control],
    files: Sequence[File],
    picture: str,
    extra: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """What to see, any extra tab, Maths, Code, Share and Download. ``picture`` is the chart's key."""
    extra = extra or {}
    what, *more, math_tab, code_tab, share, download = st.tabs(
        ["What to see", *extra, "Maths", "Code", "Share", "Download"]
    )
    with what.container(width=READABLE):
        st.markdown(see)
    for tab, show in zip(more, extra.values(), strict=True):
        with tab:
            show()
    with math_tab.container(width=READABLE):
        st.markdown(maths)
    with code_tab.container(width=READABLE):
        st.code(code, language="python")
    with share.container(width=READABLE):
        st.markdown("This link opens the page as you see it now.")
        st.code(link(controls), language=None, wrap_lines=True)
    with download.container(horizontal=True, gap="medium", vertical_alignment="center"):
        for file in files:
            st.download_button(
                file.label, file.make, file.name, file.mime, type="tertiary",
                icon=":material/download:", on_click="ignore", key=f"{picture}_{file.name}",
            )  # fmt: skip
        save_picture(picture)


def footer() -> None:
    """The last line of every page."""
    small(f"lossviz · {len(lv.LOSSES)} losses · every number on this page is computed, none is typed")
