"""What every response carries, and Plotly's own file."""

import asyncio
import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from starlette.requests import Request

from lossviz.ui import server
from lossviz.ui.server import EMBEDDERS, PLOTLY_ROUTE, PLOTLY_URL, SecurityHeaders, security_headers

ROOT = Path(__file__).parents[1]


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
    middleware, _ = server.surroundings()["middleware"]
    assert middleware.kwargs["headers"] == security_headers("https://school.example")
    monkeypatch.delenv(EMBEDDERS)
    middleware, _ = server.surroundings()["middleware"]
    assert middleware.kwargs["headers"] == security_headers()


def sent(scope: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """What goes out when an app behind the middleware sends these."""
    out: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def send(message: dict[str, Any]) -> None:
        out.append(message)

    wrapped = SecurityHeaders(app, {"X-One": "1", "X-Two": "2"})
    # In a thread of its own: where browser tests ran before, Playwright's loop is still on in this one.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, wrapped({"type": scope}, None, send)).result()
    return out


def test_headers_are_added_to_every_response_and_to_nothing_else() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
    body = {"type": "http.response.body", "body": b"x"}
    first, second = sent("http", start, body)
    assert first["headers"] == [(b"a", b"b"), (b"x-one", b"1"), (b"x-two", b"2")]
    assert start["headers"] == [(b"a", b"b")], "what the app made is left as it was"
    assert second is body
    accept = {"type": "websocket.accept", "headers": []}
    assert sent("websocket", accept) == [accept]


def request(encoding: str) -> Request:
    headers = [(b"accept-encoding", encoding.encode())]
    return Request({"type": "http", "method": "GET", "path": PLOTLY_ROUTE, "headers": headers})


def test_plotlys_own_file_is_served_small_and_kept() -> None:
    whole = server._plotly(request("identity"))
    small = server._plotly(request("gzip, br"))
    assert "content-encoding" not in whole.headers
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(small.body)) == bytes(whole.body)
    assert len(small.body) < 1.7e6
    assert b"plotly.js" in bytes(whole.body)[:200]
    for reply in (whole, small):
        assert reply.headers["content-type"].startswith("text/javascript")
        assert reply.headers["vary"] == "Accept-Encoding"
        assert "immutable" in reply.headers["cache-control"]


def test_the_address_of_plotly_is_relative_and_changes_with_its_version() -> None:
    assert f".{PLOTLY_ROUTE}?v={version('plotly')}" == PLOTLY_URL


def test_the_server_is_ready_before_torch_is() -> None:
    """What `streamlit run app.py` imports before it answers. (Streamlit itself imports plotly.)"""
    code = "import app, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"streamlit", "lossviz.ui.server"} <= loaded
    assert not loaded & {"torch", "sklearn", "scipy"}
