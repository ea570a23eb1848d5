"""Draws the mark and the wordmark: `python assets/draw_logo.py` (needs fonttools and brotli).

The mark is two level sets of a real loss, the cross-entropy of a neuron's two weights on four points. The
dot on the rim is a neuron that is stuck; the one in the valley has arrived. The word is set in Source Serif,
from the file that Streamlit ships, as outlines.
"""

from pathlib import Path

import numpy as np
import streamlit
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from lossviz.figures.base.style import FAMILY_STYLES, INK
from lossviz.figures.base.themes import DARK

HERE = Path(__file__).parent
X = np.array([[1.0, 0.4], [-0.5, 1.0], [-0.8, -0.9], [0.9, -0.6], [0.2, 0.9]])
Y = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
SIZE = 64


def loss(w: np.ndarray) -> np.ndarray:
    """Mean cross-entropy at weights (..., 2), with a little weight decay so that it has a bottom."""
    z = 2.2 * w @ X.T
    return (np.logaddexp(0, z) - Y * z).mean(axis=-1) + 0.02 * (w**2).sum(axis=-1)


def bottom() -> np.ndarray:
    grid = np.stack(np.meshgrid(*[np.linspace(-6, 6, 1201)] * 2), axis=-1)
    values = loss(grid)
    return grid[np.unravel_index(values.argmin(), values.shape)]


def ring(center: np.ndarray, level: float) -> np.ndarray:
    """The level set around the bottom, (90, 2): convex, so each ray meets it once."""
    angles = np.linspace(0, 2 * np.pi, 91)[:-1]
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    low, high = np.zeros(len(rays)), np.full(len(rays), 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        outside = loss(center + middle[:, None] * rays) > level
        high, low = np.where(outside, middle, high), np.where(outside, low, middle)
    return center + low[:, None] * rays


def path(points: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def mark(ink: str, stuck: str, arrived: str) -> str:
    center = bottom()
    least = float(loss(center))
    outer, inner = ring(center, least + 1.1), ring(center, least + 0.26)
    scale = 50 / np.ptp(outer, axis=0).max()
    shift = 32 - scale * (outer.max(axis=0) + outer.min(axis=0)) / 2
    outer, inner, center = (scale * part + shift for part in (outer, inner, center))
    rim = outer[np.argmin(np.abs(np.degrees(np.arctan2(*(outer - center).T[::-1])) + 58))]
    return (
        f'<path d="{path(outer)}" fill="none" stroke="{ink}" stroke-width="4" stroke-opacity=".6"/>'
        f'<path d="{path(inner)}" fill="none" stroke="{ink}" stroke-width="4.4"/>'
        f'<circle cx="{rim[0]:.1f}" cy="{rim[1]:.1f}" r="7.4" fill="{stuck}"/>'
        f'<circle cx="{center[0]:.1f}" cy="{center[1]:.1f}" r="6" fill="{arrived}"/>'
    )


def word(text: str, ink: str, height: float, left: float, base: float) -> tuple[str, float]:
    """The text as one path, and where it ends."""
    file = next((Path(streamlit.__file__).parent / "static/static/media").glob("SourceSerifVariable-Roman*"))
    font = instantiateVariableFont(TTFont(file), {"wght": 600, "opsz": 20})
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    scale = height / font["head"].unitsPerEm
    pen = SVGPathPen(glyphs, ntos=lambda v: f"{v:.1f}")
    for letter in text:
        glyph = glyphs[names[ord(letter)]]
        glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, left, base)))
        left += glyph.width * scale
    return f'<path d="{pen.getCommands()}" fill="{ink}"/>', left


def svg(body: str, width: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {SIZE}" role="img" '
        f'aria-label="lossviz">{body}</svg>\n'
    )


def main() -> None:
    light = (INK, FAMILY_STYLES["squared"].line, FAMILY_STYLES["logarithm"].line)
    dark = tuple(DARK[colour] for colour in light)
    grey = ("#7C838F", light[1], light[2])  # a browser's tab may be light or dark
    for name, colours in (("logo-light", light), ("logo-dark", dark)):
        letters, end = word("lossviz", colours[0], 46, 76, 47)
        (HERE / f"{name}.svg").write_text(svg(mark(*colours) + letters, end + 4), encoding="utf-8")
    (HERE / "mark.svg").write_text(svg(mark(*grey), SIZE), encoding="utf-8")


if __name__ == "__main__":
    main()
