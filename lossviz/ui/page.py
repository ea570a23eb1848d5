"""The layout that all pages share: heading and chart, below them the controls and the tabs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.ui import preload
from lossviz.ui.chart import play
from lossviz.ui.controls import Choice, Control, Slider, link
from lossviz.ui.downloads import Download, download_buttons
from lossviz.ui.glossary.words import show_words
from lossviz.ui.links import next_and_back, show_links_of, without_links
from lossviz.ui.table import Page
from lossviz.ui.texts import keep_percents

TEXT_WIDTH = 760  # px: the width of a column of text
TURNED = "the direction that it is turned to"  # of a relief: only the browser knows it
QUESTION = "lossviz_question"  # the key in the viewer's session state of the page's title


@contextmanager
def page() -> Iterator[None]:
    """The centred column of 1100 px that a page stands in."""
    with st.container(horizontal_alignment="center"), st.container(width=1100, gap="small"):
        yield


def heading(question: str, sentences: Mapping[str, str] | str, views: Choice | None = None) -> str:
    """Show the question, one sentence that says what to look at, and the control of the views.

    Args:
        question: The title of the page.
        sentences: The sentence; one for each view if there are several.
        views: The control that chooses the view.

    Returns:
        The view that is chosen; "" if the page has only one.
    """
    view = ""
    with st.container(gap="xsmall"):
        st.title(question, anchor=False)
        st.session_state[QUESTION] = question
        if views is None or isinstance(sentences, str):
            st.markdown(f":gray[{keep_percents(str(sentences))}]")
        else:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                sentence = st.container(width="content")
                view = views.segments(label_visibility="collapsed")
            words = keep_percents(sentences[view])  # a view from the URL is known only now
            sentence.markdown(f":gray[{words}]")
    preload.title_is_written()
    return view


def axis_slider(slide: Slider, playable: float = 0.0) -> float:
    """Show a slider exactly under the x axis of the chart above.

    Args:
        slide: The slider.
        playable: The seconds in which a play button beside it moves it to its end; 0 for no such button.

    Returns:
        Its value.
    """
    with st.container(key=f"axis_slider_{slide.key}", gap=None):
        if playable:
            with st.container(key=f"play_{slide.key}", width=46):
                play(slide.key, playable)
        return slide.show(label_visibility="collapsed")


def caption(text: str) -> str:
    """Show the grey line under a picture, its conventions, and return it."""
    st.markdown(f":small[:gray[{keep_percents(text)}]]")
    return text


class Tabs:
    """The tabs under the picture: What to see, any extra tab, Maths, Code, Share and Download.

    They are made first, so that controls may stand in an extra tab, and filled when the page knows its
    settings.
    """

    def __init__(self, *extra: str) -> None:
        names = ["What to see", *extra, "Maths", "Code", "Share", "Download"]
        self._tabs = dict(zip(names, st.tabs(names), strict=True))

    def __getitem__(self, name: str) -> Any:
        return self._tabs[name]

    def fill(
        self,
        see: str,
        maths: str,
        code: str,
        controls: Sequence[Control],
        files: Sequence[Download],
        picture: str,
        caption: str,
        not_in_link: str = "",
    ) -> None:
        """Fill all tabs but the extra ones, and explain the terms that the texts use below them.

        Args:
            see: What to see, in Markdown.
            maths: The formulas, in Markdown.
            code: The Python code that makes the picture.
            controls: All controls of the page: the link is made of them.
            files: What can be downloaded.
            picture: The key of the chart, which the browser can save.
            caption: The line under the picture, which its files have as well.
            not_in_link: What the page shows and its link cannot carry: a part of a sentence.
        """
        for name, words in (("What to see", see), ("Maths", maths)):
            with self[name].container(width=TEXT_WIDTH):
                st.markdown(without_links(words))
                show_links_of(words, name)
        with self["Code"].container(width=TEXT_WIDTH):
            st.code(code, language="python", wrap_lines=True)  # a barrier, if it had to be scrolled
        with self["Share"].container(width=TEXT_WIDTH):
            address = link(controls)
            if not_in_link:
                st.markdown(f"This link opens the page, but does not carry {not_in_link}.")
            else:
                st.markdown("This link opens the page as you see it now.")
            st.code(address, language=None, wrap_lines=True)
        with self["Download"].container(horizontal=True, gap="medium", vertical_alignment="center"):
            download_buttons(files, picture, st.session_state.get(QUESTION, ""), caption, address)
        show_words((see, maths))


@contextmanager
def foot(before: Page | None, after: Page | None) -> Iterator[None]:
    """The end of every page: links to the page before and to the next one."""
    with page():
        next_and_back(before, after)
        yield


def last_line() -> None:
    """Show the last line of every page."""
    caption(f"lossviz · {len(lv.LOSSES)} losses · every number on this page is computed, none is typed")
