"""Hostile addresses, embedding by other sites, uploaded files."""

import gzip
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import torch
from driving import Server, Viewer, serving, until

import lossviz as lv

pytestmark = pytest.mark.browser

KEYS = {
    "/": ("home_step",),
    "/stuck-neuron": ("neuron_view", "neuron_z", "neuron_target", "neuron_half", "neuron_try"),
    "/stuck-neuron?neuron_view=Learning+curve": (
        "neuron_step", "neuron_w", "neuron_b", "neuron_rate", "neuron_own", "neuron_widget",
    ),
    "/stuck-neuron?neuron_view=Escape+time": ("neuron_z0", "neuron_rate"),
    "/two-weights": (
        "weights_view", "weights_step", "weights_model", "weights_optimizer", "weights_rate", "weights_mark",
        "weights_a", "weights_b",
    ),
    "/race?race_step=0": (
        "race_view", "race_measure", "race_data", "race_network", "race_activation", "race_gain",
        "race_losses", "race_optimizer", "race_rate", "race_own", "race_seeds", "race_layers", "race_speed",
        "race_shown", "race_size", "race_noise", "race_rare", "race_wrong", "race_centred", "race_batch",
        "race_schedule", "race_decay", "race_clip",
    ),
}  # fmt: skip
# What is no number is refused by the server: the tests of the pages try that, and more, without a browser.
MARKUP = '"><img src=x onerror="window.harmed=1" class=planted><script>window.harmed=1</script>'


def test_a_hostile_address_shows_the_default_page(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    for path, keys in KEYS.items():
        usual = one.open(path).drawn()
        attack = urlencode(dict.fromkeys(keys, MARKUP), quote_via=quote)
        one.open(f"{path}{'&' if '?' in path else '?'}{attack}")
        assert one.drawn() == usual
        assert one.exceptions() == []
        assert one.page.locator(".planted, [data-testid=stAlert]").count() == 0
        assert one.page.evaluate("window.harmed") is None
        scripts = one.page.evaluate("() => [...document.scripts].map((s) => s.textContent)")
        assert not any("harmed" in text for text in scripts)
    assert one.errors == []


def get(url: str, **headers: str) -> tuple[Message, bytes]:
    _, fields, body = got(url, **headers)
    return fields, body


def got(url: str, **headers: str) -> tuple[int, Message, bytes]:
    """What is answered, and with which status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.parametrize("path", ["/race/x", "/a/b", "/no-such-page", "/race/static/js/none.js"])
def test_an_address_that_is_no_page_says_so_and_leads_home(
    viewer: Callable[..., Viewer], server: Server, path: str
) -> None:
    assert got(f"{server.url}{path}?race_step=10", Accept="text/html")[0] == 404
    one = viewer()
    one.page.goto(f"{server.url}{path}")
    assert "There is no page at this address." in one.page.inner_text("main")
    one.page.get_by_role("link").click()
    one.page.locator(".lossviz-card").first.wait_for()
    until(lambda: one.settled().address == f"{server.url}/")
    one.errors.clear()  # the browser tells of the status 404


def test_pages_files_and_streamlits_own_routes_are_where_they_were(server: Server) -> None:
    status, _, index = got(f"{server.url}/race")
    assert status == 200
    own = re.findall(rb'(?:src|href)="\./([^"]*)"', index)
    assert len(own) > 2
    for path in (*(name.decode() for name in own), "_stcore/health", "_stcore/host-config", "race/"):
        assert got(f"{server.url}/{path}")[0] == 200, path


EVIL = "<a href='https://example.org'>log in again</a> <span style='font-size:999px'>Zq</span> $\\huge Zq$"


@pytest.mark.parametrize("drawn", ["From above", "In relief"])
def test_what_a_file_says_is_words_and_nothing_else(
    viewer: Callable[..., Viewer], tmp_path: Path, drawn: str
) -> None:
    model, data = torch.nn.Linear(2, 1), (torch.zeros(8, 2), torch.zeros(8, 1))
    found = lv.surface(model, torch.nn.functional.mse_loss, data, points=5, progress=False)
    texts = {field.name: EVIL for field in fields(found.facts) if field.type is str}
    replace(found, facts=replace(found.facts, **texts, axes=(EVIL, EVIL))).save(tmp_path / "evil.npz")
    (tmp_path / "![x](y) [log in](z) :smile:.npz").write_bytes(b"not a file of ours")

    one = viewer().open(f"/landscape?{urlencode({'landscape_drawn': drawn, 'landscape_points': '21'})}")
    one.page.get_by_role("tab", name="Network").click()
    one.page.locator("input[type=file]").set_input_files(tmp_path / "evil.npz")
    one.page.get_by_text("log in again").first.wait_for(state="attached")
    one.settled()
    assert (
        one.page.locator("main a[href*=example], .lossviz-chart a, .lossviz-chart [style*='999px']").count()
        == 0
    )
    assert one.page.locator(".lossviz-chart mjx-container, main .katex").filter(has_text="Zq").count() == 0
    until(lambda: "log in again" in (one.chart.get_attribute("aria-label") or ""))
    if drawn == "From above":
        # to be read as it was written
        until(lambda: any("‹a href" in text for text in one.drawn()["texts"]))
    one.page.locator("input[type=file]").set_input_files(tmp_path / "![x](y) [log in](z) :smile:.npz")
    message = one.page.get_by_text("cannot be drawn")
    message.wait_for()
    assert "log in" in message.inner_text()
    assert message.locator("a, img").count() == 0
    assert one.exceptions() == one.errors == []


@pytest.mark.parametrize(
    "path",
    ["/", "/race", "/_stcore/health", "/lossviz/plotly.min.js", "/lossviz/js/x/chart.js", "/no-such-page"],
)
def test_every_response_says_what_may_be_done_with_it(server: Server, path: str) -> None:
    headers, _ = get(f"{server.url}{path}")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert len(headers.get_all("Content-Security-Policy") or ()) == 1


def test_plotly_comes_from_here_gzipped(viewer: Callable[..., Viewer], server: Server) -> None:
    headers, body = get(f"{server.url}/lossviz/plotly.min.js", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert b"plotly.js" in gzip.decompress(body)[:200]
    asked: list[str] = []
    one = viewer(new=True)
    one.page.on("request", lambda request: asked.append(request.url))
    one.open("/stuck-neuron")
    assert sum("/lossviz/plotly.min.js" in url for url in asked) == 1
    own = (server.url, server.url.replace("http", "ws"), "blob:", "data:")
    assert [url for url in asked if not url.startswith(own)] == [], "nothing is loaded from elsewhere"


FRAME = """url => {
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: url, width: 800, height: 700 });
  document.body.append(frame);
}"""


class OtherSite(BaseHTTPRequestHandler):
    """A page of somebody else's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>a site</p>")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), OtherSite) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_site_that_the_setting_names_may_embed_the_app(
    viewer: Callable[..., Viewer], site: str, tmp_path: Path
) -> None:
    lent = serving(tmp_path, LOSSVIZ_FRAME_ANCESTORS=f"'self' {site}")
    try:
        lender = next(lent)
        headers, _ = get(lender.url)
        assert f"frame-ancestors 'self' {site}" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] is None
        outside = viewer()
        outside.page.goto(site)
        outside.page.evaluate(FRAME, f"{lender.url}/stuck-neuron?embed=true")
        inside = outside.page.frame_locator("iframe")
        inside.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    finally:
        lent.close()


def test_another_site_may_not_embed_the_app(viewer: Callable[..., Viewer], server: Server, site: str) -> None:
    outside = viewer()
    outside.page.goto(site)
    outside.page.evaluate(FRAME, server.url)
    until(lambda: outside.page.evaluate("document.readyState") == "complete" and outside.errors)
    assert "frame-ancestors" in " ".join(outside.errors)
    assert outside.page.frame_locator("iframe").locator("[data-testid=stApp]").count() == 0


def test_charts_are_drawn_below_a_base_path(viewer: Callable[..., Viewer], tmp_path: Path) -> None:
    below = serving(tmp_path, base="some/base")
    try:
        one = viewer(new=True)
        one.server = next(below)
        assert one.open("/stuck-neuron").drawn()["traces"]
        assert one.page.locator('[data-testid="stPlotlyChart"]').count() == 0
        assert one.exceptions() == one.errors == []
    finally:
        below.close()
