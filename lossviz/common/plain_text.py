"""Text that somebody else wrote, made fit to be shown: plain, on one line, and short.

What comes from a file, an address or a keyboard may hold links, images, fonts, formulas or characters that
turn the line around. Each way to show a text has one function here that leaves nothing of them to be read as
markup, and none of them escapes: what is escaped twice, or shown where nobody unescapes, is no plain text.
"""

import re
import unicodedata

MOST = 80  # letters of one text
MOST_IN_A_SENTENCE = 300  # letters of a sentence of ours that holds such texts
_MARKS = 2  # accents over one letter: a pile of them covers the lines above
_UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, direction, surrogates, unassigned, line ends
_PUNCTUATION = " .,-+−⁻=%/×÷:;()'’…·½¼≤≥\u2009\u00a0"  # what Markdown lets stand inside a line
_LOOK_ALIKE = str.maketrans({"<": "‹", ">": "›", "$": "＄"})


def plain(text: object, most: int = MOST) -> str:
    """The text on one line, of at most ``most`` letters, the last an ellipsis if it was longer.

    Control characters, those that turn the direction of writing, and line ends are spaces. Enough for a
    place that reads no markup: a title of a window, a label for a screen reader, a column of a file.
    """
    letters, marks = [], 0
    for letter in unicodedata.normalize("NFC", str(text)[: 4 * most]):  # only the start can be shown
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks <= _MARKS and kind != "Me":
            letters.append(" " if kind in _UNSHOWN else letter)
    whole = "".join(letters)
    return whole if len(whole) <= most and len(str(text)) <= 4 * most else f"{whole[: most - 1]}…"


def for_plotly(text: object, most: int = MOST) -> str:
    """`plain`, with nothing that Plotly reads as a tag, an entity, a formula or a place to fill in.

    The letters that begin one are replaced by others that look alike: a scene in three dimensions shows an
    entity as it is written.
    """
    words = plain(text, most).translate(_LOOK_ALIKE)
    return re.sub(r"&(?=[#A-Za-z])|%(?={)", lambda sign: "＆" if sign[0] == "&" else "％", words)


def for_markdown(text: object, most: int = MOST) -> str:
    """`plain`, with nothing that Markdown reads as a sign, an icon, a formula or a link."""
    kept = "".join(
        c if c.isalnum() or c in _PUNCTUATION or unicodedata.combining(c) else " " for c in plain(text, most)
    )
    kept = re.sub(r":(?=\S)", " ", kept)  # :smile: and http://
    return re.sub(r"(?i)www\.", "www ", kept)


def sentence(error: object) -> str:
    """A sentence of ours for Markdown that may quote what somebody wrote, as an error's does."""
    return for_markdown(error, MOST_IN_A_SENTENCE)


def quoted(value: object, most: int = MOST) -> str:
    """Any value as Python writes it, on one line and short: for the sentence that refuses it."""
    try:
        return plain(repr(value), most)
    except Exception as error:  # a value's own way to write itself may fail, an enormous integer's does
        return f"a {type(value).__name__} that cannot be written ({type(error).__name__})"
