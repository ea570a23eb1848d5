"""The page Loss against metric."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Loss against metric",
    question="Worse loss, better accuracy?",
    section="Why this loss",
    order=90,
)
