"""The share of a path's variance that its plane explains: a number, and a bar with a mark for chance."""

from typing import Any

from lossviz.figures.base.number_format import whole
from lossviz.figures.base.style import GRID, INK, MAP, MUTE, SERIF, note
from lossviz.landscape.fidelity import PlaneFidelity


def explained_annotations(fidelity: PlaneFidelity, narrow: bool) -> list[dict[str, Any]]:
    """The share as a number, the line that explains its bar, and the names of the axes."""
    share = fidelity.path.explained
    percentage = "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
    size, left = (36, 0.0) if narrow else (42, 0.5)
    spot = {"xref": "paper", "yref": "paper", "xanchor": "left"}
    subject = "walk" if fidelity.plane == "random-walk" else "path"
    weights = whole(fidelity.weights)
    lines = [f"of the {subject} lies in this plane"]
    if fidelity.expected_explained is None:
        lines.append("though the walk follows no gradient")
    elif fidelity.plane == "path":
        lines.append(f"<b>|</b>  a random walk: {100 * fidelity.expected_explained:.0f} %")
    else:
        lines.append(f"<b>|</b>  by chance, 2 of {weights}: {100 * fidelity.expected_explained:.1g} %")
    high = 1.0
    texts = [
        note(
            f"<b>{percentage}</b>",
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
            xshift=(22 if not narrow else 19) * len(percentage) + 12,
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
                xanchor="center",
                xshift=-47,
                font={"size": 16, "color": INK},
            )
        )
    return texts


def explained_bar(fidelity: PlaneFidelity, narrow: bool) -> list[dict[str, Any]]:
    """A bar filled to the explained share, with a mark at the share expected by chance."""
    left, low, high = (0.0, 0.925, 0.936) if narrow else (0.5, 0.842, 0.858)
    width = 1 - left
    box = {"type": "rect", "xref": "paper", "yref": "paper", "y0": low, "y1": high, "line": {"width": 0}}
    share = min(1.0, max(0.0, fidelity.path.explained))
    shapes = [
        box | {"x0": left, "x1": 1, "fillcolor": GRID},
        box
        | {
            "x0": left,
            "x1": left + width * share,
            "fillcolor": INK if fidelity.expected_explained is None else MAP,
        },
    ]
    if fidelity.expected_explained is not None:
        at = left + width * fidelity.expected_explained
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
