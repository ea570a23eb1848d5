"""The page Edge of stability."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Edge of stability",
    question="How big a step can it take?",
    section="See it learn",
    order=50,
)
