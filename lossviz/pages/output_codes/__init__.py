"""The page Output codes."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Output codes",
    question="Can k neurons name 2ᵏ classes?",
    section="Why this loss",
    order=100,
)
