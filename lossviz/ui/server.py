"""The ASGI app around the Streamlit script: Plotly's own file, headers, bounds for uploads, a warm start."""

import base64
import gzip
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lossviz.ui import preload
from lossviz.ui.not_found import NotFound
from lossviz.ui.table import ENTRIES
from lossviz.ui.uploads import BoundedUploads

CONTENTS = Path(__file__).parents[1] / "pages" / "contents.py"
PLOTLY_ROUTE = "/lossviz/plotly.min.js"
PLOTLY_URL = f".{PLOTLY_ROUTE}?v={version('plotly')}"  # relative: right under any base path
EMBEDDERS = "LOSSVIZ_FRAME_ANCESTORS"  # environment: who may show the app in a frame, in CSP's words


@lru_cache(maxsize=2)
def _plotly_file(zipped: bool) -> bytes:
    path = Path(str(distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))
    return gzip.compress(path.read_bytes(), 6) if zipped else path.read_bytes()


def _plotly(request: Request) -> Response:
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(_plotly_file(zipped), media_type="text/javascript", headers=headers)


def _inline_scripts() -> Iterable[str]:
    """CSP hashes of the scripts that stand in Streamlit's own index.html."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    for body in re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL):
        yield f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"


def security_headers(embedders: str = "'self'") -> dict[str, str]:
    """The headers of every response. Nothing is evaluated, nothing is loaded from elsewhere."""
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *_inline_scripts(), "blob:"]),  # blob: inline components
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": embedders,
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    if embedders == "'self'":  # X-Frame-Options cannot say anything finer
        headers["X-Frame-Options"] = "SAMEORIGIN"
    return headers


class SecurityHeaders:
    """Pure ASGI, so that nothing that streams is held back."""

    def __init__(self, app: Any, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


@asynccontextmanager
async def _lifespan(_: Any) -> AsyncIterator[None]:
    preload.import_for_a_title()
    preload.start()
    yield


def surroundings() -> dict[str, Any]:
    """The arguments of `st.App` beside the script. (Streamlit looks for the call itself in app.py.)"""
    headers = security_headers(os.environ.get(EMBEDDERS, "'self'"))
    base = str(st.get_option("server.baseUrlPath") or "")
    return {
        "lifespan": _lifespan,
        "routes": [Route(PLOTLY_ROUTE, _plotly)],
        "middleware": [
            Middleware(SecurityHeaders, headers=headers),
            Middleware(BoundedUploads),
            Middleware(NotFound, pages=[entry.address for entry in ENTRIES], base=base),
        ],
    }
