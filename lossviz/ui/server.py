"""The ASGI app around the Streamlit script: own scripts, headers, bounds for uploads, early imports."""

import base64
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from lossviz.ui import preload, scripts
from lossviz.ui.not_found import NotFound
from lossviz.ui.uploads import BoundedUploads

EMBEDDERS = "LOSSVIZ_FRAME_ANCESTORS"  # environment: who may show the app in a frame, in CSP's words


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


def server_arguments(addresses: Iterable[str]) -> dict[str, Any]:
    """The arguments of `st.App` beside the script. (Streamlit looks for the call itself in app.py.)

    Args:
        addresses: The paths of all pages but the start page, without slashes.

    Returns:
        Keyword arguments: ``lifespan``, ``routes`` and ``middleware``.
    """
    headers = security_headers(os.environ.get(EMBEDDERS, "'self'"))
    base = str(st.get_option("server.baseUrlPath") or "")
    return {
        "lifespan": _lifespan,
        "routes": list(scripts.routes(base)),
        "middleware": [
            Middleware(SecurityHeaders, headers=headers),
            Middleware(BoundedUploads),
            Middleware(NotFound, pages=list(addresses), base=base),
        ],
    }
