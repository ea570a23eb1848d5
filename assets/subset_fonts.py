"""Makes the fonts of exported pictures: `python assets/subset_fonts.py` (needs fonttools and brotli).

They are the app's own, Source Sans and Source Serif, from the files that Streamlit ships, with the weights
and the characters that figures use. Their licence, beside them, reserves the name Source: these have another.
"""

import string
from collections.abc import Iterator
from pathlib import Path

import streamlit
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

MEDIA = Path(streamlit.__file__).parent / "static" / "static" / "media"
FONTS = Path(__file__).parents[1] / "lossviz" / "figures" / "base" / "fonts"
# The name of the file, where it comes from, and its axes: the weights of normal and of bold text; the optical
# size of titles and of the large numbers.
FACES = {
    "sans": ("SourceSansVF-Upright", {"wght": (400, 700)}),
    "serif": ("SourceSerifVariable-Roman", {"wght": (600, 700), "opsz": 38}),
}
RANGES = (
    (0xA0, 0x17F),  # Latin with accents
    (0x370, 0x3FF),  # Greek
    (0x2010, 0x2044),  # dashes, quotation marks
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x2100, 0x22FF),  # letterlike symbols, fractions, arrows, operators
    (0x25A0, 0x25FF),  # geometric shapes
)
NAMES = (1, 3, 4, 6, 16, 25)  # of the family and of the font, as a system shows them


def characters() -> Iterator[int]:
    """The characters that figures and captions may use."""
    yield from map(ord, string.printable[:95])
    yield from range(0x2000, 0x2010)
    for first, last in RANGES:
        yield from range(first, last + 1)


def face(name: str) -> TTFont:
    """One font, with fewer characters and weights, and under another name."""
    source, axes = FACES[name]
    (path,) = MEDIA.glob(f"{source}.*.woff2")
    font = TTFont(path)
    options = Options(
        flavor="woff2", layout_features=["kern", "liga", "mark", "ccmp", "tnum", "lnum", "locl"]
    )
    options.hinting = False
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    font = instantiateVariableFont(font, axes)
    for record in font["name"].names:
        if record.nameID in NAMES:
            record.string = f"Lossviz {name}" if record.nameID != 6 else f"Lossviz-{name}"
    font.flavor = "woff2"
    return font


if __name__ == "__main__":
    FONTS.mkdir(exist_ok=True)
    for name in FACES:
        face(name).save(FONTS / f"{name}.woff2")
