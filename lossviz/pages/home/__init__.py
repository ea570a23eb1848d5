"""The start page."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Home",
    question="",
    section="",
    order=0,
)
