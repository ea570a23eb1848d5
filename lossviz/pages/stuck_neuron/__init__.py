"""The page Stuck neuron."""

from lossviz.ui.table import Page

PAGE = Page(
    __file__,
    title="Stuck neuron",
    question="Why does the most wrong neuron learn slowest?",
    section="See it learn",
    order=10,
)
