"""How much of a path its plane holds: the one number of the page, and a bar with a tick for chance."""

from typing import Any

from lossviz.figures.base.number_format import whole
from lossviz.figures.base.style import GRID, INK, MAP, MUTE, SERIF, note
from lossviz.landscape.fidelity import PlaneFidelity


def share_heads(look: PlaneFidelity, narrow: bool) -> list[dict[str, Any]]:
    """The one number of the page, the line that explains its bar, and the names of the axes."""
    share = look.path.explained
    said = "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
    size, left = (36, 0.0) if narrow else (42, 0.5)
    spot = {"xref": "paper", "yref": "paper", "xanchor": "left"}
    who = "walk" if look.kind == "A random walk" else "path"
    weights = whole(look.weights)
    lines = [f"of the {who} lies in this plane"]
    if look.chance is None:
        lines.append("and the walk went nowhere in particular")
    elif look.kind == "Its path":
        lines.append(f"<b>|</b>  a random walk: {100 * look.chance:.0f} %")
    else:
        lines.append(f"<b>|</b>  by chance, 2 of {weights}: {100 * look.chance:.1g} %")
    high = 1.0
    texts = [
        note(
            f"<b>{said}</b>",
            left,
            high,
            yanchor="middle",
            yshift=6 if not narrow else -2,
            **spot,
            font={"size": size, "family": SERIF, "color": INK},
        ),
        note(
            "<br>".join(lines),
            left,
            high,
            yanchor="middle",
            yshift=6 if not narrow else -2,
            xshift=(22 if not narrow else 19) * len(said) + 12,
            **spot,
            font={"size": 17 if not narrow else 16, "color": MUTE},
        ),
    ]
    panels = ((2, "loss"),) if narrow else ((2, "loss"), (3, "distance"))
    for panel, name in panels:
        texts.append(
            note(
                name,
                left,
                0.5,
                xref="paper",
                yref=f"y{panel} domain",
                textangle=-90,
                xshift=-50,
                font={"size": 16, "color": INK},
            )
        )
    return texts


def share_bar(look: PlaneFidelity, narrow: bool) -> list[dict[str, Any]]:
    """A rail, filled as far as the plane holds the path, with a tick for chance."""
    left, low, high = (0.0, 0.925, 0.936) if narrow else (0.5, 0.842, 0.858)
    room = 1 - left
    box = {"type": "rect", "xref": "paper", "yref": "paper", "y0": low, "y1": high, "line": {"width": 0}}
    share = min(1.0, max(0.0, look.path.explained))
    shapes = [
        box | {"x0": left, "x1": 1, "fillcolor": GRID},
        box | {"x0": left, "x1": left + room * share, "fillcolor": INK if look.chance is None else MAP},
    ]
    if look.chance is not None:
        at = left + room * look.chance
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "yref": "paper",
                "x0": at,
                "x1": at,
                "y0": low - 0.012,
                "y1": high + 0.012,
                "line": {"color": INK, "width": 2.5},
            }
        )
    return shapes
