"""What is written, by its extension; what a format needs is looked for before anything is computed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lossviz as lv

PICTURES = (".html", ".png", ".svg", ".pdf")
DRAWN_BY_CHROME = (".png", ".svg", ".pdf")  # by kaleido, with the Chrome or Chromium of the machine
WIDTH, HEIGHT = 900, 750  # pixels


def check_output(out: Path, numbers: str) -> None:
    """Check that a file of this name can be written here, so that no computation is lost.

    Args:
        out: The file.
        numbers: Extension of the format that holds the numbers instead of a picture.

    Raises:
        ValueError: If its extension is not known, its folder does not exist, a folder has its name, or the
            packages that draw such a picture are missing.
    """
    formats, suffix = (numbers, *PICTURES), out.suffix.lower()
    if suffix not in formats:
        raise ValueError(f"--out must end in {', '.join(formats)}; got {str(out)!r}")
    if not out.absolute().parent.is_dir():
        raise ValueError(f"the folder of --out does not exist: {str(out)!r}")
    if out.is_dir():
        raise ValueError(f"{str(out)!r} cannot be written: it is a folder")
    if suffix in PICTURES:
        _check_drawing(suffix)


def _check_drawing(suffix: str) -> None:
    """Draw an empty picture of that format."""
    try:
        import plotly.graph_objects as go
    except ModuleNotFoundError as error:
        raise ValueError(f"a {suffix} file needs {error.name}: pip install 'lossviz[figures]'") from error
    if suffix not in DRAWN_BY_CHROME:
        return
    try:
        go.Figure().to_image(suffix[1:], width=10, height=10)
    except Exception as error:  # kaleido raises its own kinds, and plotly others
        reason = next(
            (line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__
        )
        raise ValueError(
            f"a {suffix} file needs kaleido (pip install kaleido) and a Chrome or Chromium: {reason}"
        ) from error


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Context in which a file is written.

    Raises:
        ValueError: In one sentence, in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise ValueError(f"{str(out)!r} cannot be written: {error.strerror or error}") from error


def write_picture(figure: Any, out: Path, title: str) -> None:
    """Write a figure as .html that needs no network and has the title, or as a picture."""
    if out.suffix.lower() == ".html":
        out.write_text(lv.figures.standalone(figure, title=title), encoding="utf-8")
    else:
        figure.write_image(out, width=WIDTH, height=HEIGHT, scale=2)
