"""What the browser loads from the app's own server: the ES modules in ``js/``, and Plotly's file.

Streamlit takes the script of a component as text. What it gets here is `js/entry.js`, which imports the
component's module and all that it needs from the server, at a path that names their version: so a browser
keeps them for good, and they import each other by relative paths. All addresses are relative to the page, so
that they are right under any base path. Where the server does not have these routes, as under ``AppTest``,
Streamlit's own chart is shown instead.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.metadata import distribution
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lossviz.figures.base.fonts import font_faces

FOLDER = Path(__file__).parent / "js"
ENTRY = "entry"
MODULE_BASE = "/lossviz/js"
MODULE_ROUTE = f"{MODULE_BASE}/{{version}}/{{name}}.js"
PLOTLY_ROUTE = "/lossviz/plotly.min.js"
PLOTLY_URL = f".{PLOTLY_ROUTE}?v={version_of('plotly')}"
FONTS_ROUTE = "/lossviz/fonts.css"
_IMPORT = re.compile(r'^(?:import|\}) (?:.* from )?"\./(\w+)\.js";$', re.MULTILINE)


@cache
def modules() -> dict[str, str]:
    """The text of each module by its name."""
    paths = sorted(path for path in FOLDER.glob("*.js") if path.stem != ENTRY)
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


@cache
def version() -> str:
    """A hash of all the modules' text."""
    return hashlib.sha256("\0".join(modules().values()).encode()).hexdigest()[:12]


def with_imports(name: str) -> list[str]:
    """The module of that name, and all that it imports, directly or not."""
    found: dict[str, None] = {}

    def visit(one: str) -> None:
        if one not in found:
            found[one] = None
            for other in _IMPORT.findall(modules()[one]):
                visit(other)

    visit(name)
    return list(found)


def entry(name: str) -> str:
    """The script that imports this module, and at the same time all that it needs."""
    written = {
        "BASE": f".{MODULE_BASE}",
        "VERSION": version(),
        "MODULES": json.dumps(with_imports(name)),
    }
    text = (FOLDER / f"{ENTRY}.js").read_text(encoding="utf-8")
    _, text = text.split("\n\n", 1)  # without its comment, which names these words
    for word, value in written.items():
        text = text.replace(word, value)
    return text


def component(name: str, html: str, module: str) -> Any:
    """Declare a Streamlit component whose script is a module of ours.

    Args:
        name: Its name, unique in the app.
        html: Its elements.
        module: The name of a module in ``js/`` whose default export Streamlit calls.

    Returns:
        The function that shows it. Its state ``missing`` is true if the script could not be loaded.
    """
    return st.components.v2.component(name, html=html, js=entry(module), isolate_styles=False)


@lru_cache(maxsize=2)
def _plotly_file(compressed: bool) -> bytes:
    path = Path(str(distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))
    return gzip.compress(path.read_bytes(), 6) if compressed else path.read_bytes()


def _script(content: bytes, **headers: str) -> Response:
    """A script that a browser may keep for good: its address changes with its content."""
    return Response(
        content,
        media_type="text/javascript",
        headers={"Cache-Control": "public, max-age=31536000, immutable"} | headers,
    )


def serve_plotly(request: Request) -> Response:
    """Plotly's own file, compressed once for all."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        return _script(_plotly_file(True), **{"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    return _script(_plotly_file(False), Vary="Accept-Encoding")


def serve_module(request: Request) -> Response:
    """One of our modules. What follows a dot in the version is the number of a repeated attempt."""
    name, asked = request.path_params["name"], request.path_params["version"].partition(".")[0]
    if asked != version() or name not in modules():
        return PlainTextResponse("no such script", 404, headers={"Cache-Control": "no-cache"})
    return _script(modules()[name].encode())


@cache
def fonts_url() -> str:
    """The address of the fonts of the figures, which changes with their content."""
    return f".{FONTS_ROUTE}?v={hashlib.sha256(font_faces().encode()).hexdigest()[:12]}"


def serve_fonts(request: Request) -> Response:
    """The fonts, in text that is hardly shorter when it is compressed."""
    return Response(
        font_faces(), media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )


def routes(base: str = "") -> Iterator[Route]:
    """The routes of the server for all of these, below its base path: Streamlit adds that to its own only."""
    prefix = f"/{base.strip('/')}" if base.strip("/") else ""
    yield Route(f"{prefix}{PLOTLY_ROUTE}", serve_plotly)
    yield Route(f"{prefix}{MODULE_ROUTE}", serve_module)
    yield Route(f"{prefix}{FONTS_ROUTE}", serve_fonts)
