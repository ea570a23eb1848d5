"""What the browser loads from the server: the modules, their versions, and Plotly's own file."""

import gzip
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from starlette.requests import Request

from lossviz.ui import scripts

ROOT = Path(__file__).parents[2]


def request(path: str, encoding: str = "identity", **parameters: str) -> Request:
    headers = [(b"accept-encoding", encoding.encode())]
    return Request(
        {"type": "http", "method": "GET", "path": path, "headers": headers, "path_params": parameters}
    )


def test_plotly_is_served_compressed_and_cached() -> None:
    whole = scripts.serve_plotly(request(scripts.PLOTLY_ROUTE))
    small = scripts.serve_plotly(request(scripts.PLOTLY_ROUTE, "gzip, br"))
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
    assert f".{scripts.PLOTLY_ROUTE}?v={version('plotly')}" == scripts.PLOTLY_URL


@pytest.mark.parametrize(("base", "prefix"), [("", ""), ("some/base", "/some/base"), ("/one/", "/one")])
def test_the_routes_lie_below_the_base_path(base: str, prefix: str) -> None:
    paths = [route.path for route in scripts.routes(base)]
    ours = (scripts.PLOTLY_ROUTE, scripts.MODULE_ROUTE, scripts.FONTS_ROUTE)
    assert paths == [prefix + route for route in ours]


@pytest.mark.parametrize("name", scripts.modules())
def test_a_module_is_served_under_its_version_also_at_a_repeated_attempt(name: str) -> None:
    for asked in (scripts.version(), f"{scripts.version()}.2"):
        reply = scripts.serve_module(request("", version=asked, name=name))
        assert reply.status_code == 200
        assert bytes(reply.body).decode() == scripts.modules()[name]
        assert reply.headers["content-type"].startswith("text/javascript")
        assert "immutable" in reply.headers["cache-control"]


@pytest.mark.parametrize(
    ("asked", "name"), [("old", "chart"), (None, "entry"), (None, "../server"), (None, "x")]
)
def test_another_version_or_file_is_not_found_and_not_cached(asked: str | None, name: str) -> None:
    reply = scripts.serve_module(request("", version=asked or scripts.version(), name=name))
    assert reply.status_code == 404
    assert "immutable" not in reply.headers["cache-control"]


@pytest.mark.parametrize("name", ["chart", "play", "save"])
def test_an_entry_imports_its_module_first_and_all_that_it_needs(name: str) -> None:
    needed = scripts.with_imports(name)
    assert needed[0] == name
    for one in needed:
        imported = re.findall(r'from\s+"([^"]*)"', scripts.modules()[one])
        assert {f"./{other}.js" for other in needed} >= set(imported)
    text = scripts.entry(name)
    assert f"./lossviz/js/{'${version}'}/${{name}}.js" in text
    assert scripts.version() in text
    assert not re.search(r"\b(BASE|VERSION|MODULES)\b", text)


def test_only_one_module_reaches_into_plotlys_insides() -> None:
    inside = re.compile(r"\._[a-z]|calcdata|\bc2p\b|\bp2c\b|\bp2d\b|\.annotation|shapelayer")
    reaching = {name for name, text in scripts.modules().items() if inside.search(text)}
    assert reaching == {"plotly_internals"}


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")
def test_the_unit_tests_of_the_modules_pass() -> None:
    files = sorted(map(str, (ROOT / "tests" / "ui" / "js").glob("*.test.js")))
    assert files
    done = subprocess.run(["node", "--test", *files], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
