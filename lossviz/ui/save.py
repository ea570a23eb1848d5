"""The picture as it is on screen, saved by the browser as PNG or SVG."""

from lossviz.ui.scripts import component, fonts_url

_SAVE = component("lossviz_save", '<div class="lossviz-save">\n</div>', "save")


def save_picture(chart: str, title: str, caption: str) -> None:
    """Show two buttons that save the chart of that key.

    Args:
        chart: The key of the chart.
        title: A heading above it.
        caption: The line below it. Under that stands the page's address, which the browser knows.
    """
    _SAVE(
        key=f"{chart}_save",
        data={"chart": chart, "title": title, "caption": caption, "fonts": fonts_url()},
        width="content",
        on_missing_change=lambda: None,
    )
