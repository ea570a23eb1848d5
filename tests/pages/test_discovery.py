"""Adding a page is adding a folder: in a copy of the package, with no card and no control."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lossviz

ROOT = Path(lossviz.__file__).parents[1]
INIT = """
from lossviz.ui.table import Page

PAGE = Page(__file__, title="New page", question="What is new?", section="Why this loss", order=55)
"""
PAGE = """
import streamlit as st

from lossviz.ui.page import heading, page

with page():
    heading("What is new?", "Nothing yet.")
"""
VISIT = """
from streamlit.testing.v1 import AppTest
from support.page_cases import views
from support.pages import missing_parts, opened

from lossviz import pages

names = [page.name for page in pages.discover()]
assert names[names.index("edge_of_stability") + 1] == "brand_new"
assert list(pages.sections()) == ["First steps", "See it learn", "Why this loss", "Look it up"]
assert "brand-new" in pages.addresses()
assert [view.page.name for view in views()].count("brand_new") == 1  # the contract of all pages tries it
assert opened("brand_new").title[0].value == "What is new?"
home = opened("home")
links = [link.proto.label for link in home.get("page_link")]
assert "**What is new?** :small[:gray[New page]]" in links, links
assert len(links) == len(names)  # a card each but for Home, and the link to the next page
foot = [link.proto.label for link in opened("brand_new").get("page_link")]
assert foot == ["Back: **Edge of stability**", "Next: **Loss gallery**"], foot
print(*missing_parts(pages.discover()[names.index("brand_new")]), sep="\\n")
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package with one page more."""
    shutil.copytree(ROOT / "lossviz", tmp_path / "lossviz", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "assets", tmp_path / "assets", ignore=shutil.ignore_patterns("screens"))
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit")
    shutil.copy(ROOT / "app.py", tmp_path)
    folder = tmp_path / "lossviz" / "pages" / "brand_new"
    folder.mkdir()
    (folder / "__init__.py").write_text(INIT)
    (folder / "page.py").write_text(PAGE)
    return tmp_path


def test_a_folder_is_a_page_and_what_it_lacks_is_said_in_sentences(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", VISIT],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(copy), str(ROOT / "tests")])},
        capture_output=True,
        text=True,
        timeout=600,  # some seconds where nothing else runs
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == [
        "brand_new has no card.svg: give assets/draw_cards.py a function of that name, and run it.",
        "brand_new has no text for its tab: a file that is called see.md, or ends so.",
        "brand_new has no text for its tab: a file that is called maths.md, or ends so.",
        "brand_new has no controls.py with one class that lists its controls in `all`.",
    ]
