"""What every response carries, and what addresses there are."""

import asyncio
import base64
import hashlib
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import streamlit as st

from lossviz import pages
from lossviz.ui import server
from lossviz.ui.not_found import NotFound
from lossviz.ui.server import EMBEDDERS, SecurityHeaders, security_headers

ROOT = Path(__file__).parents[2]


def policy(headers: dict[str, str]) -> dict[str, list[str]]:
    parts = (part.split() for part in headers["Content-Security-Policy"].split("; "))
    return {name: words for name, *words in parts}


def test_nothing_is_evaluated_and_nothing_comes_from_elsewhere() -> None:
    rules = policy(security_headers())
    assert rules["default-src"] == ["'self'"]
    assert rules["object-src"] == ["'none'"]
    assert rules["base-uri"] == rules["form-action"] == ["'self'"]
    words = {word for values in rules.values() for word in values}
    assert not {w for w in words if "unsafe-eval" in w or w == "*" or "http" in w}
    assert "'unsafe-inline'" not in rules["script-src"]
    assert rules["frame-ancestors"] == ["'self'"]


def test_the_inline_scripts_that_are_let_through_are_streamlits_own() -> None:
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = [
        body
        for tag, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
        if "src=" not in tag
    ]
    hashes = [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in inline]
    allowed = [w for w in policy(security_headers())["script-src"] if w.startswith("'sha256-")]
    assert allowed == [f"'sha256-{h}'" for h in hashes]
    assert allowed, "Streamlit's page has a script of its own"


def test_the_other_headers() -> None:
    headers = security_headers()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"


def test_a_deployment_may_let_others_embed_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = security_headers("'self' https://school.example")
    assert policy(headers)["frame-ancestors"] == ["'self'", "https://school.example"]
    assert "X-Frame-Options" not in headers  # it could only forbid
    monkeypatch.setenv(EMBEDDERS, "https://school.example")
    middleware, *_ = server.server_arguments([])["middleware"]
    assert middleware.kwargs["headers"] == security_headers("https://school.example")
    monkeypatch.delenv(EMBEDDERS)
    middleware, *_ = server.server_arguments([])["middleware"]
    assert middleware.kwargs["headers"] == security_headers()


def with_two_headers(app: Any) -> Any:
    return SecurityHeaders(app, {"X-One": "1", "X-Two": "2"})


def sent(middleware: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What goes out when an app behind the middleware sends these."""
    out: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def send(message: dict[str, Any]) -> None:
        out.append(message)

    wrapped = middleware(app)
    # In a thread of its own: where browser tests ran before, Playwright's loop is still on in this one.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, wrapped(scope, None, send)).result()
    return out


def test_headers_are_added_to_every_response_and_to_nothing_else() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
    body = {"type": "http.response.body", "body": b"x"}
    first, second = sent(with_two_headers, {"type": "http"}, start, body)
    assert first["headers"] == [(b"a", b"b"), (b"x-one", b"1"), (b"x-two", b"2")]
    assert start["headers"] == [(b"a", b"b")], "what the app made is left as it was"
    assert second is body
    accept = {"type": "websocket.accept", "headers": []}
    assert sent(with_two_headers, {"type": "websocket"}, accept) == [accept]


HTML = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/html; charset=utf-8")],
}
SCRIPT = HTML | {"headers": [(b"content-type", b"text/javascript")]}
MOVED = HTML | {"status": 301, "headers": [(b"location", b"/race")]}
BODY = {"type": "http.response.body", "body": b"what the app says"}


def answered(path: str, start: dict[str, Any] = HTML, method: str = "GET", base: str = "") -> list[Any]:
    scope = {"type": "http", "path": path, "method": method, "headers": [(b"accept", b"text/html,*/*"),
             (b"if-none-match", b"kept")]}  # fmt: skip
    return sent(lambda app: NotFound(app, pages.addresses(), base), scope, start, BODY)


@pytest.mark.parametrize("path", ["/race/x", "/a/b", "/nothing", "/a/b/c/d", "/race/static", "/Race"])
def test_an_address_that_is_no_page_is_not_found_with_a_way_home(path: str) -> None:
    start, body = answered(path)
    assert start["status"] == 404
    text = body["body"].decode()
    assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
    assert "no page at this address" in text
    (home,) = re.findall(r'href="([^"]*)"', text)
    assert urljoin(f"http://example.org{path}", home) == "http://example.org/"
    assert "<script" not in text
    assert answered(path, method="HEAD")[1]["body"] == b""


@pytest.mark.parametrize("base", ["", "some/base"])
def test_every_page_and_all_that_is_no_page_goes_through(base: str) -> None:
    root = f"/{base}" if base else ""
    known = ["/", "", *(f"/{address}" for address in pages.addresses())]
    served = ["/media/0123.html", "/_stcore/health", "/app/static/page.html"]
    for path in known + served:
        assert answered(root + path, base=base) == [HTML, BODY]
    for start in (SCRIPT, MOVED, HTML | {"status": 404}):
        assert answered(f"{root}/race/static/x.js", start, base=base) == [start, BODY]
    assert answered(f"{root}/a/b", base=base)[0]["status"] == 404
    if base:
        home = re.findall(rb'href="([^"]*)"', answered(f"{root}/a/b", base=base)[1]["body"])[0].decode()
        assert urljoin(f"http://example.org{root}/a/b", home) == f"http://example.org{root}/"


@pytest.mark.parametrize("base", ["", "some/base"])
def test_the_servers_counters_are_shown_only_where_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    path = f"/{base}/_stcore/metrics" if base else "/_stcore/metrics"
    counters = HTML | {"headers": [(b"content-type", b"application/openmetrics-text")]}
    for hidden in (path, f"{path}/"):
        assert answered(hidden, counters, base=base)[0]["status"] == 404
    monkeypatch.setenv("LOSSVIZ_METRICS", "1")
    assert answered(path, counters, base=base) == [counters, BODY]


def test_the_server_is_ready_before_torch_is() -> None:
    """What `streamlit run app.py` imports before it answers. (Streamlit itself imports plotly.)"""
    code = "import app, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"streamlit", "lossviz.ui.server"} <= loaded
    assert not loaded & {"torch", "sklearn", "scipy"}
