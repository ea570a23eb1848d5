"""The tab Download: files that Python makes, and the picture as the browser has it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.ui.save import save_picture


@dataclass(frozen=True)
class File:
    """A file to download.

    Args:
        label: The words on its button.
        name: Its name.
        mime: Its media type.
        make: Makes its content when the button is clicked.
    """

    label: str
    name: str
    mime: str
    make: Callable[[], str | bytes]


@dataclass(frozen=True)
class FigurePage:
    """A figure to download as a page of its own, with the page's question, caption and link.

    Args:
        name: The name of the file.
        figure: Draws the figure when the button is clicked.
        slider: What the slider through the figure's frames shows, in front of its value.
    """

    name: str
    figure: Callable[[], Any]
    slider: str = ""

    def make(self, title: str = "", caption: str = "", address: str = "") -> str:
        """The page, with the words around its figure."""
        return lv.figures.standalone(self.figure(), self.slider, title=title, caption=caption, link=address)


Download = File | FigurePage


def download_buttons(
    files: Sequence[Download], chart: str, question: str, caption: str, address: str
) -> None:
    """Show a button for each file, and those that save the chart as it is on screen.

    Args:
        files: The files.
        chart: The key of the chart.
        question: The title of what is exported.
        caption: The line under the picture, in Markdown.
        address: The link to the page.
    """
    words = without_links(caption)

    def file_of(page: FigurePage) -> File:
        return File("Page (HTML)", page.name, "text/html", lambda: page.make(question, words, address))

    for one in files:
        file = file_of(one) if isinstance(one, FigurePage) else one
        st.download_button(
            file.label,
            file.make,
            file.name,
            file.mime,
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
            key=f"{chart}_{file.name}",
        )
    save_picture(chart, question, without_emphasis(words))


def without_links(markdown: str) -> str:
    """The text with the words of its links alone."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)


def without_emphasis(markdown: str) -> str:
    """The text without the stars around what is emphasized."""
    return re.sub(r"\*\*?(\S|\S.*?\S)\*\*?", r"\1", markdown)
