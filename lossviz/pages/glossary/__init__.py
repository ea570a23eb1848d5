"""The page Glossary."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Glossary",
    question="What does that word mean?",
    section="Look it up",
    order=200,
    has_picture=False,
)
