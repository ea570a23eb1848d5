"""The fonts of exported pictures, which bring them along: where one is opened they may not be installed."""

from base64 import b64encode
from functools import cache
from pathlib import Path

# As a figure's layout names it: the file, and its lightest and boldest weight.
FAMILIES = {"Source Sans": ("sans", 400, 700), "Source Serif": ("serif", 600, 700)}


@cache
def font_faces() -> str:
    """The fonts as a style sheet of ``@font-face`` rules with the files inside: about 130 kB."""
    rules = []
    for family, (file, light, bold) in FAMILIES.items():
        content = b64encode((Path(__file__).parent / f"{file}.woff2").read_bytes()).decode()
        rules.append(
            f'@font-face{{font-family:"{family}";font-weight:{light} {bold};font-style:normal;'
            f'src:url(data:font/woff2;base64,{content})format("woff2")}}'
        )
    return "\n".join(rules)
