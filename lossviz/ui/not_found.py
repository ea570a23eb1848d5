"""Addresses that are no page of the app: a page that says so, with a way home.

So are Streamlit's counters of sessions and memory, at ``_stcore/metrics``: they are for the operator, who
sets ``LOSSVIZ_METRICS=1`` behind a proxy that keeps them from everybody else.

Streamlit answers every address that it does not know with its own index page. Below another path that page
finds none of its files and stays blank.
"""

import os
from collections.abc import Iterable
from typing import Any

METRICS, SHOW_METRICS = "_stcore/metrics", "LOSSVIZ_METRICS"
_OWN = ("_stcore/", "media/", "app/static/", "component/")  # of Streamlit: a download may be a page in HTML
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Not found · lossviz</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 40rem; margin: 20vh auto 0; padding: 0 1.5rem; font: 1.25rem/1.5 system-ui, sans-serif; }}
</style>
</head>
<body>
<main>
<h1>Not found</h1>
<p>There is no page at this address. <a href="{home}">Go to the start of lossviz</a></p>
</main>
</body>
</html>
"""


class NotFound:
    """Answers 404 where the app would send its index page for an address that is no page of it.

    ``pages`` are the addresses below the app's root, without slashes. Whatever else the app answers, its
    files, its own routes and its redirects, goes through as it is. Pure ASGI, so that nothing is held back.
    """

    def __init__(self, app: Any, pages: Iterable[str], base: str = "") -> None:
        self._app = app
        self._root = f"/{base.strip('/')}/" if base.strip("/") else "/"
        self._known = {self._root.rstrip("/"), *(f"{self._root}{page}" for page in ("", *pages))}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._is_hidden(scope["path"]):
            await self._refuse(scope, send)
            return
        if scope["type"] != "http" or self._may_be_html(scope["path"]):
            await self._app(scope, receive, send)
            return
        replaced = False

        async def checked(message: Any) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_index(message):
                replaced = True
                await self._refuse(scope, send)
            elif not replaced:
                await send(message)

        await self._app(_unconditional(scope), receive, checked)

    def _is_hidden(self, path: str) -> bool:
        inside = path.removeprefix(self._root).rstrip("/")
        return inside == METRICS and os.environ.get(SHOW_METRICS) != "1"

    def _may_be_html(self, path: str) -> bool:
        return path in self._known or path.removeprefix(self._root).startswith(_OWN)

    async def _refuse(self, scope: Any, send: Any) -> None:
        depth = scope["path"].removeprefix(self._root).count("/")
        body = _PAGE.format(home="../" * depth or "./").encode()  # relative: right under any base path
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-cache"),
        ]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _is_index(message: Any) -> bool:
    kinds = [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"]
    return message["status"] == 200 and any(kind.startswith(b"text/html") for kind in kinds)


def _unconditional(scope: Any) -> Any:
    """The request without its conditional headers, if it asks for a page: a browser that has cached the blank
    page is then not told to keep showing it."""
    headers = scope.get("headers", ())
    if not any(name == b"accept" and b"text/html" in value for name, value in headers):
        return scope
    conditions = (b"if-none-match", b"if-modified-since")
    return {**scope, "headers": [(name, value) for name, value in headers if name not in conditions]}
