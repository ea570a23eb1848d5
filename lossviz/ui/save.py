"""The picture as it is on screen, saved by the browser as PNG or SVG."""

from lossviz.ui.scripts import component

_SAVE = component("lossviz_save", '<div class="lossviz-save">\n</div>', "save")


def save_picture(chart: str) -> None:
    """Show two buttons that save the chart of that key."""
    _SAVE(
        key=f"{chart}_save",
        data={"chart": chart},
        width="content",
        on_missing_change=lambda: None,
    )
