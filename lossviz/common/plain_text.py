"""Make text from users safe to display: without markup, on one line, and short.

Text from a file, a URL or an input field may contain links, images, formulas or characters that reverse the
direction of writing. There is one function for each place where text is displayed. They replace or remove
characters instead of escaping them: text that is escaped twice, or displayed where nothing is unescaped,
would show the escapes.
"""

import re
import unicodedata

MAX_LENGTH = 80  # characters of one text
MAX_MESSAGE_LENGTH = 300  # characters of an error message that quotes such text
_MAX_MARKS = 2  # combining marks on one character: a pile of them covers the lines above
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, format, surrogate, unassigned, line ends
_PUNCTUATION = " .,-+−⁻=%/×÷:;()'’…·½¼≤≥\u2009\u00a0"  # has no meaning in Markdown inside a line
_LOOK_ALIKE = str.maketrans({"<": "‹", ">": "›", "$": "＄"})


def plain(text: object, most: int = MAX_LENGTH) -> str:
    """Put a text on one line, cut to a maximal length.

    Enough for places without markup: the title of a window, a label for a screen reader, a column of a file.

    Args:
        text: The text; anything else is converted by ``str``.
        most: Maximal number of characters; the last one is an ellipsis if the text was longer.

    Returns:
        The text, with spaces for control characters, line ends and characters that change the direction of
        writing.
    """
    letters, marks = [], 0
    for letter in unicodedata.normalize("NFC", str(text)[: 4 * most]):  # the rest would be cut off anyway
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS and kind != "Me":
            letters.append(" " if kind in _INVISIBLE else letter)
    whole = "".join(letters)
    return whole if len(whole) <= most and len(str(text)) <= 4 * most else f"{whole[: most - 1]}…"


def for_plotly(text: object, most: int = MAX_LENGTH) -> str:
    """`plain`, without anything that Plotly takes for a tag, an entity, a formula or a template variable.

    The characters that begin one are replaced by others that look alike, since a 3D scene shows entities
    literally.
    """
    words = plain(text, most).translate(_LOOK_ALIKE)
    return re.sub(r"&(?=[#A-Za-z])|%(?={)", lambda sign: "＆" if sign[0] == "&" else "％", words)


def for_markdown(text: object, most: int = MAX_LENGTH) -> str:
    """`plain`, without anything that Markdown takes for formatting, an icon, a formula or a link."""
    kept = "".join(
        c if c.isalnum() or c in _PUNCTUATION or unicodedata.combining(c) else " " for c in plain(text, most)
    )
    kept = re.sub(r":(?=\S)", " ", kept)  # :smile: and http://
    return re.sub(r"(?i)www\.", "www ", kept)


def error_for_markdown(error: object) -> str:
    """The message of an error for Markdown; it may quote text from a user."""
    return for_markdown(error, MAX_MESSAGE_LENGTH)


def quoted(value: object, most: int = MAX_LENGTH) -> str:
    """The ``repr`` of any value on one line and short, for the error message that names it."""
    try:
        return plain(repr(value), most)
    except Exception as error:  # a user's __repr__ may raise, and so does that of an enormous integer
        return f"a {type(value).__name__} that cannot be written ({type(error).__name__})"
