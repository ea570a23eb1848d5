"""Numbers that go wrong: is my loss right?"""

from lossviz.pages.numbers import as_written, terms, value
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui.page import heading, page

SENTENCES = {
    "Term by term": "Every example adds one bar. The hatched ones are left out in a well-known tutorial.",
    "As written": "Five losses that look right, and where each goes wrong.",
    "This number?": "The loss or the accuracy stands still? Type it; the axis shows which known value it is.",
}
VIEWS = {"Term by term": terms, "As written": as_written, "This number?": value}

with page():
    view = heading("Is my loss right?", SENTENCES, Numbers.view)
    VIEWS[view].show()
