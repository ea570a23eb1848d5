"""The page Likelihood."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Likelihood",
    question="Where do losses come from?",
    section="Why this loss",
    order=70,
)
