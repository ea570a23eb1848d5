"""The page Numbers that go wrong."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Numbers that go wrong",
    question="Is my loss right?",
    section="Why this loss",
    order=80,
)
