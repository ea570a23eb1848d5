"""Charts: updated in place, following a slider while it is dragged.

A page gives a function that draws its figure wide and narrow; the browser (``js/chart.js``) picks by the
chart's own width, replaces the colours in the dark theme, and merges the frame that belongs to the followed
control's value. If a file that it needs cannot be loaded, Streamlit's own chart shows the narrow figure.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import streamlit as st

import lossviz as lv
from lossviz.ui.scripts import PLOTLY_URL, component

_CHART = component(
    "lossviz_chart",
    '<div class="lossviz-chart" role="group">\n<div class="lossviz-tabs"></div>'
    '\n<div class="lossviz-plot" aria-hidden="true"></div>\n<div class="lossviz-room"></div>'
    '\n<p class="lossviz-said"></p>\n</div>',
    "chart",
)
_PLAY = component(
    "lossviz_play",
    '<button type="button" class="lossviz-play" aria-label="Play">\n'
    '<svg class="play" viewBox="0 0 20 20" aria-hidden="true"><path d="M5 3v14l12-7z"/></svg>'
    '<svg class="pause" viewBox="0 0 20 20" aria-hidden="true"><path d="M5 3h4v14H5zm6 0h4v14h-4z"/></svg>'
    "\n</button>",
    "play",
)


class DrawFigure(Protocol):
    """Draws a figure wide or narrow. A narrow one may be several panels by name, with a button for each."""

    def __call__(self, narrow: bool) -> Any: ...


def figure_json(draw: DrawFigure, narrow: bool | None = None) -> str:
    """Draw a figure and write it as JSON: what `chart` takes, and what a page caches.

    Args:
        draw: Draws it.
        narrow: Only the narrow layout, or only the wide one; both if it is None.

    Returns:
        The members of a JSON object, ``wide`` and ``narrow``.
    """
    wide = "null" if narrow else draw(narrow=False).to_json()
    figure = {} if narrow is False else draw(narrow=True)
    panels = figure if isinstance(figure, dict) else {"": figure}
    body = ", ".join(f"{json.dumps(name)}: {figure.to_json()}" for name, figure in panels.items())
    return f'"wide": {wide}, "narrow": {{{body}}}'


def is_narrow(key: str) -> bool | None:
    """Whether the chart of that key, shown with ``live``, needs its narrow layout; None if unknown."""
    narrow: bool | None = st.session_state.get(key, {}).get("narrow")
    return narrow


def chart(
    figure: str,
    key: str,
    alt: str,
    follow: str | None = None,
    on_click: Callable[..., None] | None = None,
    clicked_in: Mapping[str, Any] | None = None,
    live: bool = False,
    steady: bool = False,
    options: Sequence[str] = (),
) -> None:
    """Show a figure that `packed` has made.

    What a figure's ``meta`` may say: ``slider`` is the part of the plotting area, as fractions of its width,
    that the slider below stands under; ``grip``, [trace, "x" or "y"], lets the last point of that trace be
    dragged, and the followed slider goes with it; ``click`` is the one panel that takes clicks; ``spoken`` is
    what a screen reader says when the picture has changed, with {3} for the text of annotation 3 and {of 5}
    for that of trace 5. The drawing itself is hidden from it: its ticks would be read one by one.

    Args:
        figure: The figure as JSON.
        key: The chart's key in the page.
        alt: What it shows, in words.
        follow: The key of the page's slider, or segmented control, whose value names the frame to show.
        on_click: Gets the data coordinates of a click in a map, before the page runs again.
        clicked_in: Where the axes may change, what tells which picture this is. A click may come from the
            one before, so ``on_click`` also gets the ``clicked_in`` of the clicked picture, and with it the
            name of its ``frame``.
        live: Pictures follow each other quickly. The chart tells which layout it needs (`is_narrow`): as soon
            as that is known, the other need not be sent.
        steady: The picture is renewed while the page runs, and is not to be paled meanwhile. A live one is.
        options: If a segmented control is followed, the names of the frames in the order of its buttons.
    """

    def clicked() -> None:
        clicked_at = st.session_state[key].get("click")
        if on_click and clicked_at:
            picture = () if clicked_in is None else (clicked_at["picture"],)
            on_click(float(clicked_at["x"]), float(clicked_at["y"]), *picture)

    def dragged() -> None:
        value = st.session_state[key].get("dragged")
        if follow and value is not None:
            st.session_state[follow] = type(st.session_state[follow])(value)

    settings = {
        "key": key,
        "alt": alt,
        "follow": follow,
        "clickable": on_click is not None,
        "clicked_in": dict(clicked_in or {}),
        "options": list(options),
        "live": live,
        "steady": steady or live,
        "plotly": PLOTLY_URL,
        "dark": lv.figures.dark_map(),
    }
    result = _CHART(
        key=key,
        data=f"{json.dumps(settings)[:-1]}, {figure}}}".encode(),
        on_missing_change=lambda: None,
        on_click_change=clicked,
        on_dragged_change=dragged,
        on_narrow_change=lambda: None,
    )
    if result.get("missing"):
        value = st.session_state.get(follow) if follow else None
        layouts = json.loads(f"{{{figure}}}")
        for panel in layouts["narrow"].values() or [layouts["wide"]]:
            static = lv.figures.at_frame(lv.figures.from_json(panel), value)
            st.plotly_chart(static, theme=None, alt=alt, config={"displayModeBar": False})


def play(follow: str, seconds: float = 5.0) -> None:
    """Show a round button that moves the slider of that key to its end in about so many seconds."""
    key = f"{follow}_play"

    def stopped() -> None:
        value = st.session_state[key].get("stopped")
        if value is not None:
            st.session_state[follow] = type(st.session_state[follow])(value)

    _PLAY(
        key=key,
        data={"follow": follow, "seconds": seconds},
        on_stopped_change=stopped,
        on_missing_change=lambda: None,
    )
