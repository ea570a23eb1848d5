"""The table of pages, and their addresses."""

from support.pages import CONTENTS

from lossviz.pages import addresses, discover, sections, start_page


def test_every_folder_with_a_page_is_found_once_and_only_home_is_in_no_section() -> None:
    names = [page.name for page in discover()]
    assert sorted(names) == sorted(path.parent.name for path in CONTENTS.parent.glob("*/page.py"))
    assert start_page().name == "home" == names[0]
    assert [page.name for section in sections().values() for page in section] == names[1:]


def test_the_addresses_of_the_pages_are_published() -> None:
    """Links lead there. A page may be added; none may be renamed."""
    assert set(addresses()) >= {
        "stuck-neuron", "two-weights", "race", "landscape", "edge-of-stability", "gallery", "likelihood",
        "numbers", "metric", "output-codes",
    }  # fmt: skip
