"""The row that each page declares in its folder's ``__init__.py``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Page:
    """One page of the app: its folder, and what the navigation and the cards on Home say of it.

    Args:
        init_file: The ``__file__`` of its folder's ``__init__.py``. The folder's name, with hyphens, is its
            address.
        title: Its name in the navigation.
        question: The question on its card; the page's own heading may say more.
        section: The part of the navigation that it stands in; "" for the start page.
        order: Its place among all pages: smaller numbers come first.
        has_picture: Whether it has a picture, as all have but the glossary.
    """

    init_file: str
    title: str
    question: str
    section: str
    order: int
    has_picture: bool = True

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return Path(self.init_file).parent

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def address(self) -> str:
        """Its path in the app's address."""
        return self.name.replace("_", "-")

    @property
    def script(self) -> Path:
        """The file that Streamlit runs for it."""
        return self.folder / "page.py"

    @property
    def card(self) -> Path:
        """Its picture on Home. There may be none yet."""
        return self.folder / "card.svg"

    @property
    def style(self) -> Path:
        """A style sheet of its own. Most pages have none."""
        return self.folder / "style.css"
