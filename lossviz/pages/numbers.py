"""Numbers that go wrong: is my loss right?"""

from lossviz.ui.declared import Numbers
from lossviz.ui.page import footer, heading, page
from lossviz.ui.views import numbers_terms, numbers_value, numbers_written

SENTENCES = {
    "Term by term": "Every example adds one bar. The hatched ones are left out in a famous tutorial.",
    "As written": "Five losses that look right. See where each one stops being so.",
    "This number?": "Training sits still at some loss. Type it; the ruler says what it is.",
}
VIEWS = {"Term by term": numbers_terms, "As written": numbers_written, "This number?": numbers_value}

with page():
    view = heading("Is my loss right?", SENTENCES, Numbers.view)
    VIEWS[view].show()
    footer()
