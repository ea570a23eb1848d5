"""The page Loss gallery."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Loss gallery",
    question="What does each loss punish?",
    section="Why this loss",
    order=60,
)
