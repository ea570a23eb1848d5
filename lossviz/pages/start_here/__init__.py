"""The page Start here."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Start here",
    question="What is a loss?",
    section="First steps",
    order=5,
)
