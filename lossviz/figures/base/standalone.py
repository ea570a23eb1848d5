"""A figure as one HTML file that needs nothing else: neither a server nor an installed font."""

import json
import re
from html import escape

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from lossviz.figures.base.fonts import FAMILIES, font_faces
from lossviz.figures.base.frames import AnimatedFigure, nearest_frame, still
from lossviz.figures.base.style import AXIS, INK, MUTE, PAPER, SANS, SERIF

WIDTH = 960  # pixels: figures are laid out for 560 to 1100
SLIDER_HEIGHT = 84  # pixels that the slider adds below the figure

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width={view}">
<title>{window}</title>
<style>
{fonts}
body {{ margin: 32px auto; padding: 0 32px; width: {width}px; background: {paper}; color: {ink};
  font: 17px/1.5 {sans}; }}
h1 {{ font: 600 34px/1.2 {serif}; margin: 0 0 16px; }}
p {{ color: {mute}; margin: 12px 0; overflow-wrap: anywhere; }}
a {{ color: {ink}; }}
</style>
</head>
<body>
{heading}<div id="figure"></div>
{caption}<p>{source}</p>
<script>{plotly}</script>
<script>
const figure = {figure};
// Plotly measures its texts when it draws: only then must the fonts be there.
Promise.all({faces}.map((face) => document.fonts.load(face)))
  .then(() => Plotly.newPlot("figure", figure.data, figure.layout, {{ displayModeBar: false }}))
  .then((plot) => Plotly.addFrames(plot, figure.frames ?? []));
</script>
</body>
</html>
"""


def standalone(
    figure: go.Figure, label: str = "", *, title: str = "", caption: str = "", link: str = ""
) -> str:
    """Write a figure as one HTML file that works offline; a slider moves through its frames.

    The slider begins at the frame that the figure shows as it was built.

    Args:
        figure: The figure; the names of its frames are numbers.
        label: What the slider shows, in front of its value.
        title: A heading above the figure.
        caption: A line below it, such as its conventions; ``*words*`` are set in italics.
        link: The address of the page that it comes from.

    Returns:
        The HTML, with Plotly and the fonts inside (about 5 MB).

    Example:
        >>> import lossviz as lv
        >>> page = lv.figures.standalone(lv.figures.sketch(lv.losses.loss_curves(["mse"])))
        >>> page.rstrip().endswith("</html>")
        True
    """
    faces = [f'{bold} 16px "{family}"' for family, (_, *weights) in FAMILIES.items() for bold in weights]
    return _PAGE.format(
        view=WIDTH + 64,
        window=escape(title or "lossviz"),
        fonts=font_faces(),
        width=WIDTH,
        paper=PAPER,
        ink=INK,
        mute=MUTE,
        sans=SANS,
        serif=SERIF,
        heading=f"<h1>{escape(title)}</h1>\n" if title else "",
        caption=f"<p>{with_emphasis(caption)}</p>\n" if caption else "",
        source=_source(link),
        plotly=get_plotlyjs(),
        figure=_with_slider(figure, label).to_json().replace("<", "\\u003c"),  # no tag may end the script
        faces=json.dumps(faces),
    )


def with_emphasis(caption: str) -> str:
    """A caption in Markdown as HTML: what is emphasized is set in italics, all else is text."""
    return re.sub(r"\*\*?(\S|\S.*?\S)\*\*?", r"<em>\1</em>", escape(caption))


def _source(link: str) -> str:
    if not link:
        return "Made with lossviz."
    return f'lossviz · <a href="{escape(link)}">{escape(link)}</a>'


def _with_slider(figure: go.Figure, label: str) -> go.Figure:
    """The figure with a slider through its frames. Slider and picture are at the same one."""
    spec = figure.to_plotly_json()
    aspect = spec["layout"].get("meta", {}).get("aspect")
    height = aspect[0] * WIDTH + aspect[1] if aspect else spec["layout"].get("height") or 450
    height = round(height) + (SLIDER_HEIGHT if spec.get("frames") else 0)
    size = {"width": WIDTH, "height": height, "paper_bgcolor": PAPER}
    if not spec.get("frames"):
        return AnimatedFigure(still(spec)).update_layout(**size)
    changing = {index for frame in spec["frames"] for index in frame.get("traces", ())}
    growing = {index for index, _ in spec["layout"].get("meta", {}).get("upto", ())}
    moving = sorted(changing | growing)
    meta = spec["layout"].get("meta", {})
    shown = nearest_frame(spec["frames"], float(meta.get("frame", spec["frames"][0]["name"])))["name"]
    whole = AnimatedFigure(still(spec, float(shown)))
    frames, steps = [], []
    jump = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    for name in (frame["name"] for frame in spec["frames"]):
        at = still(spec, float(name))
        layout = {kind: at["layout"].get(kind, []) for kind in ("annotations", "shapes")}
        data = [at["data"][index] for index in moving]
        frames.append({"name": name, "data": data, "traces": moving, "layout": layout})
        steps.append({"label": name, "method": "animate", "args": [[name], jump]})
    whole.frames = frames
    left, right = meta.get("slider", (0, 1))
    whole.update_layout(
        sliders=[
            {
                "steps": steps,
                "active": [step["label"] for step in steps].index(shown),
                "currentvalue": {"prefix": f"{label} ", "font": {"size": 16, "color": INK}},
                "font": {"color": MUTE, "size": 13},
                "bordercolor": AXIS,
                "x": left,
                "len": right - left,
                "pad": {"t": 64, "l": 0, "r": 0},
            }
        ],
        margin_b=(whole.layout.margin.b or 60) + SLIDER_HEIGHT,
        **size,
    )
    return whole
