"""The page Two weights."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Two weights",
    question="Where does the loss surface go flat?",
    section="See it learn",
    order=20,
)
