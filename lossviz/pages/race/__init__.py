"""The page Race."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Race",
    question="Does the loss matter on a real network?",
    section="See it learn",
    order=30,
)
