"""Controls of the page Glossary."""

from lossviz.ui.typed import Line


class Glossary:
    """Glossary."""

    find = Line("glossary_find", "Find a word", "", "Shows the terms whose name or sentence has it", most=60)
    all = (find,)
