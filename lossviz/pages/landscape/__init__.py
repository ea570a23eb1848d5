"""The page Landscape."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Landscape",
    question="Can you trust this picture?",
    section="See it learn",
    order=40,
)
