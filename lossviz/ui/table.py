"""The pages: one row a page. The navigation and the map on Home are made of it."""

from dataclasses import dataclass
from pathlib import Path

_PAGES = Path(__file__).parents[1] / "pages"


@dataclass(frozen=True)
class Entry:
    """A page. Its file's name is its word in the address, with hyphens."""

    file: str
    title: str
    question: str  # on its card; the page's own heading may say more

    @property
    def path(self) -> Path:
        return _PAGES / self.file / "page.py"

    @property
    def card(self) -> Path:
        return _PAGES / self.file / "card.svg"

    @property
    def address(self) -> str:
        return self.file.replace("_", "-")


HOME = Entry("home", "Home", "")
SECTIONS: dict[str, tuple[Entry, ...]] = {
    "See it learn": (
        Entry("stuck_neuron", "Stuck neuron", "Why does the most wrong neuron learn slowest?"),
        Entry("two_weights", "Two weights", "Where does the ground go flat?"),
        Entry("race", "Race", "Does the loss matter on a real network?"),
        Entry("landscape", "Landscape", "Can you trust this picture?"),
        Entry("edge_of_stability", "Edge of stability", "How big a step can it take?"),
    ),
    "Why this loss": (
        Entry("gallery", "Loss gallery", "What does each loss punish?"),
        Entry("likelihood", "Likelihood", "Where do losses come from?"),
        Entry("numbers", "Numbers that go wrong", "Is my loss right?"),
        Entry("metric", "Loss against metric", "Worse loss, better accuracy?"),
        Entry("output_codes", "Output codes", "Can k neurons name 2ᵏ classes?"),
    ),
}
ENTRIES = tuple(entry for section in SECTIONS.values() for entry in section)
